/**
 * The browser's storage, where it may be used and has room. What it cannot keep lasts as long as the page: programs run with it,
 * and nothing that was typed is lost before.
 */
export class PageStorage {
  readonly #kept: Storage | undefined;
  /** What the browser could not keep, before what it has. */
  readonly #own = new Map<string, string>();

  constructor() {
    try {
      // Forbidden, it throws.
      this.#kept = globalThis.localStorage;
    } catch {
      this.#kept = undefined;
    }
  }

  /** Whether an event of the browser's tells of this storage. */
  isOf(event: StorageEvent): boolean {
    return this.#kept !== undefined && event.storageArea === this.#kept;
  }

  keys(): string[] {
    return [...new Set([...Object.keys(this.#kept ?? {}), ...this.#own.keys()])];
  }

  get(key: string): string | undefined {
    return this.#own.get(key) ?? this.#kept?.getItem(key) ?? undefined;
  }

  /** Returns whether the browser keeps it. */
  set(key: string, value: string): boolean {
    try {
      this.#kept!.setItem(key, value);
      this.#own.delete(key);
      return true;
    } catch {
      this.#own.set(key, value);
      return false;
    }
  }

  remove(key: string): void {
    this.#own.delete(key);
    this.#kept?.removeItem(key);
  }
}

export const storage = new PageStorage();
