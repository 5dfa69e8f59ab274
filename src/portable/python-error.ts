/**
 * An exception of Python's that ended a call of a portable interpreter. A host function that throws one with the name of a builtin
 * exception raises that in Python.
 * @example
 * ```js
 * const python = await loadWeft({ profile: "auto" });
 * const error = await python.eval("{}['key']").catch((error) => error);
 * console.log(error instanceof PythonError, error.typeName, error.text); // true KeyError 'key'
 * await python.dispose();
 * ```
 */
export class PythonError extends Error {
  override readonly name = "PythonError";
  /** `ValueError`; types that are not builtins have their module in front. */
  readonly typeName: string;
  /** What `str()` gives for the exception. */
  readonly text: string;
  /** As Python prints it, without causes: those are in `cause`. */
  readonly traceback: string;

  constructor(typeName: string, text = "", traceback = "", cause?: PythonError) {
    super(text === "" ? typeName : `${typeName}: ${text}`, cause === undefined ? {} : { cause });
    this.typeName = typeName;
    this.text = text;
    this.traceback = traceback;
  }
}
