/**
 * Copies of a runtime's large files in the origin's Cache Storage. Unlike the browser's own cache it has them decompressed, and asks no
 * server whether they are still right: the hashes in the manifest say so. All of it is optional: where the origin has no storage, or it is
 * full, files come from the server.
 *
 * They are one entry, as each costs the browser a way of its own to the page's process, with memory that nobody has written to yet:
 *
 *     magic, size of each file (little-endian 32-bit words), the files
 */
import { SNAPSHOT_FILE } from "../../abi/runtime-files.js";
import { BodyReader } from "./body-reader.js";

/** Those that are kept, in their order there: what takes longest once it is read comes first. */
export const KEPT_FILES = ["weft.wasm", SNAPSHOT_FILE, "python313.zip"] as const;

export type KeptFile = (typeof KEPT_FILES)[number];

/** What is used of a cache; Node's types, which the rest is checked with, lack it. */
interface Cache {
  put(url: string, response: Response): Promise<void>;
  keys(): Promise<readonly Request[]>;
  delete(request: Request): Promise<boolean>;
}

interface CacheStorage {
  open(name: string): Promise<Cache>;
  match(url: string, options: { readonly ignoreVary: true; readonly cacheName?: string }): Promise<Response | undefined>;
}

/** Of this package alone. */
const NAME = "weft-runtime";
/** Name of the entry beside the files' own URLs. No server has such a file. */
const ENTRY = "weft.kept";
/** Runtimes: an old one's files go when those of two others came later. */
const MOST = 2;
const MAGIC = 0x314b4657; // "WFK1"
const HEADER_SIZE = (1 + KEPT_FILES.length) * 4;

/** How long the storage may take for one step, in milliseconds: it is there to be faster than the server. */
const PATIENCE = 10_000;

const storage = (): CacheStorage | undefined => (globalThis as { caches?: CacheStorage }).caches;

const entryOf = (base: URL): string => new URL(ENTRY, base).href;

/** @throws Error when it takes longer than the storage may. */
async function inTime<T>(step: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the origin's storage has given nothing for ${PATIENCE / 1000} s`));
    }, PATIENCE);
  });
  try {
    return await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @param cacheName of the only cache that is looked through; of all otherwise, each of which the browser has to open. */
async function find(url: string, cacheName?: string): Promise<Response | undefined> {
  try {
    const caches = storage();
    const response = caches && (await inTime(caches.match(url, { ignoreVary: true, ...(cacheName === undefined ? {} : { cacheName }) })));
    return response?.ok === true ? response : undefined;
  } catch {
    // No storage for this page, or one that does not answer.
    return undefined;
  }
}

/** A file as somebody else keeps it in one of the origin's caches, a service worker of the page's say; of which version its hash must tell. */
export async function findCopy(url: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const response = await find(url);
  return response && inTime(response.arrayBuffer()).then((buffer) => new Uint8Array(buffer), () => undefined);
}

/**
 * Reads what an earlier visit kept, each file as soon as it can be had.
 * @param base URL of the runtime's folder.
 * @returns promises that never reject, of nothing where there is no file; whether they are right their hashes must tell.
 */
export function readKept(base: URL): Readonly<Record<KeptFile, Promise<Uint8Array<ArrayBuffer> | undefined>>> {
  const settle: ((data: Uint8Array<ArrayBuffer> | undefined) => void)[] = [];
  const files = Object.fromEntries(KEPT_FILES.map((name) => [name, new Promise((resolve) => settle.push(resolve))]));
  void (async () => {
    try {
      const response = await find(entryOf(base), NAME);
      if (response?.body) {
        const body = new BodyReader(response.body);
        const header = new DataView((await inTime(body.take(HEADER_SIZE))).buffer);
        if (header.getUint32(0, true) === MAGIC) {
          for (const [index] of KEPT_FILES.entries()) {
            settle[index]!(await inTime(body.take(header.getUint32(4 + index * 4, true))));
          }
        }
      }
    } catch {
      // What could not be read is loaded anew.
    }
    for (const none of settle) {
      none(undefined);
    }
  })();
  return files as ReturnType<typeof readKept>;
}

/** Keeps copies for later visits, in place of those that are there. */
export async function keepFiles(base: URL, files: Readonly<Record<KeptFile, Uint8Array<ArrayBuffer>>>): Promise<void> {
  try {
    const cache = await storage()?.open(NAME);
    if (cache) {
      const contents = KEPT_FILES.map((name) => files[name]);
      const header = new DataView(new ArrayBuffer(HEADER_SIZE));
      [MAGIC, ...contents.map(({ length }) => length)].forEach((word, index) => {
        header.setUint32(index * 4, word, true);
      });
      await cache.put(entryOf(base), new Response(new Blob([header, ...contents])));
      // In the order in which they came.
      const keys = await cache.keys();
      await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST)).map((old) => cache.delete(old)));
    }
  } catch (error) {
    console.debug("weft: the runtime's files are not kept for later visits:", error);
  }
}
