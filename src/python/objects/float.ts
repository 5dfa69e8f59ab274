import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/**
 * A `float`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("1 / 4").cast(PyFloat).toJs())); // 0.25
 * ```
 */
export class PyFloat extends PyAny {
  static readonly typeName: string = "float";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyFloat_FromDouble(0))];
  }

  /** The same number: Python's floats are JavaScript's. */
  value(): number {
    return this.py.realm.functions.PyFloat_AsDouble(this.pointer);
  }
}
