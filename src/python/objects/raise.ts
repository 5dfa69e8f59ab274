import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";

/** Throws a builtin exception as a PyErr. */
export function throwBuiltin(py: Attached, type: string, text: string): never {
  using builtins = new PyAny(py, py.importModule("builtins"));
  using cls = builtins.getAttr(type);
  py.realm.functions.PyErr_SetRaisedException(cls.call(text).leak());
  py.throwPending();
}
