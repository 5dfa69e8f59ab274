import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";

function typeNamed(py: Attached, name: string): Address {
  using module = new PyAny(py, py.importModule("types"));
  return module.getAttr(name).leak();
}

/**
 * A function that was defined in Python.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("lambda x: x + 1").cast(PyFunction).call(1).toJs())); // 2
 * ```
 */
export class PyFunction extends PyAny {
  static readonly typeName: string = "function";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "FunctionType")];
  }
}

/**
 * A function or method that was defined in C: `len`, `[].append`.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.builtin("len").cast(PyBuiltinFunction).call([1, 2]).toJs())); // 2
 * ```
 */
export class PyBuiltinFunction extends PyAny {
  static readonly typeName: string = "builtin_function_or_method";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeNamed(py, "BuiltinFunctionType")];
  }
}
