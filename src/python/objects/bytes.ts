import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { copyOut } from "../shared-copy.js";
import { locked } from "./locked.js";

/**
 * A `bytes`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => [...py.eval("b'ab'").cast(PyBytes).toJs()].join())); // 97,98
 * ```
 */
export class PyBytes extends PyAny {
  static readonly typeName: string = "bytes";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.Py_GetConstant(8))];
  }

  /** `len(x)` */
  override length(): number {
    return this.py.size(this.py.realm.functions.PyBytes_Size(this.pointer));
  }

  /** A copy of the bytes. */
  value(): Uint8Array {
    const { functions, memory } = this.py.realm;
    const { pointer } = this;
    return copyOut(memory.bytes(functions.PyBytes_AsString(pointer), this.length()));
  }
}

/**
 * A `bytearray`. Python 3.13 itself does not guard it: threads that resize one while others use it, and be it in Python
 * code, need a lock of their own.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("bytearray(b'ab')").cast(PyByteArray).length())); // 2
 * ```
 */
export class PyByteArray extends PyAny {
  static readonly typeName: string = "bytearray";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyByteArray_FromStringAndSize(0, 0))];
  }

  /** A copy of the bytes, under the object's lock. */
  value(): Uint8Array {
    const { functions, memory } = this.py.realm;
    const { pointer } = this;
    return locked(this.py, pointer, () => copyOut(memory.bytes(functions.PyByteArray_AsString(pointer), functions.PyObject_Length(pointer))));
  }
}
