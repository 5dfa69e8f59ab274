/**
 * A service worker that isolates the pages of its folder, for servers that cannot send the headers: both of its sides.
 *
 * It must not claim pages that are there already: Firefox then asks every worker of theirs, and Python's do not answer while
 * they stand still. The service worker would wait for them before its first answer, and every page of the folder for it.
 */

interface ServiceWorkerState extends EventTarget {
  readonly state: string;
}

/** The parts of a page's and a service worker's global scope that this file uses. */
interface Scope extends EventTarget {
  readonly location: { readonly href: string; reload(): void };
  readonly crossOriginIsolated?: boolean;
  readonly isSecureContext: boolean;
  readonly sessionStorage: { getItem(key: string): string | null; setItem(key: string, value: string): void; removeItem(key: string): void };
  readonly navigator: {
    readonly serviceWorker?: {
      register(url: string): Promise<{ readonly scope: string; readonly installing: ServiceWorkerState | null; readonly waiting: ServiceWorkerState | null }>;
    };
  };
}

const scope = globalThis as unknown as Scope;
/** Set while the page is loaded again, so that it is not for ever where that does not help. */
const RELOADED = "weft-headers-reloaded";

/**
 * A page's side: installs the service worker, and loads the page again where it is not isolated yet.
 * @param script the script that the page runs and that is the service worker too; unknown where it is a module.
 */
export function isolatePage(script: string | undefined): void {
  const { sessionStorage, navigator } = scope;
  if (scope.crossOriginIsolated === true) {
    sessionStorage.removeItem(RELOADED);
  } else if (!scope.isSecureContext || !navigator.serviceWorker) {
    console.error("weft-headers.js: this page cannot have a service worker: that takes https: or localhost, and no private window in some browsers");
  } else if (script === undefined) {
    console.error('weft-headers.js: load it as a classic script, <script src="/weft-headers.js"></script>');
  } else if (sessionStorage.getItem(RELOADED) !== null) {
    console.error(`weft-headers.js: the page is not isolated in spite of the service worker ${script}: is it in a frame?`);
  } else {
    navigator.serviceWorker.register(script).then(
      async (registration) => {
        if (!scope.location.href.startsWith(registration.scope)) {
          console.error(`weft-headers.js: the service worker serves ${registration.scope} only; put the script into a folder above the page's`);
          return;
        }
        const coming = registration.installing ?? registration.waiting;
        // Without one it was there before, but the page was loaded past it (a forced reload).
        if (coming && !(await isActivated(coming))) {
          console.error(`weft-headers.js: the service worker ${script} could not be installed`);
          return;
        }
        sessionStorage.setItem(RELOADED, "1");
        scope.location.reload();
      },
      (error: unknown) => {
        console.error("weft-headers.js: the service worker was refused:", error);
      },
    );
  }
}

/** Resolves when a service worker answers requests, or never will. */
function isActivated(worker: ServiceWorkerState): Promise<boolean> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (worker.state === "activated" || worker.state === "redundant") {
        resolve(worker.state === "activated");
      }
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

/** The service worker's side: a response with the headers. One that has them stays as it is, so that browsers keep its compiled code. */
export function isolatedResponse(response: Response, embedder: string): Response {
  if (response.status === 0) {
    // Another origin's that nobody may look into, so nothing can be added to it.
    return response;
  }
  const added = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": embedder };
  const isRight = Object.entries(added).every(([name, value]) => response.headers.get(name) === value);
  if (isRight) {
    return response;
  }
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(added)) {
    headers.set(name, value);
  }
  if (!headers.has("Cross-Origin-Resource-Policy")) {
    headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  }
  const { status, statusText } = response;
  // A response of these kinds must not have a body, not even an empty one.
  const body = [101, 204, 205, 304].includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers });
}

/** Whether a service worker may answer: browsers make requests for their developer tools that they refuse to fetch. */
export function mayAnswer({ cache, mode }: { readonly cache: string; readonly mode: string }): boolean {
  return cache !== "only-if-cached" || mode === "same-origin";
}
