import type { Address } from "../../abi/functions.js";
import { CONSTANTS, offsetOf, STRUCTS } from "../../abi/layout.js";
import { readFrames, type ObservedFrame } from "./frames.js";
import { GuestView } from "./guest-view.js";

/** What a thread waits for, as C tells it (wasm/include/weft_wait.h). */
export type WaitKind = "lock" | "sleep" | "read" | "write" | "poll" | "host" | "world" | "turn" | "mutex";

const WAITS: Readonly<Record<number, WaitKind>> = {
  [CONSTANTS.WEFT_WAIT_LOCK]: "lock",
  [CONSTANTS.WEFT_WAIT_SLEEP]: "sleep",
  [CONSTANTS.WEFT_WAIT_READ]: "read",
  [CONSTANTS.WEFT_WAIT_WRITE]: "write",
  [CONSTANTS.WEFT_WAIT_POLL]: "poll",
  [CONSTANTS.WEFT_WAIT_HOST]: "host",
  [CONSTANTS.WEFT_WAIT_WORLD]: "world",
  [CONSTANTS.WEFT_WAIT_TURN]: "turn",
  [CONSTANTS.WEFT_WAIT_MUTEX]: "mutex",
};

/** One thread at one moment. */
export interface ObservedThread {
  /** As `threading.get_ident()` gives it. */
  readonly ident: number;
  /** Whether it may touch Python objects now: attached, detached, or stopped by another thread. */
  readonly attachment: "attached" | "detached" | "suspended" | "none";
  /** What it is blocked on; nothing while it runs. */
  readonly wait: WaitKind | undefined;
  /** Address or file descriptor that it waits for; 0 without. */
  readonly waitObject: number;
  /** The thread that has the lock it waits for, where that is known. */
  readonly waitsFor: number | undefined;
  /** Its Python functions, innermost first. */
  readonly frames: readonly ObservedFrame[];
}

/** Where an observer begins. */
export interface Observed {
  readonly memory: WebAssembly.Memory;
  /** Address of the table of records: `weft_threads()`. */
  readonly records: Address;
  /** Address of the first thread state's address: `weft_thread_states()`. */
  readonly states: Address;
}

/** More thread states than there can be threads. */
const MOST_STATES = CONSTANTS.WEFT_MAX_THREADS * 2;

/**
 * All threads of a program at this moment, from outside: nothing is called in the guest and no thread is stopped, so it
 * works while the program hangs, whatever hangs it. Threads go on meanwhile: each one's picture is
 * put together from values of slightly different moments, and a frame may be wrong when its thread runs.
 */
export function observeThreads(observed: Observed): ObservedThread[] {
  const view = new GuestView(observed.memory);
  const states = readStates(view, observed.states);
  const holders = readHolders(view, states);
  const records = readRecords(view, observed.records);
  const threads: ObservedThread[] = [];
  for (const { record, tid } of records) {
    const state = states.get(tid);
    const wait = WAITS[view.word(record + offsetOf("weft_thread", "wait_kind"))];
    const waitObject = wait === undefined ? 0 : view.word(record + offsetOf("weft_thread", "wait_object"));
    threads.push({
      ident: tid >>> 0,
      attachment: state === undefined ? "none" : attachmentOf(view, state),
      wait,
      waitObject: waitObject >>> 0,
      waitsFor: wait === "lock" ? ownerOf(view, waitObject, holders) : wait === "mutex" ? ownerInC(view, waitObject, records) : undefined,
      frames: state === undefined ? [] : readFrames(view, state),
    });
  }
  return threads;
}

/** A record that a thread has, by the two numbers under which it is known. */
interface ThreadRecord {
  readonly record: Address;
  readonly tid: number;
  readonly cTid: number;
}

function readRecords(view: GuestView, table: Address): ThreadRecord[] {
  const records: ThreadRecord[] = [];
  for (let i = 0; i < CONSTANTS.WEFT_MAX_THREADS; i++) {
    const record = table + i * STRUCTS.weft_thread.size;
    const tid = view.word(record + offsetOf("weft_thread", "tid"));
    if (view.word(record + offsetOf("weft_thread", "in_use")) === 1 && tid !== 0) {
      records.push({ record, tid, cTid: view.word(record + offsetOf("weft_thread", "c_tid")) });
    }
  }
  return records;
}

/** Thread states by their thread. */
function readStates(view: GuestView, head: Address): Map<number, Address> {
  const states = new Map<number, Address>();
  let state = view.word(head);
  for (let i = 0; state !== 0 && i < MOST_STATES; i++) {
    const thread = view.word(state + offsetOf("PyThreadState", "thread_id"));
    if (thread !== 0 && !states.has(thread)) {
      states.set(thread, state);
    }
    state = view.word(state + offsetOf("PyThreadState", "next"));
  }
  return states;
}

function attachmentOf(view: GuestView, state: Address): ObservedThread["attachment"] {
  switch (view.word(state + offsetOf("PyThreadState", "state"))) {
    case CONSTANTS._Py_THREAD_ATTACHED:
      return "attached";
    case CONSTANTS._Py_THREAD_SUSPENDED:
      return "suspended";
    default:
      return "detached";
  }
}

/** Deepest chain of critical sections that is followed. */
const MOST_SECTIONS = 200;

/** The mutexes that threads hold in their critical sections. */
function readHolders(view: GuestView, states: ReadonlyMap<number, Address>): Map<Address, number> {
  const holders = new Map<Address, number>();
  for (const [thread, state] of states) {
    let link = view.word(state + offsetOf("PyThreadState", "critical_section"));
    for (let i = 0; link !== 0 && i < MOST_SECTIONS; i++) {
      const section = link & ~CONSTANTS._Py_CRITICAL_SECTION_MASK;
      if (!(link & CONSTANTS._Py_CRITICAL_SECTION_INACTIVE)) {
        // _cs_prev, _cs_mutex, _cs_mutex2
        holders.set(view.word(section + 4), thread >>> 0);
        if (link & CONSTANTS._Py_CRITICAL_SECTION_TWO_MUTEXES) {
          holders.set(view.word(section + 8), thread >>> 0);
        }
      }
      link = view.word(section);
    }
  }
  holders.delete(0);
  return holders;
}

/** Who has a mutex: an object's by the critical sections, a `threading.Lock`'s by its own word. */
function ownerOf(view: GuestView, mutex: Address, holders: ReadonlyMap<Address, number>): number | undefined {
  const holder = holders.get(mutex);
  if (holder !== undefined || mutex === 0) {
    return holder;
  }
  const isLock = (mutex & 3) === 0 && view.word(mutex) >>> 16 === CONSTANTS.PYTHREAD_LOCK_MARK;
  if (!isLock || (view.byte(mutex) & 1) === 0) {
    return undefined;
  }
  const owner = view.word(mutex + offsetOf("_PyThread_lock", "owner")) >>> 0;
  return owner === 0 ? undefined : owner;
}

/** The bits of a C library's mutex that say whether somebody waits for it. */
const MUTEX_FLAGS = 0xc0000000;

/** Who has a mutex of the C library, where it is of a kind that knows. */
function ownerInC(view: GuestView, mutex: Address, records: readonly ThreadRecord[]): number | undefined {
  const isPlain = (view.word(mutex + offsetOf("pthread_mutex_t", "__u.__i[0]")) & 15) === 0;
  const owner = view.word(mutex + offsetOf("pthread_mutex_t", "__u.__i[1]")) & ~MUTEX_FLAGS;
  const found = isPlain || owner === 0 ? undefined : records.find(({ cTid }) => cTid === owner);
  return found && found.tid >>> 0;
}
