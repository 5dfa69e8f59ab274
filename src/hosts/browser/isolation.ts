import { web } from "./web.js";

/**
 * The page is not cross-origin isolated, so threads cannot share memory.
 * @example
 * ```js
 * try {
 *   await (await loadWeft()).terminate();
 * } catch (error) {
 *   if (error instanceof IsolationError) {
 *     console.log("send the headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy");
 *   }
 * }
 * ```
 */
export class IsolationError extends Error {
  override readonly name = "IsolationError";
  constructor(
    reason: string,
    /** The headers that the response lacks, as it should have them. */
    readonly missing: readonly string[],
  ) {
    super(`Python's threads share memory (SharedArrayBuffer), which browsers allow in cross-origin isolated pages only, and this one is not: ${reason}`);
  }
}

const OPENER = { name: "Cross-Origin-Opener-Policy", values: ["same-origin"] } as const;
const EMBEDDER = { name: "Cross-Origin-Embedder-Policy", values: ["require-corp", "credentialless"] } as const;

/**
 * Resolves in a realm that may share memory.
 * @throws IsolationError that names what is missing, by another look at this page's own response.
 */
export async function requireIsolation(): Promise<void> {
  if (web.crossOriginIsolated === true && typeof SharedArrayBuffer === "function") {
    return;
  }
  if (web.isSecureContext === false) {
    throw new IsolationError(`${web.location.origin} is neither https: nor localhost`, []);
  }
  const url = web.location.href;
  let headers: Headers;
  try {
    headers = (await web.fetch(url, { cache: "no-cache" })).headers;
  } catch (error) {
    throw Object.assign(
      new IsolationError(`its response needs the headers ${[OPENER, EMBEDDER].map(wanted).join(" and ")}; which of them it lacks could not be found out (${String(error)})`, []),
      { cause: error },
    );
  }
  // A worker has no opener: its own script needs the embedder policy only, and its page needs both.
  const needed = web.document === undefined ? [EMBEDDER] : [OPENER, EMBEDDER];
  const wrong = needed.filter(({ name, values }) => !(values as readonly string[]).includes(policy(headers.get(name))));
  if (wrong.length > 0) {
    const reasons = wrong.map((header) => {
      const value = headers.get(header.name);
      return value === null ? `has no header ${wanted(header)}` : `has "${header.name}: ${value}" instead of ${wanted(header)}`;
    });
    throw new IsolationError(`the response of ${url} ${reasons.join(" and ")}`, wrong.map(({ name, values }) => `${name}: ${values[0]}`));
  }
  throw new IsolationError(
    web.document === undefined
      ? "the page that started this worker is not isolated"
      : web.parent !== globalThis
        ? 'its own headers are right, but it is in a frame: the page around it needs them too, and <iframe allow="cross-origin-isolated">'
        : "its headers are right now; reload the page, and if that does not help, the browser may be too old",
    [],
  );
}

/** A policy without its parameters: `require-corp; report-to="x"`. */
function policy(value: string | null): string {
  return (value ?? "").split(";")[0]!.trim();
}

function wanted({ name, values }: { readonly name: string; readonly values: readonly string[] }): string {
  return `"${name}: ${values[0]}"${values.length > 1 ? ` (or "${values.slice(1).join('", "')}")` : ""}`;
}
