import type { DirectoryHandle, FileHandle, SyncHandle } from "../../src/hosts/browser/persist/opfs.js";

/** An error as browsers name it. */
function domError(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

interface File {
  data: Uint8Array;
  holder: object | undefined;
}

interface Folder {
  readonly files: Map<string, File>;
  readonly folders: Map<string, Folder>;
}

/**
 * The origin private file system in memory, with exclusive handles. What was written stays as it was written, byte by byte and in
 * its order, when the browser "ends" ({@link crash}): as with a browser whose system goes on.
 */
export class FakeDisk {
  #top: Folder = { files: new Map(), folders: new Map() };
  /** Bytes written, and one for each other change. */
  written = 0;
  #end = Infinity;
  #full = Infinity;
  /** Handles of another browser are gone. */
  #age = 0;
  open = 0;

  get root(): DirectoryHandle {
    return this.#directory(this.#top, this.#age);
  }

  /** The browser ends after so much of {@link written}: later changes are lost, and every call fails. */
  endAfter(written: number): void {
    this.#end = written;
  }

  /** There is room for so much of {@link written}. */
  fullAfter(written: number): void {
    this.#full = written;
  }

  /** The browser has ended, and another one comes. */
  crash(): void {
    this.#end = Infinity;
    this.#age++;
    this.open = 0;
    const free = (folder: Folder): void => {
      folder.files.forEach((file) => {
        file.holder = undefined;
      });
      folder.folders.forEach(free);
    };
    free(this.#top);
  }

  names(folder: string): string[] {
    return [...(this.#top.folders.get(folder)?.files.keys() ?? [])];
  }

  size(file: string): number {
    return this.#top.files.get(file)?.data.length ?? 0;
  }

  /** How much of a change of so many bytes happens. */
  #spend(bytes: number, age: number, takesRoom: boolean): number {
    if (age !== this.#age || this.written >= this.#end) {
      throw domError("InvalidStateError", "the browser has ended");
    }
    if (takesRoom && this.written + bytes > this.#full) {
      throw domError("QuotaExceededError", "the quota is used up");
    }
    const done = Math.min(bytes, this.#end - this.written);
    this.written += done;
    return done;
  }

  #directory(folder: Folder, age: number): DirectoryHandle {
    return {
      getDirectoryHandle: async (name, { create }) => {
        let found = folder.folders.get(name);
        if (!found) {
          if (!create) {
            throw domError("NotFoundError", `no directory ${name}`);
          }
          this.#spend(1, age, false);
          found = { files: new Map(), folders: new Map() };
          folder.folders.set(name, found);
        }
        return this.#directory(found, age);
      },
      getFileHandle: async (name, { create }) => {
        let found = folder.files.get(name);
        if (!found) {
          if (!create) {
            throw domError("NotFoundError", `no file ${name}`);
          }
          this.#spend(1, age, false);
          found = { data: new Uint8Array(0), holder: undefined };
          folder.files.set(name, found);
        }
        return this.#file(found, age);
      },
      removeEntry: async (name) => {
        const found = folder.files.get(name);
        if (!found) {
          throw domError("NotFoundError", `no file ${name}`);
        }
        if (found.holder) {
          throw domError("NoModificationAllowedError", `${name} is open`);
        }
        this.#spend(1, age, false);
        folder.files.delete(name);
      },
      keys: async function* () {
        yield* [...folder.files.keys()];
      },
    };
  }

  #file(file: File, age: number): FileHandle {
    return {
      getFile: async () => ({ size: file.data.length }),
      createSyncAccessHandle: async () => {
        if (file.holder) {
          throw domError("NoModificationAllowedError", "the file is open");
        }
        const handle = this.#handle(file, age);
        file.holder = handle;
        this.open++;
        return handle;
      },
    };
  }

  #handle(file: File, age: number): SyncHandle {
    const usable = (): void => {
      if (file.holder !== handle) {
        throw domError("InvalidStateError", "the handle is closed");
      }
    };
    const handle: SyncHandle = {
      read: (into, { at }) => {
        usable();
        const part = file.data.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (from, { at }) => {
        usable();
        const count = this.#spend(from.length, age, true);
        if (at + count > file.data.length) {
          const larger = new Uint8Array(at + count);
          larger.set(file.data);
          file.data = larger;
        }
        file.data.set(from.subarray(0, count), at);
        if (count < from.length) {
          throw domError("InvalidStateError", "the browser has ended");
        }
        return count;
      },
      truncate: (size) => {
        usable();
        this.#spend(1, age, false);
        const other = new Uint8Array(size);
        other.set(file.data.subarray(0, size));
        file.data = other;
      },
      getSize: () => {
        usable();
        return file.data.length;
      },
      flush: usable,
      close: () => {
        if (file.holder === handle) {
          file.holder = undefined;
          this.open--;
        }
      },
    };
    return handle;
  }
}
