/**
 * The playground's service worker, and the script of its page that installs it. It keeps a copy of all the playground's files
 * and answers with them when there is no network; and it isolates the page where the server does not.
 */
import { isolatedResponse, isolatePage, mayAnswer } from "../hosts/browser/isolating-worker.js";

/** Addresses of all files, beside this one; the bundler writes them here. */
declare const PLAYGROUND_FILES: readonly string[];

const CACHE = "weft-playground";

interface WorkerScope extends EventTarget {
  readonly registration: { readonly scope: string };
  skipWaiting(): Promise<void>;
}
interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

if ("document" in globalThis) {
  const { src } = document.currentScript as HTMLScriptElement;
  isolatePage(src);
  // Private windows of some browsers have none.
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (globalThis.crossOriginIsolated && workers) {
    // Copies are made when Python is loaded: not in its way.
    addEventListener("weft-idle", () => {
      workers.register(src).then(
        async () => (await workers.ready).active?.postMessage("keep"),
        (error: unknown) => {
          console.info("the playground is not kept for visits without a network:", error);
        },
      );
    }, { once: true });
  }
} else {
  const scope = globalThis as unknown as WorkerScope;
  scope.addEventListener("install", (event) => {
    (event as ExtendableEvent).waitUntil(scope.skipWaiting());
  });
  scope.addEventListener("message", (event) => {
    (event as ExtendableEvent).waitUntil(keepAll(scope.registration.scope));
  });
  scope.addEventListener("fetch", (event) => {
    const { request } = event as FetchEvent;
    if (mayAnswer(request)) {
      (event as FetchEvent).respondWith(answer(request, scope.registration.scope).then((response) => isolatedResponse(response, "require-corp")));
    }
  });
}

/** From the network; without one, the copy. */
async function answer(request: Request, folder: string): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    if (request.method === "GET" && request.url.startsWith(folder)) {
      const kept = await (await caches.open(CACHE)).match(request, { ignoreSearch: true, ignoreVary: true });
      if (kept) {
        return kept;
      }
    }
    throw error;
  }
}

/** Copies what is new. Where that is interrupted, files of two builds may be mixed: the loader finds out by its hashes. */
async function keepAll(folder: string): Promise<void> {
  const cache = await caches.open(CACHE);
  const wanted = PLAYGROUND_FILES.map((name) => new URL(name, folder).href);
  await Promise.all((await cache.keys()).filter(({ url }) => !wanted.includes(url)).map((old) => cache.delete(old)));
  for (const url of wanted) {
    const [known, response] = await Promise.all([cache.match(url), fetch(url)]);
    const tag = response.headers.get("ETag");
    if (response.ok && (tag === null || known?.headers.get("ETag") !== tag)) {
      await cache.put(url, response);
    } else {
      await response.body?.cancel();
    }
  }
}
