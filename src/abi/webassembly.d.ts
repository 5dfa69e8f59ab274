/**
 * The part of the engine's WebAssembly API that Weft uses. Neither the language's
 * library nor Node's types declare it, and the DOM's must not be visible here.
 */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBufferLike;
    grow(pages: number): number;
  }
  /** Sizes in pages of 64 KiB. @throws RangeError when there is no such room. */
  const Memory: new (descriptor: { initial: number; maximum: number; shared: boolean }) => Memory;
  type Imports = Record<string, Record<string, unknown>>;
  type Exports = Record<string, unknown>;
  interface Instance {
    readonly exports: Exports;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
  /** Not in Node's main realm by itself; compiles while the response's body arrives. */
  function compileStreaming(response: Response | Promise<Response>): Promise<Module>;
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}
