import * as fs from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { errno, errnoOf } from "../../abi/errno.js";
import { CONSTANTS } from "../../abi/layout.js";
import { FileBytes } from "./file-bytes.js";
import { permitted } from "./permission.js";

const require = createRequire(import.meta.url);

/** The module's open flags, as far as the guest passes them on. */
const OpenFlag = {
  accessMode: 3,
  create: CONSTANTS.O_CREAT,
  exclusive: CONSTANTS.O_EXCL,
  append: CONSTANTS.O_APPEND,
  noFollow: CONSTANTS.O_NOFOLLOW,
} as const;

/** Directory entry types as the C library numbers them. */
const EntryType = {
  unknown: CONSTANTS.DT_UNKNOWN,
  fifo: CONSTANTS.DT_FIFO,
  character: CONSTANTS.DT_CHR,
  directory: CONSTANTS.DT_DIR,
  block: CONSTANTS.DT_BLK,
  file: CONSTANTS.DT_REG,
  link: CONSTANTS.DT_LNK,
  socket: CONSTANTS.DT_SOCK,
};

/** The guest's only user and group, which the host's own are shown as. */
const GUEST_ID = 1000n;
const HOST_UID = permitted(() => BigInt(process.getuid?.() ?? 0), () => undefined);
const HOST_GID = permitted(() => BigInt(process.getgid?.() ?? 0), () => undefined);
/** Where it is not known, it may be any: modes are then always set once more. */
const HOST_UMASK = permitted(() => process.umask(), () => 0o777);

const IS_DENO = process.versions["deno"] !== undefined;

/** The guest's memory. Its buffer is another object after it has grown. */
export interface HostMemory {
  readonly buffer: ArrayBufferLike;
}

/** Gives the module's functions in this realm. */
export type HostFunctions = () => Readonly<Record<string, unknown>>;

/**
 * The file imports of `wasm/include/weft_host.h` for Node: folders of the host and the
 * process's standard streams, all synchronous, in whichever realm calls. File
 * descriptors belong to the process, so one realm may use what another opened.
 *
 * Results are >= 0, or a guest errno made negative; nothing throws.
 */
export class NodeHostFs {
  readonly #glueUrl: string;
  #memory: HostMemory | undefined;

  /** @param glueUrl URL of the runtime's glue; the library's files are beside it. */
  constructor(glueUrl: string) {
    this.#glueUrl = glueUrl;
  }

  /** Called once per realm by the glue, before any other method. */
  bind(memory: HostMemory, _functions: HostFunctions): void {
    this.#memory = memory;
  }

  // ---- standard streams --------------------------------------------------------------

  /** Writes to descriptor 1 or 2; waits while a pipe is full. */
  stdioWrite(fd: number, address: number, length: number): number {
    return attempt(() => {
      for (;;) {
        try {
          return fs.writeSync(fd, this.#view(address, length), 0, length);
        } catch (error) {
          // A pipe that its reader made non-blocking; there is no call that waits for it.
          if (errnoOf(error) !== errno.EAGAIN) {
            throw error;
          }
          Atomics.wait(pause, 0, 0, 5);
        }
      }
    });
  }

  /** Reads from a standard input that is a regular file. */
  stdioRead(fd: number, address: number, length: number, offset: number): number {
    return this.fsRead(fd, address, length, offset);
  }

  // ---- the standard library ----------------------------------------------------------------

  /** Checks the hash too: until the engine has optimised it, the guest's own code takes twenty times as long. */
  library(name: number, address: number, length: number, hash: number): number {
    return attempt(() => {
      const file = new FileBytes(fileURLToPath(new URL(this.#path(name).toString(), this.#glueUrl)));
      try {
        // Few threads need it.
        const { createHash } = require("node:crypto") as typeof import("node:crypto");
        if (!createHash("sha256").update(file.bytes).digest().equals(this.#view(hash, 32).slice()) || file.bytes.length !== length) {
          return -errno.EBADMSG;
        }
        this.#view(address, length).set(file.bytes);
        return 1;
      } finally {
        file.free();
      }
    });
  }

  // ---- open files -----------------------------------------------------------------------

  fsOpen(path: number, flags: number, mode: number): number {
    return attempt(() => {
      let native = flags & OpenFlag.accessMode;
      native |= flags & OpenFlag.create ? fs.constants.O_CREAT : 0;
      native |= flags & OpenFlag.exclusive ? fs.constants.O_EXCL : 0;
      native |= flags & OpenFlag.append ? fs.constants.O_APPEND : 0;
      native |= flags & OpenFlag.noFollow ? (fs.constants.O_NOFOLLOW ?? 0) : 0;
      const handle = fs.openSync(this.#path(path), native, mode);
      if (flags & OpenFlag.create && mode & HOST_UMASK) {
        // The guest has a umask of its own and has applied it already.
        fs.fchmodSync(handle, mode);
      }
      return handle;
    });
  }

  fsClose(handle: number): number {
    return attempt(() => {
      fs.closeSync(handle);
    });
  }

  fsRead(handle: number, address: number, length: number, offset: number): number {
    return attempt(() => fs.readSync(handle, this.#view(address, length), 0, length, offset));
  }

  /** `offset` < 0: where the file's append mode puts it. */
  fsWrite(handle: number, address: number, length: number, offset: number): number {
    return attempt(() =>
      fs.writeSync(handle, this.#view(address, length), 0, length, offset < 0 ? null : offset),
    );
  }

  fsFstat(handle: number, out: number): number {
    return attempt(() => {
      this.#putStat(out, fs.fstatSync(handle, { bigint: true }));
    });
  }

  fsFtruncate(handle: number, length: number): number {
    return attempt(() => {
      fs.ftruncateSync(handle, length);
    });
  }

  fsFsync(handle: number): number {
    return attempt(() => {
      fs.fsyncSync(handle);
    });
  }

  // ---- names ----------------------------------------------------------------------------------

  fsLstat(path: number, out: number): number {
    return attempt(() => {
      // Most look-ups of a program's start find nothing, and an exception is slow.
      const stat = fs.lstatSync(this.#path(path), { bigint: true, throwIfNoEntry: false });
      if (!stat) {
        return -errno.ENOENT; // the caller knows that the folders on the way exist
      }
      this.#putStat(out, stat);
      return 0;
    });
  }

  /** Packs all entries; returns the bytes that takes, more than `size` if it did not fit. */
  fsReaddir(path: number, address: number, size: number): number {
    return attempt(() => {
      const folder = this.#path(path);
      const prefix = Buffer.concat([folder, Buffer.from("/")]);
      const entries: { name: Buffer; type: number; inode: bigint }[] = [];
      let total = 0;
      // Deno and Bun give no types with names as bytes.
      for (const name of fs.readdirSync(folder, { encoding: "buffer" })) {
        if (name.length > 255) {
          continue; // not a name that the guest could use
        }
        const stat = fs.lstatSync(Buffer.concat([prefix, name]), { bigint: true, throwIfNoEntry: false });
        if (stat) {
          entries.push({ name, type: entryType(stat), inode: stat.ino });
          total += 10 + name.length;
        }
      }
      if (total <= size) {
        const view = this.#view(address, total);
        const data = new DataView(view.buffer, view.byteOffset, total);
        let at = 0;
        for (const { name, type, inode } of entries) {
          data.setBigUint64(at, inode, true);
          view[at + 8] = type;
          view[at + 9] = name.length;
          view.set(name, at + 10);
          at += 10 + name.length;
        }
      }
      return total;
    });
  }

  fsMkdir(path: number, mode: number): number {
    return attempt(() => {
      const name = this.#path(path);
      try {
        fs.mkdirSync(name, mode);
      } catch (error) {
        // Deno 2.9 fails to report that the name exists where the name is bytes.
        if (error instanceof TypeError && fs.lstatSync(name, { throwIfNoEntry: false })) {
          return -errno.EEXIST;
        }
        throw error;
      }
      if (mode & HOST_UMASK) {
        fs.chmodSync(name, mode);
      }
      return 0;
    });
  }

  fsRmdir(path: number): number {
    return attempt(() => {
      fs.rmdirSync(this.#path(path));
    });
  }

  fsUnlink(path: number): number {
    return attempt(() => {
      const name = this.#path(path);
      // Deno removes folders too.
      if (IS_DENO && fs.lstatSync(name).isDirectory()) {
        return -errno.EISDIR;
      }
      fs.unlinkSync(name);
      return 0;
    });
  }

  fsRename(from: number, to: number): number {
    return attempt(() => {
      fs.renameSync(this.#path(from), this.#path(to));
    });
  }

  fsLink(from: number, to: number): number {
    return attempt(() => {
      fs.linkSync(this.#path(from), this.#path(to));
    });
  }

  fsSymlink(target: number, path: number): number {
    return attempt(() => {
      fs.symlinkSync(this.#path(target), this.#path(path));
    });
  }

  fsReadlink(path: number, address: number, size: number): number {
    return attempt(() => {
      const target = fs.readlinkSync(this.#path(path), { encoding: "buffer" });
      const length = Math.min(target.length, size);
      this.#view(address, length).set(target.subarray(0, length));
      return length;
    });
  }

  fsTruncate(path: number, length: number): number {
    return attempt(() => {
      fs.truncateSync(this.#path(path), length);
    });
  }

  fsChmod(path: number, mode: number): number {
    return attempt(() => {
      fs.chmodSync(this.#path(path), mode);
    });
  }

  fsAccess(path: number, mode: number): number {
    return attempt(() => {
      const name = this.#path(path);
      // Deno asks who the user is. Without the permission for it only the use itself tells.
      permitted(
        () => {
          fs.accessSync(name, mode);
        },
        () => {
          fs.statSync(name);
        },
      );
    });
  }

  /** Nanoseconds < 0 leave that time alone. Node keeps about a microsecond's precision. */
  fsUtimes(path: number, atimeMs: number, atimeNs: number, mtimeMs: number, mtimeNs: number): number {
    return attempt(() => {
      const name = this.#path(path);
      const old = atimeNs < 0 || mtimeNs < 0 ? fs.lstatSync(name) : undefined;
      const atime = atimeNs < 0 ? old!.atimeMs / 1e3 : seconds(atimeMs, atimeNs);
      const mtime = mtimeNs < 0 ? old!.mtimeMs / 1e3 : seconds(mtimeMs, mtimeNs);
      fs.lutimesSync(name, atime, mtime);
    });
  }

  fsStatfs(path: number, out: number): number {
    return attempt(() => {
      const stat = fs.statfsSync(this.#path(path));
      new Float64Array(this.#buffer(), out, 6).set([
        stat.bsize,
        stat.blocks,
        stat.bfree,
        stat.bavail,
        stat.files,
        stat.ffree,
      ]);
    });
  }

  // ---- the process ---------------------------------------------------------------------------

  /** What the process has used: the order of `weft_host_usage`. */
  processUsage(out: number): number {
    const usage = permitted(() => process.resourceUsage(), () => undefined);
    if (usage === undefined) {
      return -errno.ENOSYS;
    }
    new BigInt64Array(this.#buffer(), out, 3).set([usage.userCPUTime, usage.systemCPUTime, usage.maxRSS].map((value) => BigInt(Math.round(value))));
    return 0;
  }

  // ---- memory -------------------------------------------------------------------------------------

  #buffer(): ArrayBufferLike {
    if (!this.#memory) {
      throw new TypeError("the host object was used before the glue called bind()");
    }
    return this.#memory.buffer;
  }

  #view(address: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer(), address, length);
  }

  /** The C string at `address`, as bytes: host names need not be UTF-8. */
  #path(address: number): Buffer {
    const memory = new Uint8Array(this.#buffer());
    return Buffer.from(memory.slice(address, memory.indexOf(0, address)));
  }

  #putStat(address: number, stat: fs.BigIntStats): void {
    // The order of `weft_host_stat`.
    new BigInt64Array(this.#buffer(), address, 11).set([
      stat.mode,
      stat.nlink,
      stat.uid === HOST_UID ? GUEST_ID : stat.uid,
      stat.gid === HOST_GID ? GUEST_ID : stat.gid,
      stat.size,
      stat.blocks,
      stat.dev,
      BigInt.asIntN(64, stat.ino),
      stat.atimeNs,
      stat.mtimeNs,
      stat.ctimeNs,
    ]);
  }
}

/** Nobody notifies it: waiting on it is a pause. */
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Node cuts what it is given to microseconds: half of one keeps that from being one less. */
function seconds(ms: number, ns: number): number {
  return (ms * 1e3 + Math.floor(ns / 1e3) + 0.5) / 1e6;
}

function attempt(call: () => number | void): number {
  try {
    return call() ?? 0;
  } catch (error) {
    return -errnoOf(error);
  }
}

function entryType(stat: fs.BigIntStats): number {
  if (stat.isFile()) {
    return EntryType.file;
  }
  if (stat.isDirectory()) {
    return EntryType.directory;
  }
  if (stat.isSymbolicLink()) {
    return EntryType.link;
  }
  if (stat.isFIFO()) {
    return EntryType.fifo;
  }
  if (stat.isSocket()) {
    return EntryType.socket;
  }
  if (stat.isCharacterDevice()) {
    return EntryType.character;
  }
  return stat.isBlockDevice() ? EntryType.block : EntryType.unknown;
}
