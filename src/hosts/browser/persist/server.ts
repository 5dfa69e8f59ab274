import { errno } from "../../../abi/errno.js";
import { CONSTANTS } from "../../../abi/layout.js";
import { CAPACITY, Operation, type Channel, type Request } from "./channel.js";
import { isFull, isMissing } from "./opfs.js";
import { FsError, type Path } from "./records.js";
import type { Stat, Store } from "./store.js";
import { FileType } from "./tree.js";

const encoder = new TextEncoder();
/** Names are text here: the journal could not keep others. */
const decoder = new TextDecoder("utf-8", { fatal: true });
const [GUEST_ID, BLOCK] = [1000n, 4096];

/** Room and use of the origin's storage, in bytes. */
export type Estimate = () => Promise<{ readonly quota?: number; readonly usage?: number }>;

/** Texts as they are in a request: one after the other, each with a NUL. */
function textsOf(data: Uint8Array): string[] {
  let text: string;
  try {
    text = decoder.decode(data.slice());
  } catch {
    throw new FsError(errno.EILSEQ);
  }
  return text.split("\0").slice(0, -1);
}

function pathOf(text: string): Path {
  return text.split("/").filter((name) => name !== "");
}

function nanoseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000)) * 1000n;
}

/** In the order of `weft_host_stat`. */
function putStat(room: Uint8Array, stat: Stat): number {
  const values = [
    BigInt(stat.mode), BigInt(stat.links), GUEST_ID, GUEST_ID, BigInt(stat.size), BigInt(Math.ceil(stat.size / 512)), 1n, BigInt(stat.ino),
    nanoseconds(stat.atime), nanoseconds(stat.mtime), nanoseconds(stat.ctime),
  ];
  const view = new DataView(room.buffer, room.byteOffset);
  values.forEach((value, i) => {
    view.setBigInt64(8 * i, value, true);
  });
  return 8 * values.length;
}

function entryType(mode: number): number {
  const type = mode & FileType.mask;
  return type === FileType.directory ? CONSTANTS.DT_DIR : type === FileType.link ? CONSTANTS.DT_LNK : CONSTANTS.DT_REG;
}

/** Entries from a place on, as many as there is room for: the records of `weft_host_fs_readdir`. */
function putList(room: Uint8Array, entries: ReturnType<Store["list"]>, first: number): { readonly count: number; readonly length: number } {
  const view = new DataView(room.buffer, room.byteOffset, room.length);
  let length = 0;
  let count = 0;
  for (const { name, ino, mode } of entries.slice(first)) {
    const bytes = encoder.encode(name);
    if (length + 10 + bytes.length > room.length) {
      break;
    }
    view.setBigUint64(length, BigInt(ino), true);
    room[length + 8] = entryType(mode);
    room[length + 9] = bytes.length;
    room.set(bytes, length + 10);
    length += 10 + bytes.length;
    count++;
  }
  return { count, length };
}

interface Answer {
  readonly result: number;
  readonly length: number;
}

const DONE: Answer = { result: 0, length: 0 };

async function perform(store: Store, { operation, numbers, data }: Request, room: Uint8Array, estimate: Estimate): Promise<Answer> {
  const [a, b, c] = numbers as [number, number, number];
  const path = (place = 0): Path => pathOf(textsOf(data)[place]!);
  switch (operation) {
    case Operation.open:
      return { result: await store.openFile(path(), a, b), length: 0 };
    case Operation.close:
      await store.closeFile(a);
      return DONE;
    case Operation.read: {
      // Browsers differ in whether they read into shared memory.
      const part = new Uint8Array(Math.min(b, CAPACITY));
      const count = store.read(a, part, c);
      room.set(part.subarray(0, count));
      return { result: count, length: count };
    }
    case Operation.write:
      return { result: store.write(a, data.slice(), b), length: 0 };
    case Operation.statFile:
      return { result: 0, length: putStat(room, await store.statFile(a)) };
    case Operation.resize:
      store.resize(a, b);
      return DONE;
    case Operation.sync:
      store.sync(a);
      return DONE;
    case Operation.stat:
      return { result: 0, length: putStat(room, await store.stat(path())) };
    case Operation.list: {
      const entries = store.list(path());
      const { count, length } = putList(room, entries, a);
      return { result: count, length };
    }
    case Operation.makeDirectory:
      store.makeDirectory(path(), a);
      return DONE;
    case Operation.removeDirectory:
      store.removeDirectory(path());
      return DONE;
    case Operation.unlink:
      await store.unlink(path());
      return DONE;
    case Operation.rename:
      await store.rename(path(0), path(1));
      return DONE;
    case Operation.link:
      store.link(path(0), path(1));
      return DONE;
    case Operation.symlink:
      store.makeLink(path(1), textsOf(data)[0]!);
      return DONE;
    case Operation.readLink: {
      const target = encoder.encode(store.linkTarget(path()));
      room.set(target);
      return { result: target.length, length: target.length };
    }
    case Operation.truncate:
      await store.truncate(path(), a);
      return DONE;
    case Operation.changeMode:
      store.changeMode(path(), a);
      return DONE;
    case Operation.access:
      store.access(path(), a);
      return DONE;
    case Operation.changeTimes:
      store.changeTimes(path(), Number.isNaN(a) ? undefined : a, Number.isNaN(b) ? undefined : b);
      return DONE;
    case Operation.statFileSystem: {
      const { quota = 0, usage = 0 } = await estimate();
      const blocks = Math.floor(quota / BLOCK);
      const free = Math.max(0, Math.floor((quota - usage) / BLOCK));
      const view = new DataView(room.buffer, room.byteOffset);
      [BLOCK, blocks, free, free, blocks, free].forEach((value, i) => {
        view.setFloat64(8 * i, value, true);
      });
      return { result: 0, length: 48 };
    }
    default:
      throw new FsError(errno.ENOSYS);
  }
}

function errnoOf(error: unknown): number {
  return error instanceof FsError ? error.errno : isFull(error) ? errno.ENOSPC : isMissing(error) ? errno.ENOENT : errno.EIO;
}

/** Answers requests, one after the other, for ever. What the browser refuses for another reason than room is an I/O error, and is told. */
export async function serve(store: Store, channel: Channel, estimate: Estimate, onError: (error: unknown) => void): Promise<never> {
  for (;;) {
    const request = channel.receive();
    let answer: Answer;
    try {
      answer = await perform(store, request, channel.room, estimate);
    } catch (error) {
      const code = errnoOf(error);
      if (code === errno.EIO) {
        onError(error);
      }
      answer = { result: -code, length: 0 };
    }
    channel.answer(answer.result, answer.length);
  }
}
