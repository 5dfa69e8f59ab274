import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { CONTAINERS, toJs, type Reader, type Reading } from "../convert.js";
import { Py, type BoundClass } from "../py.js";
import { RawFunction, type Python } from "../python.js";
import type { Realm } from "../realm.js";

/** How Python callables become functions. */
export interface FunctionMaker {
  /** For an object that `weft.create_proxy()` made. */
  proxied(realm: Realm, pointer: Address, throws: boolean): unknown;
  /** For any other callable; without it, JavaScript gets an owned reference. */
  borrowed?(realm: Realm, pointer: Address): unknown;
}

/** Reads containers down to a depth only; what is below is handled as any other object. */
function limited(readers: ReadonlyMap<Address, Reader>, depth: number): ReadonlyMap<Address, Reader> {
  let left = depth;
  return new Map(
    [...readers].map(([type, reader]) => [
      type,
      CONTAINERS.has(reader)
        ? (reading: Reading, pointer: Address): unknown => {
            if (left === 0) {
              return reading.other(pointer);
            }
            left--;
            try {
              return reader(reading, pointer);
            } finally {
              left++;
            }
          }
        : reader,
    ]),
  );
}

/**
 * Converts Python objects for JavaScript code that does not know of Weft: as {@link toJs} does, but proxies
 * of this realm's values become those, and callables functions. One instance for what belongs to one call: an
 * object that is in it twice is so in JavaScript too.
 */
export class Values implements Reading {
  readonly py: Python;
  readonly readers: Reading["readers"];
  readonly #maker: FunctionMaker;
  #seen: Map<Address, unknown> | undefined;

  /** @param depth of containers; below 0 to the bottom. */
  constructor(py: Python, maker: FunctionMaker, depth = -1) {
    this.py = py;
    this.readers = depth < 0 ? py.readers : limited(py.readers, depth);
    this.#maker = maker;
  }

  /** Only containers need it. */
  get seen(): Map<Address, unknown> {
    return (this.#seen ??= new Map());
  }

  /** The caller's reference keeps the object until this instance is not used any more. */
  read(pointer: Address): unknown {
    return toJs(this, pointer);
  }

  /** What is no builtin value. */
  other(pointer: Address): unknown {
    const { py } = this;
    const { realm } = py;
    const { functions } = realm;
    if (pointer === py.none) {
      return undefined;
    }
    const id = functions.weft_js_proxy_id(pointer);
    if (id >= 0) {
      const value = realm.value(id);
      return value instanceof RawFunction ? value.call : value;
    }
    const throws = functions.weft_callable_throws(pointer);
    if (throws >= 0) {
      return this.#maker.proxied(realm, pointer, throws !== 0);
    }
    if (this.#maker.borrowed && functions.PyCallable_Check(pointer) !== 0) {
      return this.#maker.borrowed(realm, pointer);
    }
    functions.Py_IncRef(pointer);
    return new Py(realm, pointer, PyAny as unknown as BoundClass<PyAny>);
  }
}
