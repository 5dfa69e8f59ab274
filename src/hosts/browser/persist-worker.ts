/**
 * Owns a persistent folder in the origin private file system, for all threads of one interpreter: the browser gives synchronous
 * access to one worker only. Once the folder is open it stands still between requests, and hears of nothing else.
 */
import { Channel } from "./persist/channel.js";
import type { DirectoryHandle } from "./persist/opfs.js";
import type { PersistReady, PersistStart } from "./persist/owner.js";
import { serve, type Estimate } from "./persist/server.js";
import { Store } from "./persist/store.js";
import { adoptPort } from "./adopt-port.js";
import { web } from "./web.js";

adoptPort();

/** How long an earlier page may take to give the folder back: one that is being reloaded does it within moments. */
const PATIENCE = 5000;

interface Storage {
  readonly storage?: { getDirectory?(): Promise<DirectoryHandle>; estimate: Estimate };
  readonly locks: { request(name: string, options: { signal: AbortSignal }, use: () => Promise<never>): Promise<never> };
}

const { storage, locks } = web.navigator as Storage;

/** Takes the folder, for as long as this worker lives. */
function take(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    locks
      .request(`weft ${name}`, { signal: AbortSignal.timeout(PATIENCE) }, () => {
        resolve();
        return new Promise<never>(() => undefined);
      })
      .catch(() => {
        reject(new Error("another page or interpreter of this origin uses it"));
      });
  });
}

/** Handles of a worker that has just been ended are free a moment later. */
async function open(folder: DirectoryHandle): Promise<Store> {
  for (const end = performance.now() + PATIENCE; ;) {
    try {
      return await Store.open(folder);
    } catch (error) {
      if ((error as Error).name !== "NoModificationAllowedError" || performance.now() > end) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function start({ buffer, name }: PersistStart): Promise<void> {
  let store: Store;
  try {
    if (storage?.getDirectory === undefined) {
      throw new Error("this browser has no origin private file system here (private windows of some have none)");
    }
    await take(name);
    let folder = await storage.getDirectory();
    for (const part of ["weft", encodeURIComponent(name)]) {
      folder = await folder.getDirectoryHandle(part, { create: true });
    }
    store = await open(folder);
  } catch (error) {
    const failed: PersistReady = { ready: false, error: error instanceof Error ? error.message : String(error) };
    web.postMessage(failed);
    return;
  }
  const ready: PersistReady = { ready: true };
  web.postMessage(ready);
  await serve(store, new Channel(buffer), () => storage.estimate(), (error) => {
    console.error("Weft's persistent folder:", error);
  });
}

web.addEventListener("message", (event) => {
  void start((event as MessageEvent).data as PersistStart);
});
