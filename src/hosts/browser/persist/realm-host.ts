import type { OutputBudget } from "../output-budget.js";
import { BrowserRealmHost } from "../realm-host.js";
import { CAPACITY, Operation, type Channel } from "./channel.js";

/** A realm's imports where a persistent folder is mounted: `weft_host_fs_*` ask the worker that owns it. */
class PersistingRealmHost extends BrowserRealmHost {
  readonly #channel: Channel;
  readonly #mayWait: boolean;

  constructor(runtime: string, budget: OutputBudget, mayWait: boolean, channel: Channel) {
    super(runtime, budget, mayWait);
    this.#channel = channel;
    this.#mayWait = mayWait;
  }

  #view(address: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, length);
  }

  #call(operation: number, numbers: readonly number[], data?: Uint8Array, use?: (result: number, answer: Uint8Array) => void): number {
    return this.#channel.call(operation, numbers, data, this.#mayWait, use);
  }

  /** The C strings, each with its NUL. */
  #texts(...addresses: readonly number[]): Uint8Array {
    const memory = new Uint8Array(this.memory.buffer);
    const parts = addresses.map((address) => memory.subarray(address, memory.indexOf(0, address) + 1));
    const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => {
      joined.set(part, at);
      return at + part.length;
    }, 0);
    return joined;
  }

  /** An operation whose answer goes to memory. */
  #into(out: number, operation: number, numbers: readonly number[], data?: Uint8Array): number {
    return this.#call(operation, numbers, data, (_, answer) => {
      this.#view(out, answer.length).set(answer);
    });
  }

  fsOpen(path: number, flags: number, mode: number): number {
    return this.#call(Operation.open, [flags, mode], this.#texts(path));
  }

  fsClose(handle: number): number {
    return this.#call(Operation.close, [handle]);
  }

  fsRead(handle: number, address: number, length: number, offset: number): number {
    let done = 0;
    while (done < length) {
      const wanted = Math.min(length - done, CAPACITY);
      const count = this.#into(address + done, Operation.read, [handle, wanted, offset + done]);
      if (count < 0) {
        return done > 0 ? done : count;
      }
      done += count;
      if (count < wanted) {
        break;
      }
    }
    return done;
  }

  fsWrite(handle: number, address: number, length: number, offset: number): number {
    let done = 0;
    while (done < length) {
      const wanted = Math.min(length - done, CAPACITY);
      const count = this.#call(Operation.write, [handle, offset < 0 ? -1 : offset + done], this.#view(address + done, wanted));
      if (count < 0) {
        return done > 0 ? done : count;
      }
      done += count;
      if (count < wanted) {
        break;
      }
    }
    return done;
  }

  fsFstat(handle: number, out: number): number {
    return this.#into(out, Operation.statFile, [handle]);
  }

  fsFtruncate(handle: number, length: number): number {
    return this.#call(Operation.resize, [handle, length]);
  }

  fsFsync(handle: number): number {
    return this.#call(Operation.sync, [handle]);
  }

  fsLstat(path: number, out: number): number {
    return this.#into(out, Operation.stat, [], this.#texts(path));
  }

  /** The caller has the mount's lock, so the parts are of one listing. */
  fsReaddir(path: number, address: number, size: number): number {
    const texts = this.#texts(path);
    let total = 0;
    for (let first = 0; ;) {
      const count = this.#call(Operation.list, [first], texts, (_, answer) => {
        if (total + answer.length <= size) {
          this.#view(address + total, answer.length).set(answer);
        }
        total += answer.length;
      });
      if (count <= 0) {
        return count < 0 ? count : total;
      }
      first += count;
    }
  }

  fsMkdir(path: number, mode: number): number {
    return this.#call(Operation.makeDirectory, [mode], this.#texts(path));
  }

  fsRmdir(path: number): number {
    return this.#call(Operation.removeDirectory, [], this.#texts(path));
  }

  fsUnlink(path: number): number {
    return this.#call(Operation.unlink, [], this.#texts(path));
  }

  fsRename(from: number, to: number): number {
    return this.#call(Operation.rename, [], this.#texts(from, to));
  }

  fsLink(from: number, to: number): number {
    return this.#call(Operation.link, [], this.#texts(from, to));
  }

  fsSymlink(target: number, path: number): number {
    return this.#call(Operation.symlink, [], this.#texts(target, path));
  }

  fsReadlink(path: number, address: number, size: number): number {
    const length = this.#call(Operation.readLink, [], this.#texts(path), (_, answer) => {
      this.#view(address, Math.min(answer.length, size)).set(answer.subarray(0, size));
    });
    return Math.min(length, size);
  }

  fsTruncate(path: number, length: number): number {
    return this.#call(Operation.truncate, [length], this.#texts(path));
  }

  fsChmod(path: number, mode: number): number {
    return this.#call(Operation.changeMode, [mode], this.#texts(path));
  }

  fsAccess(path: number, mode: number): number {
    return this.#call(Operation.access, [mode], this.#texts(path));
  }

  fsUtimes(path: number, atimeMs: number, atimeNs: number, mtimeMs: number, mtimeNs: number): number {
    // NaN: unchanged.
    return this.#call(Operation.changeTimes, [atimeNs < 0 ? NaN : atimeMs + atimeNs / 1e6, mtimeNs < 0 ? NaN : mtimeMs + mtimeNs / 1e6], this.#texts(path));
  }

  fsStatfs(path: number, out: number): number {
    return this.#into(out, Operation.statFileSystem, [], this.#texts(path));
  }
}

/** The imports of a realm, with or without a persistent folder. */
export function realmHostFor(runtime: string, budget: OutputBudget, mayWait: boolean, channel: Channel | undefined): BrowserRealmHost {
  return channel ? new PersistingRealmHost(runtime, budget, mayWait, channel) : new BrowserRealmHost(runtime, budget, mayWait);
}
