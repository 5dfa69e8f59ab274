/**
 * A JavaScript value that has no counterpart in Python, or the other way round; an object of another
 * Python type than the one that was asked for.
 * @example
 * ```js
 * try {
 *   weft.attach((py) => py.from(Symbol("none")));
 * } catch (error) {
 *   console.log(error instanceof ConversionError); // true
 * }
 * ```
 */
export class ConversionError extends TypeError {
  override readonly name: string = "ConversionError";
}
