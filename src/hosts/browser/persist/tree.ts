import { errno } from "../../../abi/errno.js";
import { FsError, type Entry, type Path, type Record as JournalRecord } from "./records.js";

/** Types of files in a mode. */
export const FileType = { mask: 0o170000, directory: 0o040000, file: 0o100000, link: 0o120000 } as const;
export const ROOT = 1;

export function isDirectory(entry: Entry): boolean {
  return (entry.mode & FileType.mask) === FileType.directory;
}

/**
 * The names, kinds and times of all files, as the journal's records made them. Reading it never changes it; {@link apply}
 * is the one way to change it, at the time of a call as when the journal is read again.
 */
export class Tree {
  readonly #entries = new Map<number, Entry>();
  #next = ROOT + 1;

  constructor() {
    this.#entries.set(ROOT, { ino: ROOT, mode: FileType.directory | 0o755, links: 2, atime: 0, mtime: 0, ctime: 0, children: new Map(), target: undefined });
  }

  /** A number that no file ever had. */
  get next(): number {
    return this.#next;
  }

  has(ino: number): boolean {
    return this.#entries.has(ino);
  }

  entry(ino: number): Entry {
    const found = this.#entries.get(ino);
    if (!found) {
      throw new FsError(errno.ENOENT);
    }
    return found;
  }

  /** The directory of a path and the path's last name. */
  parent(path: Path): { readonly directory: Entry; readonly name: string } {
    let directory = this.entry(ROOT);
    for (const name of path.slice(0, -1)) {
      directory = this.#child(directory, name);
    }
    if (!isDirectory(directory)) {
      throw new FsError(errno.ENOTDIR);
    }
    return { directory, name: path[path.length - 1]! };
  }

  #child(directory: Entry, name: string): Entry {
    if (!directory.children) {
      throw new FsError(errno.ENOTDIR);
    }
    const ino = directory.children.get(name);
    if (ino === undefined) {
      throw new FsError(errno.ENOENT);
    }
    return this.entry(ino);
  }

  find(path: Path): Entry {
    return path.reduce((entry, name) => this.#child(entry, name), this.entry(ROOT));
  }

  /** Whether a directory is another one or inside of it. */
  isInside(directory: Entry, other: Entry): boolean {
    return directory === other || [...(other.children?.values() ?? [])].some((ino) => this.isInside(directory, this.entry(ino)));
  }

  /** Changes the tree. The record must be possible: whoever made it has looked. */
  apply(record: JournalRecord): void {
    switch (record[0]) {
      case "make": {
        const [, ino, parent, name, mode, time, target] = record;
        const children = (mode & FileType.mask) === FileType.directory ? new Map<string, number>() : undefined;
        this.#entries.set(ino, { ino, mode, links: children ? 2 : 1, atime: time, mtime: time, ctime: time, children, target: target ?? undefined });
        this.#put(parent, name, ino, time);
        this.#next = Math.max(this.#next, ino + 1);
        return;
      }
      case "link": {
        const [, ino, parent, name, time] = record;
        const entry = this.entry(ino);
        entry.links++;
        entry.ctime = time;
        this.#put(parent, name, ino, time);
        return;
      }
      case "drop": {
        const [, parent, name, time] = record;
        this.#drop(this.entry(parent), name, time);
        return;
      }
      case "move": {
        const [, parent, name, newParent, newName, time] = record;
        const from = this.entry(parent);
        const to = this.entry(newParent);
        const ino = from.children!.get(name)!;
        if (to.children!.has(newName)) {
          this.#drop(to, newName, time);
        }
        from.children!.delete(name);
        from.mtime = from.ctime = time;
        to.children!.set(newName, ino);
        to.mtime = to.ctime = time;
        const entry = this.entry(ino);
        entry.ctime = time;
        if (isDirectory(entry)) {
          from.links--;
          to.links++;
        }
        return;
      }
      case "mode": {
        const [, ino, mode, time] = record;
        const entry = this.entry(ino);
        entry.mode = (entry.mode & FileType.mask) | mode;
        entry.ctime = time;
        return;
      }
      case "times": {
        const [, ino, atime, mtime, ctime] = record;
        Object.assign(this.entry(ino), { atime, mtime, ctime });
        return;
      }
      case "next":
        this.#next = Math.max(this.#next, record[1]);
        return;
    }
  }

  #put(parent: number, name: string, ino: number, time: number): void {
    const directory = this.entry(parent);
    directory.children!.set(name, ino);
    directory.mtime = directory.ctime = time;
    if (isDirectory(this.entry(ino))) {
      directory.links++;
    }
  }

  #drop(directory: Entry, name: string, time: number): void {
    const entry = this.entry(directory.children!.get(name)!);
    directory.children!.delete(name);
    directory.mtime = directory.ctime = time;
    entry.ctime = time;
    entry.links -= isDirectory(entry) ? 2 : 1;
    if (isDirectory(entry)) {
      directory.links--;
    }
  }

  /** A file without a name is forgotten when nobody has it open. */
  forget(ino: number): void {
    this.#entries.delete(ino);
  }

  /** Files that no name leads to: those that were open when the browser ended. */
  nameless(): number[] {
    return [...this.#entries.values()].filter((entry) => entry.links === 0).map(({ ino }) => ino);
  }

  /** Records that make the same tree from nothing. */
  snapshot(): JournalRecord[] {
    const records: JournalRecord[] = [];
    const times: JournalRecord[] = [];
    const seen = new Set<number>();
    const visit = (directory: Entry): void => {
      for (const [name, ino] of directory.children!) {
        const entry = this.entry(ino);
        records.push(seen.has(ino) ? ["link", ino, directory.ino, name, entry.ctime] : ["make", ino, directory.ino, name, entry.mode, entry.ctime, entry.target ?? null]);
        if (!seen.has(ino)) {
          seen.add(ino);
          times.push(["times", ino, entry.atime, entry.mtime, entry.ctime]);
          if (isDirectory(entry)) {
            visit(entry);
          }
        }
      }
    };
    const root = this.entry(ROOT);
    visit(root);
    return [...records, ...times, ["mode", ROOT, root.mode & 0o7777, root.ctime], ["times", ROOT, root.atime, root.mtime, root.ctime], ["next", this.#next]];
  }
}
