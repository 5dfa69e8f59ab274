/**
 * A JavaScript value that has no counterpart in Python, or the other way round; an object of another
 * Python type than the one that was asked for.
 */
export class ConversionError extends TypeError {
  override readonly name: string = "ConversionError";
}
