import type { Address } from "../../abi/functions.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";

/**
 * What is thrown where Python's own error is pending and goes back to Python as it is. An error of JavaScript's would keep
 * the exception, and all that its traceback refers to, until JavaScript's collector comes.
 */
export const LEFT_PENDING = Symbol("Python's error is pending");

/**
 * Runs what Python calls on this thread. What it throws becomes Python's pending exception and the null
 * pointer is returned: no JavaScript exception ever crosses wasm frames.
 * @param call returns a new reference.
 */
export function guarded(realm: Realm, call: (py: Python) => Address): Address {
  const outer = realm.scope;
  const inner = realm.beginCall();
  let result: Address = 0;
  let raised: Address = 0;
  try {
    result = call(new Python(realm));
  } catch (error) {
    raised = exceptionFor(realm, error);
  } finally {
    realm.endCall(inner, outer);
  }
  return raised === 0 ? result : pending(realm, raised);
}

/**
 * A new reference to the exception for what JavaScript threw. It is kept apart until the call's scope has
 * ended, since that may run destructors.
 */
export function exceptionFor(realm: Realm, error: unknown): Address {
  const { functions } = realm;
  if (error === LEFT_PENDING) {
    return functions.PyErr_GetRaisedException();
  }
  try {
    new Python(realm).raise(error);
  } catch {
    // Making an exception takes memory and a little stack.
    functions.PyErr_NoMemory();
  }
  return functions.PyErr_GetRaisedException();
}

/** Makes an exception the pending one: what a call that failed returns. */
export function pending(realm: Realm, exception: Address): 0 {
  realm.functions.PyErr_SetRaisedException(exception);
  return 0;
}
