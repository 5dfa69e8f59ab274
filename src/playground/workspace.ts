import type { Files } from "./share.js";

const FILE = "weft-playground:file:";
const ORDER = "weft-playground:order";
const ACTIVE = "weft-playground:active";
const DELETED = "weft-playground:deleted:";

/** The files, each under a key of its own in the browser's storage, so that two tabs of the page lose nothing of each other's. */
export class Workspace {
  readonly #storage: Storage;
  /** Another tab has changed a file (`undefined`: removed it). */
  onForeignChange: (name: string, text: string | undefined) => void = () => undefined;
  /** A file could not be kept: the storage is full or forbidden. */
  onLoss: (error: unknown) => void = () => undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
    window.addEventListener("storage", ({ storageArea, key, newValue }) => {
      if (storageArea === storage && key?.startsWith(FILE)) {
        this.onForeignChange(key.slice(FILE.length), newValue ?? undefined);
      }
    });
  }

  /** Names in the order of their tabs. */
  get names(): string[] {
    const all = Object.keys(this.#storage)
      .filter((key) => key.startsWith(FILE))
      .map((key) => key.slice(FILE.length));
    let order: unknown;
    try {
      order = JSON.parse(this.#storage.getItem(ORDER) ?? "[]");
    } catch {
      order = [];
    }
    const ordered = (Array.isArray(order) ? order : []).filter((name): name is string => all.includes(name as string));
    return [...ordered, ...all.filter((name) => !ordered.includes(name)).sort()];
  }

  get files(): Files {
    return Object.fromEntries(this.names.map((name) => [name, this.read(name) ?? ""]));
  }

  get active(): string | undefined {
    const active = this.#storage.getItem(ACTIVE);
    const names = this.names;
    return active !== null && names.includes(active) ? active : names[0];
  }

  set active(name: string) {
    this.#set(ACTIVE, name);
  }

  read(name: string): string | undefined {
    return this.#storage.getItem(FILE + name) ?? undefined;
  }

  write(name: string, text: string): void {
    const { names } = this;
    this.#set(FILE + name, text);
    if (!names.includes(name)) {
      this.#set(ORDER, JSON.stringify([...names, name]));
    }
  }

  /** Adds a file under this name, or under another one where that has other text. Returns the name. */
  add(name: string, text: string): string {
    const [, stem, extension] = /^(.*?)(\.[^.]*)?$/.exec(name)!;
    for (let n = 1; ; n++) {
      const free = n === 1 ? name : `${stem!}-${n}${extension ?? ""}`;
      const present = this.read(free);
      if (present === undefined || present === text) {
        this.write(free, text);
        return free;
      }
    }
  }

  rename(from: string, to: string): void {
    const { names } = this;
    this.#set(FILE + to, this.read(from) ?? "");
    this.#storage.removeItem(FILE + from);
    this.#set(ORDER, JSON.stringify(names.map((name) => (name === from ? to : name))));
  }

  /** Removes a file; its text stays in the storage until another one of its name is removed. */
  remove(name: string): void {
    this.#set(DELETED + name, this.read(name) ?? "");
    this.#storage.removeItem(FILE + name);
  }

  #set(key: string, value: string): void {
    try {
      this.#storage.setItem(key, value);
    } catch (error) {
      this.onLoss(error);
    }
  }
}
