/**
 * For sites whose server cannot send the headers that isolate a page. One file in two roles: in a page,
 * `<script src="/weft-headers.js"></script>`, it installs itself as the service worker of its folder and loads the
 * page again; as the service worker it adds the headers to everything that the folder's pages load.
 *
 * `weft-headers.js?embedder=credentialless` lets pages use files of other origins that do not allow it themselves.
 */
import { isolatedResponse, isolatePage, mayAnswer } from "./isolating-worker.js";

/** The parts of both global scopes that this file uses. */
interface Scope extends EventTarget {
  readonly location: { readonly href: string };
  // A page's.
  readonly document?: { readonly currentScript: { readonly src: string } | null };
  // A service worker's.
  skipWaiting(): Promise<void>;
}

interface FetchEvent extends Event {
  readonly request: Request & { readonly cache: string; readonly mode: string };
  respondWith(response: Promise<Response>): void;
}

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

const scope = globalThis as unknown as Scope;

if (scope.document) {
  isolatePage(scope.document.currentScript?.src);
} else {
  const embedder = new URL(scope.location.href).searchParams.get("embedder") ?? "require-corp";
  scope.addEventListener("install", (event) => {
    (event as ExtendableEvent).waitUntil(scope.skipWaiting());
  });
  scope.addEventListener("fetch", (event) => {
    const { request } = event as FetchEvent;
    if (mayAnswer(request)) {
      (event as FetchEvent).respondWith(fetch(request).then((response) => isolatedResponse(response, embedder)));
    }
  });
}
