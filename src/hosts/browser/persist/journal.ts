import type { DirectoryHandle, SyncHandle } from "./opfs.js";

const NAMES = ["journal-a", "journal-b"] as const;
const VERSION = 1;
/** A journal is written anew when it is loaded and has more than so many times the bytes that its content needs. */
const WASTE = 2;
const SMALL = 64 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** FNV-1a of 32 bits: tells lines that were cut off, not those that somebody forged. */
function checksum(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function line(record: unknown): string {
  const text = JSON.stringify(record);
  return `${checksum(text)} ${text}\n`;
}

/** Throws when there is no room for all of it. */
function writeAll(handle: SyncHandle, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) {
    const part = handle.write(bytes.subarray(done), { at: at + done });
    if (part === 0) {
      throw Object.assign(new Error("the journal of the persistent folder could not be written"), { name: "QuotaExceededError" });
    }
    done += part;
  }
}

interface Content {
  readonly generation: number;
  readonly records: unknown[];
  /** Bytes up to the end of the last whole record. */
  readonly length: number;
}

function contentOf(handle: SyncHandle): Content | undefined {
  const bytes = new Uint8Array(handle.getSize());
  handle.read(bytes, { at: 0 });
  const records: unknown[] = [];
  let length = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, length)) {
    const text = decoder.decode(bytes.subarray(length, end));
    if (text.slice(0, 8) !== checksum(text.slice(9))) {
      break;
    }
    records.push(JSON.parse(text.slice(9)));
    length = end + 1;
  }
  const [first, ...rest] = records;
  const header = first as readonly unknown[] | undefined;
  if (header?.[0] !== "weft") {
    return undefined;
  }
  if (header[1] !== VERSION) {
    throw new Error(`the persistent folder was written by another version of Weft (its journal has version ${String(header[1])}, this one reads ${VERSION})`);
  }
  // The header says how many records it began with: without all of them, writing it anew was cut off.
  return rest.length >= (header[3] as number) ? { generation: header[2] as number, records: rest, length } : undefined;
}

/**
 * A list of records that survives: appending one is all or nothing, whenever the browser ends. A line has its checksum, and
 * loading ends at the first that is not whole. Two files take turns: the one with the higher generation counts, and
 * when it is written anew the other one is complete and flushed before this one is emptied.
 *
 * One worker owns it: the handles are exclusive, so no other page or interpreter can open the journal meanwhile.
 */
export class Journal {
  readonly #handles: readonly [SyncHandle, SyncHandle];
  #current: 0 | 1 = 0;
  #generation = 0;
  #length = 0;

  private constructor(handles: readonly [SyncHandle, SyncHandle]) {
    this.#handles = handles;
  }

  /** Opens the journal of a folder; `records` are those that were appended. */
  static async open(folder: DirectoryHandle): Promise<{ readonly journal: Journal; readonly records: readonly unknown[] }> {
    const handles: SyncHandle[] = [];
    try {
      for (const name of NAMES) {
        handles.push(await (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle());
      }
      const journal = new Journal(handles as [SyncHandle, SyncHandle]);
      return { journal, records: journal.#load() };
    } catch (error) {
      handles.forEach((handle) => {
        handle.close();
      });
      throw error;
    }
  }

  #load(): readonly unknown[] {
    const contents = this.#handles.map(contentOf);
    const newest = [0, 1].reduce((best, i) => ((contents[i]?.generation ?? -1) > (contents[best]?.generation ?? -1) ? i : best)) as 0 | 1;
    const content = contents[newest];
    if (content === undefined) {
      this.rewrite([]);
      return [];
    }
    this.#current = newest;
    this.#generation = content.generation;
    this.#length = content.length;
    // What was cut off shall not come before the next record.
    this.#handles[newest].truncate(content.length);
    return content.records;
  }

  /** Adds a record. Throws when there is no room for it, and nothing is added. */
  append(record: unknown): void {
    const handle = this.#handles[this.#current];
    const bytes = encoder.encode(line(record));
    try {
      writeAll(handle, bytes, this.#length);
    } catch (error) {
      handle.truncate(this.#length);
      throw error;
    }
    this.#length += bytes.length;
  }

  /** Whether {@link rewrite} with these records would save much. */
  wastes(records: readonly unknown[]): boolean {
    return this.#length > SMALL && this.#length > WASTE * records.reduce<number>((sum, record) => sum + line(record).length, 0);
  }

  /** Puts other records in the place of all. When the browser ends meanwhile, or there is no room for them, the old ones are left. */
  rewrite(records: readonly unknown[]): void {
    const other = this.#current === 0 ? 1 : 0;
    const handle = this.#handles[other];
    const bytes = encoder.encode([["weft", VERSION, this.#generation + 1, records.length], ...records].map(line).join(""));
    handle.truncate(0);
    writeAll(handle, bytes, 0);
    handle.flush();
    this.#handles[this.#current].truncate(0);
    this.#current = other;
    this.#generation++;
    this.#length = bytes.length;
  }

  /** Returns when what was appended is on the device. */
  flush(): void {
    this.#handles[this.#current].flush();
  }

  close(): void {
    this.#handles.forEach((handle) => {
      handle.close();
    });
  }
}
