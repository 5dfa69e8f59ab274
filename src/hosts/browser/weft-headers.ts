/**
 * For sites whose server cannot send the headers that isolate a page. One file in two roles: in a page,
 * `<script src="/weft-headers.js"></script>`, it installs itself as the service worker of its folder and loads the
 * page again; as the service worker it adds the headers to everything that the folder's pages load.
 *
 * `weft-headers.js?embedder=credentialless` lets pages use files of other origins that do not allow it themselves.
 */

/** The parts of both global scopes that this file uses. */
interface Scope extends EventTarget {
  readonly location: { readonly href: string; reload(): void };
  readonly crossOriginIsolated?: boolean;
  readonly isSecureContext: boolean;
  // A page's.
  readonly document?: { readonly currentScript: { readonly src: string } | null };
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void };
  readonly navigator: {
    readonly serviceWorker?: EventTarget & {
      readonly controller: unknown;
      register(url: string): Promise<{ readonly scope: string }>;
    };
  };
  // A service worker's.
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}

interface FetchEvent extends Event {
  readonly request: Request & { readonly cache: string; readonly mode: string };
  respondWith(response: Promise<Response>): void;
}

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

const scope = globalThis as unknown as Scope;
/** Set while the page is loaded again, so that it is not for ever where that does not help. */
const RELOADED = "weft-headers-reloaded";

if (scope.document) {
  const { sessionStorage, navigator } = scope;
  const script = scope.document.currentScript?.src;
  if (scope.crossOriginIsolated === true) {
    sessionStorage.removeItem(RELOADED);
  } else if (!scope.isSecureContext || !navigator.serviceWorker) {
    console.error("weft-headers.js: this page cannot have a service worker: that takes https: or localhost, and no private window in some browsers");
  } else if (script === undefined) {
    console.error('weft-headers.js: load it as a classic script, <script src="/weft-headers.js"></script>');
  } else if (sessionStorage.getItem(RELOADED) !== null) {
    console.error(`weft-headers.js: the page is not isolated in spite of the service worker ${script}: is it in a frame?`);
  } else {
    const { serviceWorker } = navigator;
    const reload = (): void => {
      sessionStorage.setItem(RELOADED, "1");
      scope.location.reload();
    };
    serviceWorker.addEventListener("controllerchange", reload, { once: true });
    serviceWorker.register(script).then(
      (registration) => {
        if (!scope.location.href.startsWith(registration.scope)) {
          console.error(`weft-headers.js: the service worker serves ${registration.scope} only; put the script into a folder above the page's`);
        }
        // It was there before, but the page was loaded past it (a forced reload).
        if (serviceWorker.controller !== null) {
          reload();
        }
      },
      (error: unknown) => {
        console.error("weft-headers.js: the service worker was refused:", error);
      },
    );
  }
} else {
  const embedder = new URL(scope.location.href).searchParams.get("embedder") ?? "require-corp";
  scope.addEventListener("install", (event) => {
    (event as ExtendableEvent).waitUntil(scope.skipWaiting());
  });
  scope.addEventListener("activate", (event) => {
    (event as ExtendableEvent).waitUntil(scope.clients.claim());
  });
  scope.addEventListener("fetch", (event) => {
    const { request } = event as FetchEvent;
    // Browsers make such requests for their developer tools, and refuse to fetch them.
    if (request.cache === "only-if-cached" && request.mode !== "same-origin") {
      return;
    }
    (event as FetchEvent).respondWith(answer(request, embedder));
  });
}

async function answer(request: Request, embedder: string): Promise<Response> {
  const response = await fetch(request);
  if (response.status === 0) {
    // Another origin's that nobody may look into, so nothing can be added to it.
    return response;
  }
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", embedder);
  if (!headers.has("Cross-Origin-Resource-Policy")) {
    headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  }
  const { status, statusText } = response;
  // A response of these kinds must not have a body, not even an empty one.
  const body = [101, 204, 205, 304].includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers });
}
