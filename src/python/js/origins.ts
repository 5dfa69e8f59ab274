import type { PyAny } from "../any.js";
import type { Py } from "../py.js";

/** The Python callables behind functions: Python gets them back in the functions' place. */
const origins = new WeakMap<object, () => Py<PyAny>>();

/** @param callable throws when the callable may not be used any more. */
export function setOrigin(func: object, callable: () => Py<PyAny>): void {
  origins.set(func, callable);
}

/** The callable that a function stands for, if it does for one. */
export function originOf(func: object): Py<PyAny> | undefined {
  return origins.get(func)?.();
}
