import { isMissing, type DirectoryHandle, type SyncHandle } from "./opfs.js";

/** So many files that nobody has open stay open here: opening one takes the browser a millisecond or more. */
const IDLE = 48;

interface Open {
  readonly handle: SyncHandle;
  users: number;
}

/** The contents of the files, each in a file of the browser's that is called by its number. */
export class Contents {
  readonly #folder: DirectoryHandle;
  /** Those nobody uses come in the order of their last use. */
  readonly #open = new Map<number, Open>();

  constructor(folder: DirectoryHandle) {
    this.#folder = folder;
  }

  /** Opens a file, which is empty when it never had contents. Every call needs a {@link release}. */
  async use(ino: number): Promise<SyncHandle> {
    let open = this.#open.get(ino);
    if (!open) {
      const file = await this.#folder.getFileHandle(String(ino), { create: true });
      open = { handle: await file.createSyncAccessHandle(), users: 0 };
      this.#open.set(ino, open);
    }
    open.users++;
    return open.handle;
  }

  release(ino: number): void {
    const open = this.#open.get(ino)!;
    open.users--;
    // To the end of the order.
    this.#open.delete(ino);
    this.#open.set(ino, open);
    let idle = [...this.#open.values()].filter(({ users }) => users === 0).length;
    for (const [other, { users, handle }] of this.#open) {
      if (idle <= IDLE) {
        return;
      }
      if (users === 0) {
        handle.close();
        this.#open.delete(other);
        idle--;
      }
    }
  }

  async size(ino: number): Promise<number> {
    const open = this.#open.get(ino);
    if (open) {
      return open.handle.getSize();
    }
    try {
      return (await (await this.#folder.getFileHandle(String(ino), { create: false })).getFile()).size;
    } catch (error) {
      if (isMissing(error)) {
        return 0;
      }
      throw error;
    }
  }

  /** Nobody uses it. */
  async remove(ino: number): Promise<void> {
    this.#open.get(ino)?.handle.close();
    this.#open.delete(ino);
    try {
      await this.#folder.removeEntry(String(ino));
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
    }
  }

  /** Removes what belongs to no file: the browser ended between a file's end and its contents'. */
  async removeStrangers(known: (ino: number) => boolean): Promise<void> {
    const strangers: number[] = [];
    for await (const name of this.#folder.keys()) {
      if (!known(Number(name))) {
        strangers.push(Number(name));
      }
    }
    for (const ino of strangers) {
      await this.remove(ino);
    }
  }

  close(): void {
    for (const { handle } of this.#open.values()) {
      handle.close();
    }
    this.#open.clear();
  }
}
