import type { Address } from "../../abi/functions.js";
import { bound, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { PyTuple } from "./tuple.js";

/**
 * A `type`: a class in Python.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.builtin("int").cast(PyType).name())); // int
 * ```
 */
export class PyType extends PyAny {
  static readonly typeName: string = "type";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyObject_Type(py.none))];
  }

  #text(getter: "PyType_GetName" | "PyType_GetQualName" | "PyType_GetFullyQualifiedName"): string {
    using text = bound(this.py, this.py.realm.functions[getter](this.pointer));
    return this.py.text(text.pointer);
  }

  /** Its name: `Inner`. */
  name(): string {
    return this.#text("PyType_GetName");
  }

  /** Its name with what it was defined in: `Outer.Inner`. */
  qualifiedName(): string {
    return this.#text("PyType_GetQualName");
  }

  /** The same with its module, unless that is `builtins` or `__main__`. */
  fullName(): string {
    return this.#text("PyType_GetFullyQualifiedName");
  }

  /** Whether it is the other type or was derived from it; `__subclasscheck__` is not asked. */
  isSubtypeOf(other: PyType): boolean {
    return this.py.realm.functions.PyType_IsSubtype(this.pointer, other.pointer) !== 0;
  }

  /** The types where attributes are looked up, in this order. */
  mro(): PyTuple {
    return this.getAttr("__mro__").castInto(PyTuple);
  }

  /** The types that it was derived from. */
  bases(): PyTuple {
    return this.getAttr("__bases__").castInto(PyTuple);
  }
}
