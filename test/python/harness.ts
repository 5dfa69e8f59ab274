import { afterAll, afterEach, beforeAll } from "vitest";
import { api, type HostWeft, type LoadOptions } from "./package.js";

/**
 * One interpreter for the tests of a file, through the bundled package, as an application has it.
 * Tests share it: each uses names and modules of its own.
 */
export function sharedWeft(options: LoadOptions = {}): { readonly weft: HostWeft } {
  const shared: { weft?: HostWeft } = {};
  beforeAll(async () => {
    // Before the deadline: it says how far loading was.
    shared.weft = await api.loadWeft({ signal: AbortSignal.timeout(50_000), ...options });
  }, 60_000);
  afterEach(({ task }) => {
    if (shared.weft && task.result?.errors?.some(({ message }) => message.includes("timed out"))) {
      throw new Error(`what the threads do:\n${api.reportThreads(shared.weft.threads())}`);
    }
  });
  afterAll(async () => {
    await shared.weft?.terminate();
  });
  return shared as { readonly weft: HostWeft };
}

/** URL of a module that spawned threads run: a plain ES module below test/python/threads. */
export function threadModule(name: string): URL {
  return new URL(`threads/${name}`, import.meta.url);
}
