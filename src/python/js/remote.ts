/** A value of an agent that only answers messages: what is done with it is asked for there. */
export interface Remote {
  /** As `perform()` of operation.ts, boxed, since a promise would be waited for. */
  perform(operation: number, self: unknown, values: readonly unknown[]): Promise<Boxed>;
}

/** A result as it is. */
export class Boxed {
  constructor(readonly value: unknown) {}
}

const remotes = new WeakMap<object, Remote>();
/** Most programs have none, and look at every operation. */
let some = false;

/** Makes an object stand for a remote value. */
export function setRemote(placeholder: object, remote: Remote): void {
  some = true;
  remotes.set(placeholder, remote);
}

/** What an object stands for, if it does for a remote value. */
export function remoteOf(value: unknown): Remote | undefined {
  return some && ((typeof value === "object" && value !== null) || typeof value === "function") ? remotes.get(value) : undefined;
}
