import type { Address } from "../../abi/functions.js";
import type { Attached, Handle } from "../attached.js";
import type { Realm } from "../realm.js";
import { CriticalSectionError } from "./errors.js";

/** How a critical section is begun. */
export interface CriticalSectionOptions {
  /**
   * Whether a section inside of another one of this thread's may not suspend it: true by default. See
   * `Python.withCriticalSection`.
   */
  readonly checked?: boolean;
}

interface Section {
  readonly address: Address;
  /** Made where the section began, for its stack; not where it is unchecked, as it costs more than the lock. */
  readonly site: Error | undefined;
}

/** What `weft_critical_begin` returns. */
const BEGUN = 0;
const WOULD_WAIT = 2;

/** The sections that each realm's thread is in, innermost last. Only that realm's code has its own. */
const sections = new WeakMap<Realm, Section[]>();

/** The stack without its first lines: the message and our own frames. */
function stack(site: Error | undefined): string {
  return site?.stack?.split("\n").slice(2).join("\n") ?? "    in an unchecked section";
}

/**
 * Runs with the locks of one object or two; see `Python.withCriticalSection`.
 *
 * The section's record is on the guest's stack, where CPython links it into the thread's chain, from the
 * begin to the end.
 */
export function criticalSection<T>(py: Attached, first: Handle, second: Handle | undefined, call: () => T, options: CriticalSectionOptions = {}): T {
  const { realm } = py;
  const { functions } = realm;
  const { checked = true } = options;
  const a = first.pointer;
  const b = second === undefined ? 0 : second.pointer;
  realm.requireAttached();
  py.prepare();
  let open = sections.get(realm);
  if (!open) {
    open = [];
    sections.set(realm, open);
  }
  const site = checked ? new Error("critical section") : undefined;
  const outer = open.at(-1);
  const before = functions.emscripten_stack_get_current();
  // 12 bytes; and references of our own, so that the locks outlive the section.
  const address = functions._emscripten_stack_alloc(16);
  functions.Py_IncRef(a);
  if (b !== 0) {
    functions.Py_IncRef(b);
  }
  let begun: number | undefined;
  let suspended = false;
  let result: T;
  try {
    begun = functions.weft_critical_begin(address, a, b, checked && outer ? 1 : 0);
    if (begun === WOULD_WAIT) {
      throw new CriticalSectionError(
        "a critical section inside of another one would have to wait for its lock and suspend the outer section: use withCriticalSection2() for both objects",
        stack(outer!.site),
        stack(site),
      );
    }
    if (begun === BEGUN) {
      open.push({ address, site });
    }
    result = call();
  } finally {
    if (begun === BEGUN) {
      open.pop();
      // Otherwise the interpreter ended while the thread was detached: its locks were released then.
      if (realm.attachCount > 0) {
        suspended = checked && outer !== undefined && functions.weft_critical_suspended(outer.address) !== 0;
        // Also takes the outer section's locks again where it was suspended.
        functions.weft_critical_end(address);
      }
    }
    functions._emscripten_stack_restore(before);
    realm.release(a);
    if (b !== 0) {
      realm.release(b);
    }
  }
  if (suspended) {
    throw new CriticalSectionError(
      "a critical section was suspended while another one inside of it ran, because the thread was detached (it waited, or was stopped for garbage collection): others may have used the outer object",
      stack(outer!.site),
      stack(site),
    );
  }
  return result;
}
