// Made by "npm run wit" of wasm/weft.wit; change that.
/** @module Interface weft:python/host@0.1.0 **/
/**
 * Python code calls a function of the host's.
 * @param positional a sequence. @param keywords a mapping.
 */
export function call(function_: number, positional: Value, keywords: Value): Value;
/**
 * Python code has no use any more for a function of the host's.
 */
export function release(function_: number): void;
/**
 * Whether the program shall be interrupted. Asked every few milliseconds while Python code runs; true only once.
 */
export function interrupted(): boolean;
/**
 * Stands still for so many nanoseconds.
 */
export function sleep(nanoseconds: bigint): Wait;
export type Value = import('./weft-python-types.js').Value;
export type Error = import('./weft-python-types.js').Error;
/**
 * # Variants
 *
 * ## `"done"`
 *
 * The time has passed.
 * ## `"interrupted"`
 *
 * Something else shall happen first: the program looks for interrupts.
 * ## `"impossible"`
 *
 * This host cannot wait.
 */
export type Wait = 'done' | 'interrupted' | 'impossible';
