import type { Address } from "../../abi/functions.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";

/**
 * Runs what Python calls on this thread. What it throws becomes Python's pending exception and the null
 * pointer is returned: no JavaScript exception ever crosses wasm frames.
 * @param call returns a new reference.
 */
export function guarded(realm: Realm, call: (py: Python) => Address): Address {
  const { functions } = realm;
  let result: Address = 0;
  let raised: Address = 0;
  realm.entered(() => {
    const py = new Python(realm);
    try {
      result = call(py);
    } catch (error) {
      try {
        py.raise(error);
      } catch {
        // Making an exception takes memory and a little stack.
        functions.PyErr_NoMemory();
      }
      // Set again after the scope's end, which may run destructors.
      raised = functions.PyErr_GetRaisedException();
    }
  });
  if (raised !== 0) {
    functions.PyErr_SetRaisedException(raised);
  }
  return result;
}
