import type { Address } from "../../abi/functions.js";
import type { Attached } from "../attached.js";
import { onStack } from "./guest-stack.js";

/** Bytes of a PyCriticalSection in the guest: the section around it, and the lock. */
const SECTION = 8;

/**
 * Calls while this thread holds the object's own lock, the one that CPython's container methods take. Waiting for it
 * detaches, so that the garbage collector need not wait for this thread.
 *
 * The lock is surely held only as long as `call` neither detaches nor blocks nor enters another section that it has
 * to wait for, which a second one of the same object is too: CPython then lets go of it, and takes it again before
 * it goes on.
 *
 * What `call` throws passes through no frame of the guest: begin and end are two calls that have returned.
 */
export function locked<T>(py: Attached, pointer: Address, call: () => T): T {
  const { functions } = py.realm;
  py.realm.requireAttached();
  py.prepare();
  return onStack(py, SECTION, (section) => {
    // `call` may release the reference that the object was found by, and the lock is a part of the object.
    functions.Py_IncRef(pointer);
    functions.PyCriticalSection_Begin(section, pointer);
    try {
      return call();
    } finally {
      // Otherwise the interpreter ended while `call` had detached, and there is nothing left to unlock.
      if (py.realm.attached) {
        functions.PyCriticalSection_End(section);
        functions.Py_DecRef(pointer);
      }
    }
  });
}
