import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { fetchFile } from "../shared/fetch-file.js";

/** What begins with a scheme is a URL; one letter before a colon is a drive. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/** The URL itself, or that of the file with this path. */
export function fileOrUrl(source: string): URL {
  return SCHEME.test(source) ? new URL(source) : pathToFileURL(resolve(source));
}

/**
 * Reads a file of this machine or of the network.
 * @throws Error
 */
export function readUrl(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  return url.protocol === "file:" ? readFile(url, { signal }) : fetchFile(url, signal);
}
