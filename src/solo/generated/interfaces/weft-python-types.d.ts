// Made by "npm run wit" of wasm/weft.wit; change that.
/** @module Interface weft:python/types@0.1.0 **/
/**
 * One node of a value. Containers are followed by what is in them.
 */
export type Node = NodeNone | NodeBoolean | NodeInt | NodeBigInt | NodeFloat | NodeText | NodeBytes | NodeSequence | NodeTuple | NodeSet | NodeMapping | NodeFunction;
export interface NodeNone {
  tag: 'none',
}
export interface NodeBoolean {
  tag: 'boolean',
  val: boolean,
}
/**
 * An integer of at most 64 bits.
 */
export interface NodeInt {
  tag: 'int',
  val: bigint,
}
/**
 * Any other integer, in hexadecimal digits with an optional `-` in front.
 */
export interface NodeBigInt {
  tag: 'big-int',
  val: string,
}
export interface NodeFloat {
  tag: 'float',
  val: number,
}
/**
 * A string; lone surrogates have the form that Python's `backslashreplace` gives them.
 */
export interface NodeText {
  tag: 'text',
  val: string,
}
export interface NodeBytes {
  tag: 'bytes',
  val: Uint8Array,
}
/**
 * A list with this many items, which follow.
 */
export interface NodeSequence {
  tag: 'sequence',
  val: number,
}
/**
 * As `sequence`, a tuple.
 */
export interface NodeTuple {
  tag: 'tuple',
  val: number,
}
/**
 * As `sequence`, a set or frozenset.
 */
export interface NodeSet {
  tag: 'set',
  val: number,
}
/**
 * A dict with this many entries: a key, its value, the next key ...
 */
export interface NodeMapping {
  tag: 'mapping',
  val: number,
}
/**
 * Towards Python: a callable that calls `host.call` with this number.
 */
export interface NodeFunction {
  tag: 'function',
  val: number,
}
/**
 * A value: a node with all that is in it, in the order of reading. Never empty.
 */
export type Value = Array<Node>;
/**
 * One exception.
 */
export interface Raised {
  /**
   * Name of the type: `ValueError`, `json.decoder.JSONDecodeError`.
   */
  typeName: string,
  /**
   * What `str()` gives.
   */
  message: string,
  /**
   * As Python prints it, without causes.
   */
  traceback: string,
}
/**
 * What ended a call: the exception, then its cause, that one's cause ...
 */
export type Error = Array<Raised>;
