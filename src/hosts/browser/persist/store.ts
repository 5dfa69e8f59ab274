import { errno } from "../../../abi/errno.js";
import { CONSTANTS } from "../../../abi/layout.js";
import { Contents } from "./contents.js";
import { Journal } from "./journal.js";
import { isFull, type DirectoryHandle, type SyncHandle } from "./opfs.js";
import { FsError, type Entry, type Path, type Record } from "./records.js";
import { FileType, isDirectory, Tree } from "./tree.js";

const { O_CREAT, O_EXCL, O_APPEND } = CONSTANTS;
const ACCESS_MODE = 3;
const [READ, WRITE] = [4, 2];
const NAME_MAX = 255;

/** A file as `stat` shows it. */
export interface Stat extends Pick<Entry, "ino" | "mode" | "links" | "atime" | "mtime" | "ctime"> {
  readonly size: number;
}

interface OpenFile {
  readonly ino: number;
  readonly handle: SyncHandle;
  readonly flags: number;
  /** Its time of change is not in the journal yet. */
  dirty: boolean;
}

/**
 * A folder in the origin private file system, with everything that Python expects of one: links, modes, times, files that are
 * renamed or removed while they are open.
 *
 * Names and attributes are records of a {@link Journal}: each change is all or nothing, and they survive in their order.
 * Contents are written in place. So a program that is ended in the middle of a write leaves a part of it, as everywhere; one that
 * writes another file and renames it leaves the old contents or the new ones, since renaming a file flushes its contents
 * before the journal says so. A file's contents are removed after the journal has forgotten its last name; what is left when
 * the browser ends in between is removed when the folder is opened again. Numbers are never used twice.
 *
 * Calls come one after the other: the next one must not begin before the last one's promise is settled.
 */
export class Store {
  readonly #journal: Journal;
  readonly #contents: Contents;
  readonly #tree: Tree;
  readonly #files = new Map<number, OpenFile>();
  #nextFile = 1;

  private constructor(journal: Journal, contents: Contents, tree: Tree) {
    this.#journal = journal;
    this.#contents = contents;
    this.#tree = tree;
  }

  static async open(folder: DirectoryHandle): Promise<Store> {
    const { journal, records } = await Journal.open(folder);
    const tree = new Tree();
    for (const record of records as readonly Record[]) {
      tree.apply(record);
    }
    for (const ino of tree.nameless()) {
      tree.forget(ino);
    }
    const snapshot = tree.snapshot();
    if (journal.wastes(snapshot)) {
      try {
        journal.rewrite(snapshot);
      } catch (error) {
        // The long one is as good, and files can still be read and removed.
        if (!isFull(error)) {
          throw error;
        }
      }
    }
    const contents = new Contents(await folder.getDirectoryHandle("contents", { create: true }));
    await contents.removeStrangers((ino) => tree.has(ino));
    return new Store(journal, contents, tree);
  }

  /** First into the journal: what fails there has not happened. */
  #change(record: Record): void {
    this.#journal.append(record);
    this.#tree.apply(record);
  }

  #require(entry: Entry, bits: number): void {
    if (((entry.mode >> 6) & bits) !== bits) {
      throw new FsError(errno.EACCES);
    }
  }

  /** Where a new name may come. */
  #place(path: Path): { readonly directory: Entry; readonly name: string } {
    if (path.length === 0) {
      throw new FsError(errno.EEXIST);
    }
    const place = this.#tree.parent(path);
    if (new TextEncoder().encode(place.name).length > NAME_MAX) {
      throw new FsError(errno.ENAMETOOLONG);
    }
    this.#require(place.directory, WRITE);
    return place;
  }

  #make(path: Path, mode: number, target: string | null): Entry {
    const { directory, name } = this.#place(path);
    if (directory.children!.has(name)) {
      throw new FsError(errno.EEXIST);
    }
    const ino = this.#tree.next;
    this.#change(["make", ino, directory.ino, name, mode, Date.now(), target]);
    return this.#tree.entry(ino);
  }

  /** The number of an open file. */
  async openFile(path: Path, flags: number, mode: number): Promise<number> {
    let entry: Entry | undefined;
    if (flags & O_CREAT) {
      const { directory, name } = path.length > 0 ? this.#tree.parent(path) : { directory: undefined, name: "" };
      if (directory?.children!.has(name) === false) {
        entry = this.#make(path, FileType.file | (mode & 0o7777), null);
      } else if (flags & O_EXCL) {
        throw new FsError(errno.EEXIST);
      }
    }
    if (!entry) {
      entry = this.#tree.find(path);
      const access = flags & ACCESS_MODE;
      this.#require(entry, (access === 1 ? 0 : READ) | (access === 0 ? 0 : WRITE));
    }
    if ((entry.mode & FileType.mask) !== FileType.file) {
      throw new FsError(isDirectory(entry) ? errno.EISDIR : errno.ELOOP);
    }
    const handle = await this.#contents.use(entry.ino);
    const file = this.#nextFile++;
    this.#files.set(file, { ino: entry.ino, handle, flags, dirty: false });
    return file;
  }

  #file(file: number): OpenFile {
    const found = this.#files.get(file);
    if (!found) {
      throw new FsError(errno.EBADF);
    }
    return found;
  }

  async closeFile(file: number): Promise<void> {
    const open = this.#file(file);
    this.#files.delete(file);
    this.#contents.release(open.ino);
    if (this.#tree.entry(open.ino).links === 0) {
      await this.#removeUnused(open.ino);
    } else {
      this.#noteTimes(open);
    }
  }

  /** A file without a name goes with its last user. */
  async #removeUnused(ino: number): Promise<void> {
    if (this.#tree.entry(ino).links === 0 && ![...this.#files.values()].some((file) => file.ino === ino)) {
      this.#tree.forget(ino);
      await this.#contents.remove(ino);
    }
  }

  read(file: number, into: Uint8Array, at: number): number {
    return this.#file(file).handle.read(into, { at });
  }

  /** `at` < 0: at the end. */
  write(file: number, from: Uint8Array, at: number): number {
    const open = this.#file(file);
    const place = at < 0 || open.flags & O_APPEND ? open.handle.getSize() : at;
    const count = open.handle.write(from, { at: place });
    this.#touch(open);
    return count;
  }

  #touch(open: OpenFile): void {
    const entry = this.#tree.entry(open.ino);
    entry.mtime = entry.ctime = Date.now();
    open.dirty = true;
  }

  resize(file: number, length: number): void {
    const open = this.#file(file);
    open.handle.truncate(length);
    this.#touch(open);
  }

  sync(file: number): void {
    const open = this.#file(file);
    open.handle.flush();
    this.#noteTimes(open);
    this.#journal.flush();
  }

  #noteTimes(open: OpenFile): void {
    if (open.dirty) {
      const { ino, atime, mtime, ctime } = this.#tree.entry(open.ino);
      this.#change(["times", ino, atime, mtime, ctime]);
      open.dirty = false;
    }
  }

  async statFile(file: number): Promise<Stat> {
    return this.#stat(this.#tree.entry(this.#file(file).ino));
  }

  async stat(path: Path): Promise<Stat> {
    return this.#stat(this.#tree.find(path));
  }

  async #stat(entry: Entry): Promise<Stat> {
    const size = isDirectory(entry) ? 0 : entry.target === undefined ? await this.#contents.size(entry.ino) : new TextEncoder().encode(entry.target).length;
    const { ino, mode, links, atime, mtime, ctime } = entry;
    return { ino, mode, links, atime, mtime, ctime, size };
  }

  list(path: Path): { readonly name: string; readonly ino: number; readonly mode: number }[] {
    const directory = this.#tree.find(path);
    if (!directory.children) {
      throw new FsError(errno.ENOTDIR);
    }
    this.#require(directory, READ);
    return [...directory.children].map(([name, ino]) => ({ name, ino, mode: this.#tree.entry(ino).mode }));
  }

  makeDirectory(path: Path, mode: number): void {
    this.#make(path, FileType.directory | (mode & 0o7777), null);
  }

  makeLink(path: Path, target: string): void {
    this.#make(path, FileType.link | 0o777, target);
  }

  linkTarget(path: Path): string {
    const { target } = this.#tree.find(path);
    if (target === undefined) {
      throw new FsError(errno.EINVAL);
    }
    return target;
  }

  link(from: Path, to: Path): void {
    const entry = this.#tree.find(from);
    if (isDirectory(entry)) {
      throw new FsError(errno.EPERM);
    }
    const { directory, name } = this.#place(to);
    if (directory.children!.has(name)) {
      throw new FsError(errno.EEXIST);
    }
    this.#change(["link", entry.ino, directory.ino, name, Date.now()]);
  }

  async unlink(path: Path): Promise<void> {
    const entry = this.#tree.find(path);
    if (isDirectory(entry)) {
      throw new FsError(errno.EISDIR);
    }
    const { directory, name } = this.#place(path);
    this.#change(["drop", directory.ino, name, Date.now()]);
    await this.#removeUnused(entry.ino);
  }

  removeDirectory(path: Path): void {
    const entry = this.#tree.find(path);
    if (path.length === 0) {
      throw new FsError(errno.EBUSY);
    }
    this.#requireEmpty(entry);
    const { directory, name } = this.#place(path);
    this.#change(["drop", directory.ino, name, Date.now()]);
    this.#tree.forget(entry.ino);
  }

  #requireEmpty(entry: Entry): void {
    if (!entry.children) {
      throw new FsError(errno.ENOTDIR);
    }
    if (entry.children.size > 0) {
      throw new FsError(errno.ENOTEMPTY);
    }
  }

  async rename(from: Path, to: Path): Promise<void> {
    const entry = this.#tree.find(from);
    if (from.length === 0 || to.length === 0) {
      throw new FsError(errno.EBUSY);
    }
    const source = this.#place(from);
    const target = this.#place(to);
    const replacedIno = target.directory.children!.get(target.name);
    if (replacedIno === entry.ino) {
      // Two names of one file, or one name: nothing happens.
      return;
    }
    const replaced = replacedIno === undefined ? undefined : this.#tree.entry(replacedIno);
    if (isDirectory(entry)) {
      if (this.#tree.isInside(target.directory, entry)) {
        throw new FsError(errno.EINVAL);
      }
      if (replaced) {
        this.#requireEmpty(replaced);
      }
    } else {
      if (replaced && isDirectory(replaced)) {
        throw new FsError(errno.EISDIR);
      }
      if (entry.target === undefined) {
        await this.#flush(entry.ino);
      }
    }
    this.#change(["move", source.directory.ino, source.name, target.directory.ino, target.name, Date.now()]);
    if (replaced && isDirectory(replaced)) {
      this.#tree.forget(replaced.ino);
    } else if (replaced) {
      await this.#removeUnused(replaced.ino);
    }
  }

  async #flush(ino: number): Promise<void> {
    (await this.#contents.use(ino)).flush();
    this.#contents.release(ino);
  }

  async truncate(path: Path, length: number): Promise<void> {
    const entry = this.#tree.find(path);
    this.#require(entry, WRITE);
    (await this.#contents.use(entry.ino)).truncate(length);
    this.#contents.release(entry.ino);
    const now = Date.now();
    this.#change(["times", entry.ino, entry.atime, now, now]);
  }

  changeMode(path: Path, mode: number): void {
    this.#change(["mode", this.#tree.find(path).ino, mode & 0o7777, Date.now()]);
  }

  /** @param bits 4 to read, 2 to write, 1 to execute or search. */
  access(path: Path, bits: number): void {
    this.#require(this.#tree.find(path), bits);
  }

  /** `undefined` leaves a time as it is. */
  changeTimes(path: Path, atime: number | undefined, mtime: number | undefined): void {
    const entry = this.#tree.find(path);
    this.#change(["times", entry.ino, atime ?? entry.atime, mtime ?? entry.mtime, Date.now()]);
  }

  /** Gives the files back to the browser. */
  close(): void {
    this.#contents.close();
    this.#journal.close();
  }
}
