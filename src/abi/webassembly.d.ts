/**
 * The part of the engine's WebAssembly API that Weft uses. Neither the language's
 * library nor Node's types declare it, and the DOM's must not be visible here.
 */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBufferLike;
  }
  type Imports = Record<string, Record<string, unknown>>;
  type Exports = Record<string, unknown>;
  interface Instance {
    readonly exports: Exports;
  }
  interface Module {
    readonly [Symbol.toStringTag]: string;
  }
  function compile(bytes: ArrayBufferView | ArrayBuffer): Promise<Module>;
  function instantiate(module: Module, imports: Imports): Promise<Instance>;
}
