import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { HASHED_PIECE } from "../abi/runtime-files.js";

/** sha256 of a file, read in pieces. */
export function hashFile(path: string): string {
  const hash = createHash("sha256");
  readPieces(path, 1 << 20, (piece) => hash.update(piece));
  return hash.digest("hex");
}

/** What a manifest calls a file's `tree`; see {@link HASHED_PIECE}. */
export function hashTree(path: string): string {
  const hash = createHash("sha256");
  readPieces(path, HASHED_PIECE, (piece) => hash.update(createHash("sha256").update(piece).digest()));
  return hash.digest("hex");
}

/** @param piece hears of all pieces in their order; all but the last have `size` bytes, which are overwritten later. */
function readPieces(path: string, size: number, piece: (bytes: Uint8Array) => void): void {
  const buffer = Buffer.allocUnsafe(size);
  const file = openSync(path, "r");
  try {
    for (let length = 0, read; ; ) {
      read = readSync(file, buffer, length, size - length, null);
      length += read;
      if (length === size || (read === 0 && length > 0)) {
        piece(buffer.subarray(0, length));
        length = 0;
      }
      if (read === 0) {
        return;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Relative paths of all files below a folder, sorted; symbolic links count as files. */
export function listFiles(folder: string, keep: (path: string) => boolean = () => true): string[] {
  const found: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const path = relative === "" ? entry.name : `${relative}/${entry.name}`;
      if (!keep(path)) {
        continue;
      }
      if (entry.isDirectory()) {
        visit(path);
      } else {
        found.push(path);
      }
    }
  };
  visit("");
  return found.sort();
}

/** Names and contents of the chosen files below a folder: part of a stage's inputs. */
export function describeFiles(folder: string, keep?: (path: string) => boolean): Record<string, string> {
  return Object.fromEntries(listFiles(folder, keep).map((path) => [path, hashText(readFileSync(join(folder, path)))]));
}

/** sha256 of a string or of bytes. */
export function hashText(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** What a stage depends on; equal values give equal keys, whatever the order of properties. */
export type Inputs = { readonly [name: string]: InputValue };
export type InputValue = string | number | boolean | null | readonly InputValue[] | Inputs;

/** The key of a stage: 16 bytes of the sha256 over its inputs in a canonical form. */
export function keyOf(inputs: Inputs): string {
  return hashText(canonical(inputs)).slice(0, 32);
}

function canonical(value: InputValue): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value as Inputs).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
