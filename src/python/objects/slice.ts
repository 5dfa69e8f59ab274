import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";
import { PyTuple } from "./tuple.js";

/**
 * A `slice`: what stands in `x[start:stop:step]`. It never changes.
 * @example
 * ```js
 * console.log(weft.attach((py) => py.eval("slice(1, 5)").cast(PySlice).repr())); // slice(1, 5, None)
 * ```
 */
export class PySlice extends PyAny {
  static readonly typeName: string = "slice";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    return [typeOfSample(py, py.realm.functions.PySlice_New(py.none, py.none, py.none))];
  }

  /** Its positions in a sequence of this length. */
  indices(length: number): { readonly start: number; readonly stop: number; readonly step: number } {
    using all = this.callMethod("indices", length).castInto(PyTuple);
    const [start, stop, step] = all.toJs() as [number, number, number];
    return { start, stop, step };
  }
}
