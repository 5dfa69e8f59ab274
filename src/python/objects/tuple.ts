import type { Address } from "../../abi/functions.js";
import { boundAs, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { fromFront } from "./position.js";

/**
 * A `tuple`: it never changes. Its methods do not call those of a subclass.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.tuple([1, "two"]).repr())); // (1, 'two')
 * ```
 */
export class PyTuple extends PyAny {
  static readonly typeName: string = "tuple";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PyTuple_New(0))];
  }

  /** `len(x)` */
  override length(): number {
    return this.py.size(this.py.realm.functions.PyTuple_Size(this.pointer));
  }

  /** The item at `index`, counted from the end when negative; `undefined` outside of the tuple. */
  at(index: number): PyAny | undefined {
    const { functions } = this.py.realm;
    const { pointer } = this;
    const length = this.length();
    const at = fromFront(index, length);
    if (at < 0 || at >= length) {
      return undefined;
    }
    // Borrowed from the tuple, which keeps it: our own reference keeps the tuple.
    const item = functions.PyTuple_GetItem(pointer, at);
    functions.Py_IncRef(item);
    return new PyAny(this.py, item);
  }

  /** A tuple of the items from `start` to before `stop`. */
  slice(start = 0, stop = Infinity): PyTuple {
    const length = this.length();
    return boundAs(PyTuple, this.py, this.py.realm.functions.PyTuple_GetSlice(this.pointer, fromFront(start, length), fromFront(stop, length)));
  }

  /** The items one after the other. */
  override *[Symbol.iterator](): Generator<PyAny, void, undefined> {
    for (let i = 0; ; i++) {
      const item = this.at(i);
      if (item === undefined) {
        return;
      }
      yield item;
    }
  }
}
