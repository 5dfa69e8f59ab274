import { PyAny } from "./any.js";
import { STAYS } from "./attached.js";
import { Py, type BoundClass, type SentPy } from "./py.js";
import type { Realm } from "./realm.js";
import { Barrier } from "./sync/barrier.js";
import { Condvar } from "./sync/condvar.js";
import { Once } from "./sync/once.js";
import { PyMutex } from "./sync/py-mutex.js";
import { PyOnceLock } from "./sync/py-once-lock.js";
import { PyRwLock } from "./sync/py-rwlock.js";
import { SharedPrimitive, type SharedSync } from "./sync/shared.js";

/** What a message owns until it is received. */
export type Moved = SentPy | SharedSync;

/** Classes of what realms share, by the name that a message has for them. */
const SHARED = { Barrier, Condvar, Once, PyMutex, PyOnceLock, PyRwLock } as const;

/** A shared object in a message: the other end makes an object of the class. */
interface SentShared {
  readonly weftShared: keyof typeof SHARED;
  readonly record: SharedSync;
}

function isSent(value: object): value is SentPy {
  return "weftReference" in value;
}

function isRecord(value: object): value is SharedSync {
  return "weftSync" in value;
}

function isSentShared(value: object): value is SentShared {
  return "weftShared" in value;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/**
 * A value for a message to another realm: owned references, also those in an array or plain object, are
 * moved; locks and the like are shared; everything else is left to the structured clone. What the message owns is
 * added to `moved`, messages of the caller's own (`share()`, `send()`) too: when the message is not sent in the end, the
 * caller has to {@link release} it.
 */
export function sendAll(value: unknown, moved: Moved[]): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (value instanceof Py) {
    const sent = value.send();
    moved.push(sent);
    return sent;
  }
  if (value instanceof SharedPrimitive) {
    const record = value.share();
    moved.push(record);
    const [weftShared] = Object.entries(SHARED).find(([, one]) => value instanceof one)!;
    return { weftShared, record };
  }
  if (STAYS in value) {
    throw new TypeError(String(value[STAYS]));
  }
  if (Array.isArray(value)) {
    return value.map((item) => sendAll(item, moved));
  }
  if (isPlain(value)) {
    if (isSent(value) || isRecord(value)) {
      moved.push(value);
      return value;
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sendAll(item, moved)]));
  }
  return value;
}

/** The other end of {@link sendAll}. Messages that the sender made itself (`share()`) are left to its receiver. */
export function receive(realm: Realm, value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => receive(realm, item));
  }
  if (isSent(value)) {
    return new Py(realm, value.weftReference, PyAny as unknown as BoundClass<PyAny>);
  }
  if (isSentShared(value)) {
    return SHARED[value.weftShared].receive({ realm }, value.record);
  }
  if (isPlain(value) && !isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, receive(realm, item)]));
  }
  return value;
}

/** {@link receive} for each value. */
export function receiveAll(realm: Realm, values: readonly unknown[]): unknown[] {
  return values.map((value) => receive(realm, value));
}

/** Releases what a message owned that nobody got. Any thread, attached or not. */
export function release(realm: Realm, moved: readonly Moved[]): void {
  for (const one of moved) {
    if (isSent(one)) {
      realm.release(one.weftReference);
    } else {
      realm.dropRecord(one.weftSync);
    }
  }
}
