import { LazyBinding } from "../../python/lazy-binding.js";
import type { ImportNow, RealmBody, realmBody } from "./realm-body.js";
import { isOurs, type SpawnReady } from "./realm-messages.js";

/** What a realm uses of the package. */
export interface RealmPackage {
  readonly realmBody: typeof realmBody;
}

/** The package in a realm that may never need it. */
export interface LatePackage {
  /** Loads it without waiting for the event loop. */
  now(): RealmPackage;
  /** As {@link now}, for realms that no Python runs in. */
  soon(): Promise<RealmPackage>;
}

/**
 * A worker realm that loads the package when TypeScript first takes part in what Python does there: reading it takes as long as all else
 * that a realm does before its first thread, and a tenth of its memory.
 * @param id the realm's number.
 * @param alone whether no modules of the user's are in it.
 */
export function lateRealm(id: number, importNow: ImportNow | undefined, late: LatePackage, alone: boolean): { readonly binding: LazyBinding; readonly onMessage: (message: unknown) => void } {
  let made: RealmBody | undefined;
  const body = (loaded: RealmPackage): RealmBody => (made ??= loaded.realmBody(id, importNow));
  const binding = new LazyBinding(id, () => body(late.now()).binding);
  binding.isPlain = () => alone && !made;
  return {
    binding,
    onMessage: (message) => {
      serve(message, () => late.soon().then(body));
    },
  };
}

/** In their order: each waits for the same. */
function serve(message: unknown, body: () => Promise<RealmBody>): void {
  if (!isOurs(message)) {
    return;
  }
  body().then(
    ({ onMessage }) => {
      onMessage(message);
    },
    (error: unknown) => {
      if ("weftSpawn" in message) {
        message.weftSpawn.port.postMessage({ ready: false, error } satisfies SpawnReady);
      }
    },
  );
}
