import type { Address } from "../../abi/functions.js";
import { Py } from "../py.js";
import type { Realm } from "../realm.js";
import { guarded } from "./guarded.js";
import { loadedModule } from "./registry.js";

/**
 * The garbage collector asks which references a state of this realm owns. The world may be stopped: nothing of Python's
 * is called, and the realm refuses whatever the author's function tries. When it fails, the state's
 * references count as used from outside, so that nothing dies which is in use.
 */
export function traverseState(realm: Realm, module: number, index: number, id: number, owner: Address, holder: Address): void {
  // Its state may be half changed: somebody has the object alone.
  const references = realm.exclusive.includes(owner) ? [] : realm.visiting(() => named(realm, module, index, id));
  const room = references.length === 0 ? 0 : realm.functions.weft_state_room(holder, references.length);
  if (room === 0) {
    return;
  }
  references.forEach((pointer, i) => {
    realm.memory.setWord(room + 4 * i, pointer);
  });
}

/** Each once: a reference that counts twice would free what it refers to. */
function named(realm: Realm, module: number, index: number, id: number): Address[] {
  const found = new Map<Py, Address>();
  let open = true;
  loadedModule(realm, module).classes[index]!.definition.tracing!.traverse(realm.value(id), (reference) => {
    if (!open) {
      throw new TypeError("visit() is for the time of the traversal only");
    }
    if (reference === undefined) {
      return;
    }
    if (!(reference instanceof Py)) {
      throw new TypeError(`visit() takes owned references (Py), not ${typeof reference}`);
    }
    const pointer = Py.address(reference);
    if (pointer !== 0) {
      found.set(reference, pointer);
    }
  });
  open = false;
  return [...found.values()];
}

/** The garbage collector has found a state of this realm to be garbage: it is to let go of its references. */
export function clearState(realm: Realm, module: number, index: number, id: number): void {
  const { tracing } = loadedModule(realm, module).classes[index]!.definition;
  const done = guarded(realm, (py) => {
    tracing!.clear(realm.value(id), py);
    return 1;
  });
  if (done === 0) {
    realm.functions.PyErr_WriteUnraisable(0);
  }
}
