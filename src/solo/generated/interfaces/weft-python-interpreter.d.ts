// Made by "npm run wit" of wasm/weft.wit; change that.
/** @module Interface weft:python/interpreter@0.1.0 **/
/**
 * Starts Python; before anything else, once.
 */
export function create(options: Options): void;
/**
 * Runs statements in `__main__`.
 */
export function run(code: string): void;
/**
 * The value of an expression, in `__main__`.
 */
export { _eval as eval };
function _eval(code: string): Value;
/**
 * Calls what an expression gives.
 */
export function call(callable: string, positional: Value, keywords: Value): Value;
/**
 * A global of `__main__`.
 */
export function get(name: string): Value;
/**
 * Sets a global of `__main__`.
 */
export function set(name: string, value: Value): void;
/**
 * A whole file.
 */
export function readFile(path: string): Uint8Array;
/**
 * Creates or replaces a file; folders on its way are made.
 */
export function writeFile(path: string, data: Uint8Array): void;
/**
 * Names in a folder.
 */
export function listFolder(path: string): Array<string>;
/**
 * Removes a file, or a folder with all that is in it.
 */
export function remove(path: string): void;
/**
 * Runs `atexit` functions and finalizes. The instance can then only be dropped.
 * @returns the exit status, as that of a program.
 */
export function dispose(): number;
export type Value = import('./weft-python-types.js').Value;
export type Error = import('./weft-python-types.js').Error;
export interface Options {
  /**
   * Environment variables, as `NAME=value`.
   */
  environment: Array<string>,
  /**
   * `sys.argv`; empty means one empty string.
   */
  arguments: Array<string>,
  /**
   * Made where it is missing.
   */
  workingDirectory: string,
}
