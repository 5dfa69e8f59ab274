import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { FileResult } from "./result.js";

interface StoredResult {
  /** What the result depends on. */
  readonly key: string;
  readonly result: FileResult;
}

/** A short name for what a result depends on. */
export function resultKey(parts: readonly (string | Buffer)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    // With its length, so that no two lists of parts look alike.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest("hex").slice(0, 24);
}

/**
 * Results of finished files, kept so that a run which was stopped can go on. One JSON line
 * each, appended when the file ends: whatever stops the run loses nothing.
 */
export class ResultStore {
  readonly #path: string;
  readonly #results = new Map<string, StoredResult>();
  /** How long files took, also of forgotten results. */
  readonly #seconds = new Map<string, number>();

  constructor(path: string) {
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) {
      return;
    }
    const lines = readFileSync(path, "utf8").split("\n");
    // A line without its end was being written when its run was stopped.
    const torn = lines.pop();
    for (const line of lines) {
      const stored = JSON.parse(line) as StoredResult;
      this.#keep(stored);
    }
    if (torn !== "" || lines.length > this.#results.size) {
      this.#rewrite();
    }
  }

  /** The file's result, if it is from a run with the same key. */
  get(name: string, key: string): FileResult | undefined {
    const stored = this.#results.get(name);
    return stored?.key === key ? stored.result : undefined;
  }

  /** How long the file took at its last run, whatever the runtime. */
  seconds(name: string): number | undefined {
    return this.#seconds.get(name);
  }

  add(key: string, result: FileResult): void {
    this.#keep({ key, result });
    appendFileSync(this.#path, `${JSON.stringify({ key, result })}\n`);
  }

  /** Forgets all results. */
  clear(): void {
    this.#results.clear();
    rmSync(this.#path, { force: true });
  }

  #keep(stored: StoredResult): void {
    this.#results.set(stored.result.name, stored);
    this.#seconds.set(stored.result.name, stored.result.seconds);
  }

  #rewrite(): void {
    const text = [...this.#results.values()].map((stored) => `${JSON.stringify(stored)}\n`).join("");
    writeFileSync(`${this.#path}.new`, text);
    renameSync(`${this.#path}.new`, this.#path);
  }
}
