import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/**
 * `True` or `False`. In Python they are ints too: `cast(PyInt)` works.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("1 < 2", py.dict()).cast(PyBool).toJs())); // true
 * ```
 */
export class PyBool extends PyAny {
  static readonly typeName: string = "bool";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.Py_GetConstant(2))];
  }

  value(): boolean {
    return this.truthy();
  }
}
