import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/**
 * An `int`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("2 ** 70").cast(PyInt).toJs())); // 1180591620717411303424n
 * ```
 */
export class PyInt extends PyAny {
  static readonly typeName: string = "int";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.Py_GetConstant(5))];
  }

  /** A number where that is exact, and else a bigint. */
  value(): number | bigint {
    if (this.exactInstanceOf(PyInt)) {
      return this.toJs() as number | bigint;
    }
    // A subclass, bool among them: int's own `0 | x` gives a plain int, without a method of the subclass.
    using zero = new PyInt(this.py, this.py.realm.functions.Py_GetConstant(5));
    using plain = new PyAny(this.py, this.py.callMethod(zero, "__or__", [this]));
    return plain.toJs() as number | bigint;
  }

  /** The value as a bigint, whatever its size. */
  bigint(): bigint {
    return BigInt(this.value());
  }
}
