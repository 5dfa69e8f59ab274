import type { Address } from "../abi/functions.js";
import type { Realm } from "./realm.js";

/** What belongs to its thread has under this what an error says when somebody sends it to another one. */
export const STAYS = Symbol("stays on its thread");

/** Something with an object's address: a bound reference. */
export interface Handle {
  readonly pointer: Address;
}

/**
 * What bound references need of the token that they were made with. The token itself is `Python`, in
 * the layer above them.
 */
export interface Attached {
  readonly realm: Realm;
  /** The address of `None`, which is immortal. */
  readonly none: Address;
  /**
   * Makes what this realm keeps between attachments, where it has not: that runs Python code, which may detach the thread and
   * so must not happen under an object's lock.
   */
  prepare(): void;
  /** A JavaScript value as a Python object, owned by the current scope; handles are returned as they are. */
  from(value: unknown): Handle;
  /** The interned `str` of a name. Valid as long as the interpreter. */
  interned(name: string): Address;
  /** A new reference to a module. */
  importModule(name: string): Address;
  /** Throws the pending error when a call returned -1. */
  check(status: number): void;
  /** The same for calls that return 0 or 1. */
  truth(status: number): boolean;
  /** The same for calls that return a size. */
  size(value: number): number;
  /** The text of a `str`. */
  text(pointer: Address): string;
  /** Throws the error that a call left. */
  throwPending(): never;
  /** Throws the error that a call left, if there is one. */
  throwIfPending(): void;
  /** Calls, and returns a new reference. */
  call(callable: Handle, positional: readonly unknown[], keywords?: Readonly<Record<string, unknown>>): Address;
  /** Calls a method, and returns a new reference. */
  callMethod(object: Handle, name: string, positional: readonly unknown[]): Address;
  /**
   * Calls with a place for a result. When `call` returns 1, the new reference from there; when 0, the
   * null pointer; at -1 the pending error is thrown.
   */
  optional(call: (place: Address) => number): Address;
  /** The value as JavaScript has it. */
  toJs(object: Handle): unknown;
}
