import type { Files } from "./share.js";
import type { PageStorage } from "./storage.js";

const FILE = "weft-playground:file:";
const ORDER = "weft-playground:order";
const ACTIVE = "weft-playground:active";

/** The files, each under a key of its own in the browser's storage, so that two tabs of the page lose nothing of each other's. */
export class Workspace {
  readonly #storage: PageStorage;
  /** Another tab has changed a file (`undefined`: removed it). */
  onForeignChange: (name: string, text: string | undefined) => void = () => undefined;
  /** A file lasts only as long as the page: the storage is full or forbidden. Told once until files are kept again. */
  onLoss: () => void = () => undefined;
  #lossTold = false;

  constructor(storage: PageStorage) {
    this.#storage = storage;
    window.addEventListener("storage", (event) => {
      if (storage.isOf(event) && event.key?.startsWith(FILE)) {
        this.onForeignChange(event.key.slice(FILE.length), event.newValue ?? undefined);
      }
    });
  }

  /** Names in the order of their tabs. */
  get names(): string[] {
    const all = this.#storage.keys()
      .filter((key) => key.startsWith(FILE))
      .map((key) => key.slice(FILE.length));
    let order: unknown;
    try {
      order = JSON.parse(this.#storage.get(ORDER) ?? "[]");
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
    const active = this.#storage.get(ACTIVE);
    const names = this.names;
    return active !== undefined && names.includes(active) ? active : names[0];
  }

  set active(name: string) {
    this.#set(ACTIVE, name);
  }

  read(name: string): string | undefined {
    return this.#storage.get(FILE + name);
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
    this.#storage.remove(FILE + from);
    this.#set(ORDER, JSON.stringify(names.map((name) => (name === from ? to : name))));
  }

  remove(name: string): void {
    this.#storage.remove(FILE + name);
  }

  #set(key: string, value: string): void {
    const lost = !this.#storage.set(key, value);
    if (lost && !this.#lossTold) {
      this.onLoss();
    }
    this.#lossTold = lost;
  }
}
