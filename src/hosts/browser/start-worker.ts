import type { StartWorker } from "../shared/realm-workers.js";
import type { PackagePlace, RealmSetup, RealmStart } from "./realm-messages.js";
import { web, type WebWorker } from "./web.js";

/**
 * Starts a worker from a script of ours. `onError` hears of what it did not catch, and why it could not be loaded. A script that is
 * not `classic` is a module, and so is one of another origin.
 */
export type StartScript = (script: URL, name: string, onError: (error: Error) => void, classic?: boolean) => WebWorker;

/** The script of the worker realms. */
export interface RealmScript {
  /** May be of another origin. */
  readonly url: URL;
  /** Whether it is the package's own, a classic script, and not one of the user's choice. */
  readonly own: boolean;
}

/** Under which key each bundle of the package puts its exports; in other bundles there is no such thing. */
declare const weftPackageKey: string;

/**
 * Starts worker realms.
 * @param glueUrl known when the glue has been checked.
 */
export function browserWorkers(start: StartScript, script: RealmScript, glueUrl: Promise<string>, setup: RealmSetup): StartWorker<WebWorker> {
  const bundle = typeof weftPackageKey === "undefined" ? undefined : placeOf(script.url, weftPackageKey);
  return (id, onError) => {
    // The glue looks for exactly this name to know that it is in a worker.
    const worker = start(script.url, "em-pthread", onError, script.own);
    // The glue would install a handler that throws in this realm; the guest's end reports it.
    Object.defineProperty(worker, "onerror", { get: () => undefined, set: () => undefined });
    glueUrl.then(
      (url) => {
        const first: RealmStart = { weftRealm: { id, glueUrl: url, package: bundle, ...setup } };
        worker.postMessage(first);
      },
      // Loading fails with that, and ends the workers.
      () => undefined,
    );
    return worker;
  };
}

/** The package is beside its workers' script. */
function placeOf(script: URL, key: string): PackagePlace {
  return { script: new URL("./realm-package.js", script).href, module: new URL("./index.js", script).href, key };
}

/** Starts one of this realm's own. See {@link StartScript}. */
export const startScript: StartScript = (script, name, onError, classic = false) => {
  const plain = classic && script.origin === web.location.origin;
  const worker = new web.Worker(workerUrl(script), plain ? { name } : { type: "module", name });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    void explain(event as Partial<ErrorEventLike>, script).then(onError);
  });
  return worker;
};

interface ErrorEventLike {
  readonly message: string;
  readonly filename: string;
  readonly lineno: number;
}

const bootstraps = new Map<string, string>();

/** Workers must be of the page's own origin, but what they import need not. */
function workerUrl(script: URL): string {
  if (script.origin === web.location.origin) {
    return script.href;
  }
  let url = bootstraps.get(script.href);
  if (url === undefined) {
    url = URL.createObjectURL(new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" }));
    bootstraps.set(script.href, url);
  }
  return url;
}

async function explain({ message, filename, lineno }: Partial<ErrorEventLike>, script: URL): Promise<Error> {
  if (message) {
    return new Error(`${message} (in a worker, ${filename ?? "unknown file"}:${lineno ?? 0})`);
  }
  // Browsers do not say why a script was not loaded.
  const problem = await web.fetch(script, { cache: "no-cache" }).then(
    (response) => {
      if (!response.ok) {
        return `the server answers ${response.status}`;
      }
      const policy = response.headers.get("Cross-Origin-Embedder-Policy");
      return policy === null && script.origin === web.location.origin
        ? 'its response has no header "Cross-Origin-Embedder-Policy: require-corp"'
        : "the page's Content-Security-Policy may forbid it (worker-src, script-src)";
    },
    (error: unknown) => String(error),
  );
  return new Error(`the worker's script ${script.href} could not be loaded: ${problem}`);
}
