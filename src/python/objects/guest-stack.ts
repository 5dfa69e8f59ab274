import type { Address } from "../../abi/functions.js";
import type { Attached } from "../attached.js";

/**
 * Calls with the address of `size` bytes on this thread's stack in the guest, which are free again afterwards. Unlike
 * scratch memory they stay the caller's while the call runs Python code.
 */
export function onStack<T>(py: Attached, size: number, call: (address: Address) => T): T {
  const { functions } = py.realm;
  const before = functions.emscripten_stack_get_current();
  const address = functions._emscripten_stack_alloc(size);
  try {
    return call(address);
  } finally {
    functions._emscripten_stack_restore(before);
  }
}
