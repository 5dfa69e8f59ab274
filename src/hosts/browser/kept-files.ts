/**
 * Copies of the runtime's files in the origin's Cache Storage. Unlike the browser's own cache it has them decompressed, and asks no
 * server whether they are still right: the hashes in the manifest say so. All of it is optional: where the origin has no storage, or it is
 * full, files come from the server.
 */

/** What is used of a cache; Node's types, which the rest is checked with, lack it. */
interface Cache {
  put(url: string, response: Response): Promise<void>;
  keys(): Promise<readonly Request[]>;
  delete(request: Request): Promise<boolean>;
}

interface CacheStorage {
  open(name: string): Promise<Cache>;
  match(url: string, options: { readonly ignoreVary: true }): Promise<Response | undefined>;
}

/** Of this package alone. */
const NAME = "weft-runtime";
/** More than two runtimes have: an old one's files go when those of two others came later. */
const MOST = 6;

const storage = (): CacheStorage | undefined => (globalThis as { caches?: CacheStorage }).caches;

/** A copy of any of the origin's caches, a service worker's too; of which version its hash must tell. */
export async function findKept(url: string): Promise<Response | undefined> {
  try {
    const response = await storage()?.match(url, { ignoreVary: true });
    return response?.ok === true ? response : undefined;
  } catch {
    // No storage for this page.
    return undefined;
  }
}

/** Keeps copies for later visits, in place of those that are there. */
export async function keepFiles(files: ReadonlyMap<string, Response>): Promise<void> {
  try {
    const cache = await storage()?.open(NAME);
    if (cache) {
      for (const [url, response] of files) {
        await cache.put(url, response);
      }
      // In the order in which they came.
      const keys = await cache.keys();
      await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST)).map((old) => cache.delete(old)));
    }
  } catch (error) {
    console.debug("weft: the runtime's files are not kept for later visits:", error);
  }
}
