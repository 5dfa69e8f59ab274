import { HASHED_PIECE } from "../../abi/runtime-files.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { web } from "./web.js";

/** What a manifest tells of a file. */
export interface FileFacts {
  readonly size: number;
  readonly sha256: string;
  /** What it is checked by; see {@link HASHED_PIECE}. */
  readonly tree: string;
}

/** How a file is fetched. */
export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** A hash, as in HTML. */
  readonly integrity?: string;
}

/** @throws RuntimeFilesError when there is no such file, or none can be had. */
export async function fetchBuilt(url: string, options: FetchOptions = {}): Promise<Response> {
  let response: Response;
  try {
    response = await web.fetch(url, options);
  } catch (error) {
    throw new RuntimeFilesError(
      `${url} could not be fetched: ${options.integrity === undefined ? "" : `its hash may not be ${options.integrity}, or `}the server does not answer, or the page's Content-Security-Policy (connect-src) or the server's CORS headers forbid it`,
      { cause: error },
    );
  }
  if (!response.ok) {
    throw new RuntimeFilesError(`${url} could not be fetched: the server answered ${response.status} ${response.statusText}`);
  }
  return response;
}

const SHA256_SIZE = 32;

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** What a manifest calls its `tree`. One piece after the other: an engine that has several at once needs memory for all their copies. */
export async function treeOf(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const hashes = new Uint8Array(Math.ceil(data.length / HASHED_PIECE) * SHA256_SIZE);
  for (let piece = 0; piece * HASHED_PIECE < data.length; piece++) {
    const bytes = data.subarray(piece * HASHED_PIECE, (piece + 1) * HASHED_PIECE);
    hashes.set(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)), piece * SHA256_SIZE);
  }
  return sha256(hashes);
}

/** @throws RuntimeFilesError when the data is not what the manifest describes. */
export async function checkBuilt(url: string, data: Uint8Array<ArrayBuffer>, expected: FileFacts): Promise<void> {
  if ((await treeOf(data)) === expected.tree) {
    return;
  }
  const hash = await sha256(data);
  throw new RuntimeFilesError(
    hash === expected.sha256
      ? `manifest.json beside ${url} is not of this version of the package: build the runtime again`
      : `${url} is not the file that manifest.json beside it describes: ${data.length} bytes with SHA-256 ${hash} instead of ${expected.size} bytes with ${expected.sha256}. An older copy in a cache, or a damaged upload?`,
  );
}

/**
 * Compiles while it downloads, from the response itself where that is possible: engines keep the code of such a module.
 * @param read reads a response to its end and checks its data.
 * @throws RuntimeFilesError when the engine refuses the module; what `read` throws.
 */
export async function compileBuilt(url: string, response: Response, read: (response: Response) => Promise<Uint8Array<ArrayBuffer>>): Promise<WebAssembly.Module> {
  if (!/^application\/wasm$/i.test(response.headers.get("Content-Type") ?? "")) {
    return compileData(url, await read(response));
  }
  const copy = response.clone();
  const module = compiled(url, WebAssembly.compileStreaming(response));
  // Damaged bytes are reported by their hash.
  module.catch(() => undefined);
  await read(copy);
  return module;
}

/** @throws RuntimeFilesError when the engine refuses the module. */
export function compileData(url: string, data: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return compiled(url, WebAssembly.compile(data));
}

function compiled(url: string, module: Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  return module.catch((error: unknown) => {
    throw new RuntimeFilesError(
      `${url} could not be compiled: the page's Content-Security-Policy may forbid it (script-src needs 'wasm-unsafe-eval'), or the browser is too old`,
      { cause: error },
    );
  });
}

/** @throws RuntimeFilesError when the script cannot be imported. */
export async function importBuilt(url: string): Promise<unknown> {
  try {
    return await import(url);
  } catch (error) {
    throw new RuntimeFilesError(`${url} could not be imported: the page's Content-Security-Policy may forbid it (script-src)`, { cause: error });
  }
}
