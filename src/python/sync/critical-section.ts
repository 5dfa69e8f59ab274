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

/** What `weft_critical_begin` returns. */
const BEGUN = 0;
const WOULD_WAIT = 2;

/** Records of the sections that each realm's thread is in, innermost last. Only that realm's code has its own. */
const sections = new WeakMap<Realm, Address[]>();

/**
 * Where this thread's innermost section was begun, and where the one around it. A section lasts as long as a call, so both are on the
 * stack of this moment, and no section that succeeds pays for a record.
 */
function sites(): { readonly outer: string; readonly inner: string } {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const lines = (new Error().stack ?? "").split("\n");
  Error.stackTraceLimit = limit;
  const [inner = 0, outer = lines.length] = lines.flatMap((line, i) => (line.includes(criticalSection.name) ? [i] : []));
  // Each without our own frame, which JavaScriptCore leaves out: its last act is a call.
  const from = (at: number): string => lines.slice(/\bwithCriticalSection2?\b/.test(lines[at + 1] ?? "") ? at + 2 : at + 1).join("\n");
  return { outer: from(outer), inner: from(inner) };
}

function broken(message: string): CriticalSectionError {
  const { outer, inner } = sites();
  return new CriticalSectionError(message, outer, inner);
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
      throw broken("a critical section inside of another one would have to wait for its lock and suspend the outer section: use withCriticalSection2() for both objects");
    }
    if (begun === BEGUN) {
      open.push(address);
    }
    result = call();
  } finally {
    if (begun === BEGUN) {
      open.pop();
      // Otherwise the interpreter ended while the thread was detached: its locks were released then.
      if (realm.attachCount > 0) {
        suspended = checked && outer !== undefined && functions.weft_critical_suspended(outer) !== 0;
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
    throw broken(
      "a critical section was suspended while another one inside of it ran, because the thread was detached (it waited, or was stopped for garbage collection): others may have used the outer object",
    );
  }
  return result;
}
