import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { DetachedError } from "../lifecycle.js";
import { Py, type BoundClass } from "../py.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { setOrigin } from "./origins.js";
import { toPythonReference } from "./to-python.js";
import { Values, type FunctionMaker } from "./values.js";

type AnyFunction = (...values: unknown[]) => unknown;
type Functions = Map<Address, WeakRef<AnyFunction>>;

/** The functions for objects that `weft.create_proxy()` made, by the object's address, while somebody has them. */
const proxied = new WeakMap<Realm, Functions>();

const collected = new FinalizationRegistry<{ readonly functions: Functions; readonly pointer: Address }>(({ functions, pointer }) => {
  // Another function may have come to its address meanwhile.
  if (functions.get(pointer)?.deref() === undefined) {
    functions.delete(pointer);
  }
});

function own(realm: Realm, pointer: Address): Py<PyAny> {
  realm.functions.Py_IncRef(pointer);
  return new Py(realm, pointer, PyAny as unknown as BoundClass<PyAny>);
}

/**
 * Calls a Python callable from JavaScript, on the thread of this realm.
 *
 * Below a call of Python's, and in a function that a thread of the host's runs, its exception is thrown. The
 * event loop has nobody to catch it: there it goes to `sys.unraisablehook`, unless `throws` is set.
 */
function call(realm: Realm, callable: () => Py<PyAny>, values: readonly unknown[], throws: boolean): unknown {
  if (realm.functions.weft_thread_present() === 0) {
    throw new DetachedError("a Python function was called in a worker on which no Python thread runs any more");
  }
  const catches = throws || realm.inCall;
  return realm.attach(() => {
    const py = new Python(realm);
    const bound = callable().bind(py);
    try {
      const result = bound.call(...values.map((value) => new PyAny(py, toPythonReference(py, value))));
      return new Values(py, PROXIED).read(result.pointer);
    } catch (error) {
      if (catches) {
        throw error;
      }
      py.writeUnraisable(error, bound);
      return undefined;
    }
  });
}

const kept = new WeakSet<object>();

/** Whether a function is one that JavaScript may keep. */
export function isKept(func: object): boolean {
  return kept.has(func);
}

/** The function for an object that `weft.create_proxy()` made: the same one each time while somebody has it. */
function proxiedFunction(realm: Realm, pointer: Address, throws: boolean): AnyFunction {
  let functions = proxied.get(realm);
  if (functions === undefined) {
    functions = new Map();
    proxied.set(realm, functions);
  }
  const known = functions.get(pointer)?.deref();
  if (known) {
    return known;
  }
  // Keeps the object, and with it its address, until the function is collected.
  const held = own(realm, pointer);
  const callable = (): Py<PyAny> => held;
  const func: AnyFunction = (...values) => call(realm, callable, values, throws);
  setOrigin(func, callable);
  kept.add(func);
  functions.set(pointer, new WeakRef(func));
  collected.register(func, { functions, pointer });
  return func;
}

const PROXIED: FunctionMaker = { proxied: proxiedFunction };

/**
 * Python callables as functions for the time of one call of JavaScript's. Those of `weft.create_proxy()` live
 * longer.
 */
export class CallFunctions implements FunctionMaker {
  readonly proxied = proxiedFunction;
  /** Most calls pass none. */
  #held: Py<PyAny>[] | undefined;
  #ended = false;

  borrowed(realm: Realm, pointer: Address): AnyFunction {
    const held = own(realm, pointer);
    (this.#held ??= []).push(held);
    const callable = (): Py<PyAny> => {
      if (this.#ended) {
        throw new DetachedError(
          "this Python function was passed for the time of one call, which has ended: pass weft.create_proxy(function) to keep it",
        );
      }
      return held;
    };
    const func: AnyFunction = (...values) => {
      callable();
      return call(realm, callable, values, true);
    };
    setOrigin(func, callable);
    return func;
  }

  /** Calling the functions is an error from now on. */
  end(): void {
    this.#ended = true;
    this.#held?.forEach((held) => {
      held.drop();
    });
    this.#held = undefined;
  }
}
