import type { Address } from "../../abi/functions.js";
import { bound, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { PyBytes } from "./bytes.js";
import { onStack } from "./guest-stack.js";

/**
 * A `str`: it never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("'text'").cast(PyString).toJs())); // text
 * ```
 */
export class PyString extends PyAny {
  static readonly typeName: string = "str";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.Py_GetConstant(7))];
  }

  /** `len(x)`: code points, not JavaScript's 16-bit units. */
  override length(): number {
    return this.py.size(this.py.realm.functions.PyUnicode_GetLength(this.pointer));
  }

  /** The text. It is the object's own, whatever `__str__` of a subclass says. */
  value(): string {
    return this.py.text(this.pointer);
  }

  /** `str.encode(x, encoding, errors)` */
  encode(encoding = "utf-8", errors = "strict"): PyBytes {
    return this.callMethod("encode", encoding, errors).castInto(PyBytes);
  }

  /**
   * The interpreter's one object for this text: equal interned texts are the same object, in all threads. It lives as
   * long as somebody refers to it.
   */
  intern(): PyString {
    const { pointer, py } = this;
    const { functions, memory } = py.realm;
    return onStack(py, 16, (place) => {
      // The call takes this reference over and puts one to the interned object in its place.
      functions.Py_IncRef(pointer);
      memory.setWord(place, pointer);
      functions.PyUnicode_InternInPlace(place);
      return bound(py, memory.word(place)).castInto(PyString);
    });
  }
}
