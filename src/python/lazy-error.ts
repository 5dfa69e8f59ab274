import type { Attached } from "./attached.js";
import { PyErr, type ErrorParts } from "./errors.js";
import type { Python } from "./python.js";

/**
 * A Python exception that is made only when somebody looks at it, or Python raises it. Needs no attached
 * thread. `build` runs at most once, attached, on this thread; it may detach. What it throws: see
 * {@link PyErr}.
 * @param text the error's message until then.
 * @example
 * ```js
 * const error = lazyError((py) => ({ type: py.builtin("ValueError"), values: ["made when needed"] }));
 * console.log(weft.attach((py) => error.value(py).str())); // made when needed
 * ```
 */
export function lazyError(build: (py: Python) => ErrorParts, text = "a Python exception that has not been made yet"): PyErr {
  // Every token is a Python.
  return new PyErr("", text, build as (py: Attached) => ErrorParts);
}
