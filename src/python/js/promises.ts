/**
 * Promises that Python holds. Between two operations of a Python thread the event loop runs, so a promise may be rejected
 * before the thread that has just got it asks for its outcome. It is not unhandled then: only when Python has let
 * go of a promise for whose outcome nobody asked.
 */
const states = new WeakMap<Promise<unknown>, "held" | "asked">();

const then = Promise.prototype.then;

/** Python gets the value. */
export function holdPromise(value: unknown): void {
  if (value instanceof Promise && !states.has(value)) {
    states.set(value, "held");
    Reflect.apply(then, value, [undefined, () => undefined]);
  }
}

/** Somebody handles the value's outcome from now on. */
export function askPromise(value: unknown): void {
  if (value instanceof Promise) {
    states.set(value, "asked");
  }
}

/** Python has let go of the value. A rejection that nobody asked for is reported as JavaScript does. */
export function releasePromise(value: unknown): void {
  if (value instanceof Promise && states.get(value) === "held") {
    states.delete(value);
    Reflect.apply(then, value, []);
  }
}
