import { PyAny } from "./any.js";
import { Py, type BoundClass, type SentPy } from "./py.js";
import type { Realm } from "./realm.js";

function isSent(value: unknown): value is SentPy {
  return typeof value === "object" && value !== null && "weftReference" in value;
}

/**
 * A value for a message to another realm: owned references, also those in an array or plain object, are
 * moved; everything else is left to the structured clone. What was moved is added to `moved`: when the
 * message is not sent in the end, the caller has to {@link release} it.
 */
export function sendAll(value: unknown, moved: SentPy[]): unknown {
  if (value instanceof Py) {
    const sent = value.send();
    moved.push(sent);
    return sent;
  }
  if (Array.isArray(value)) {
    return value.map((item) => sendAll(item, moved));
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, sendAll(item, moved)]));
  }
  return value;
}

/** The other end of {@link sendAll}. */
export function receive(realm: Realm, value: unknown): unknown {
  if (isSent(value)) {
    return new Py(realm, value.weftReference, PyAny as unknown as BoundClass<PyAny>);
  }
  if (Array.isArray(value)) {
    return value.map((item) => receive(realm, item));
  }
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, receive(realm, item)]));
  }
  return value;
}

/** {@link receive} for each value. */
export function receiveAll(realm: Realm, values: readonly unknown[]): unknown[] {
  return values.map((value) => receive(realm, value));
}

/** Releases references of a message that nobody got. Any thread, attached or not. */
export function release(realm: Realm, moved: readonly SentPy[]): void {
  for (const { weftReference } of moved) {
    realm.release(weftReference);
  }
}
