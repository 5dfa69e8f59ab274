import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/**
 * A `complex`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("1 + 2j").cast(PyComplex).value().imag)); // 2
 * ```
 */
export class PyComplex extends PyAny {
  static readonly typeName: string = "complex";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyComplex_FromDoubles(0, 0))];
  }

  value(): { readonly real: number; readonly imag: number } {
    const { functions } = this.py.realm;
    const { pointer } = this;
    return { real: functions.PyComplex_RealAsDouble(pointer), imag: functions.PyComplex_ImagAsDouble(pointer) };
  }
}
