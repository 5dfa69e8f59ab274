/** A value on its way between Python's realm and the page. */
export type Wire =
  /** What the browser copies. */
  | { readonly t: "value"; readonly value: unknown }
  /** A value of the page's, by its number. */
  | { readonly t: "ref"; readonly id: number; readonly kind: "object" | "function" | "promise" }
  /** A function of Python's that the page keeps, by its number. */
  | { readonly t: "function"; readonly id: number }
  | { readonly t: "list"; readonly items: readonly Wire[] }
  | { readonly t: "record"; readonly entries: readonly (readonly [string, Wire])[] }
  /** A function with the object that it was got from. */
  | { readonly t: "method"; readonly func: Wire; readonly self: Wire }
  | { readonly t: "copied"; readonly value: Wire; readonly depth: number }
  | { readonly t: "nothing" };

/** An error as its text; `python` is the exception that Python expects, with its argument. */
export type WireError =
  | { readonly python: "AttributeError" | "IndexError" | "KeyError" | "TypeError"; readonly argument: unknown }
  | { readonly name: string; readonly message: string; readonly stack: string | undefined };

/** From Python's realm to the page. */
export type ToPage =
  | { readonly kind: "ask"; readonly ask: number; readonly operation: number; readonly target: number; readonly self: Wire; readonly values: readonly Wire[] }
  /** So many references to a value have gone. */
  | { readonly kind: "forget"; readonly id: number; readonly count: number };

/** From the page to Python's realm. */
export type FromPage =
  | { readonly kind: "answer"; readonly ask: number; readonly value: Wire }
  | { readonly kind: "failed"; readonly ask: number; readonly error: WireError }
  | { readonly kind: "settled"; readonly id: number; readonly value: Wire }
  | { readonly kind: "rejected"; readonly id: number; readonly error: WireError }
  /** The page calls a function, and does not wait. */
  | { readonly kind: "call"; readonly id: number; readonly values: readonly Wire[] }
  /** The page has let go of a function that had come so many times. */
  | { readonly kind: "drop"; readonly id: number; readonly count: number };

/** The number of the page's own service, which is never forgotten. */
export const ROOT = 1;

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A `MessagePort`, as the two sides of the bridge use it. */
export interface PagePort {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  onmessage: ((event: never) => void) | null;
  close(): void;
}
