import type { Address } from "../../abi/functions.js";
import { bound, boundAs, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { PyDict } from "./dict.js";

/**
 * A module.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("json").cast(PyModule).name())); // json
 * ```
 */
export class PyModule extends PyAny {
  static readonly typeName: string = "module";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.importModule("builtins"))];
  }

  /** A new, empty module. It is not put into `sys.modules`. */
  static create(py: Attached, name: string): PyModule {
    return boundAs(PyModule, py, py.realm.functions.PyModule_NewObject(py.from(name).pointer));
  }

  /** `module.__name__` */
  name(): string {
    using text = bound(this.py, this.py.realm.functions.PyModule_GetNameObject(this.pointer));
    return this.py.text(text.pointer);
  }

  /** The dict of its attributes. */
  dict(): PyDict {
    const { functions } = this.py.realm;
    // Borrowed from the module, which keeps one dict for its whole life.
    const dict = functions.PyModule_GetDict(this.pointer);
    functions.Py_IncRef(dict);
    return new PyDict(this.py, dict);
  }
}
