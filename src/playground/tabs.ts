import { isFileName } from "./share.js";

/** What the tabs tell of. */
export interface TabsListener {
  onOpen(name: string): void;
  onRemove(name: string): void;
  onRename(from: string, to: string): void;
  /** A name cannot be taken. */
  onRefuse(reason: string): void;
}

/** The row of file names. Arrow keys move, F2 or a double click renames, Delete removes. */
export class Tabs {
  readonly #element: HTMLElement;
  readonly #listener: TabsListener;
  #names: readonly string[] = [];
  #active = "";
  #failed = new Set<string>();

  constructor(element: HTMLElement, listener: TabsListener) {
    this.#element = element;
    this.#listener = listener;
  }

  show(names: readonly string[], active: string): void {
    const focused = this.#element.contains(document.activeElement);
    this.#names = names;
    this.#active = active;
    this.#element.replaceChildren(...names.map((name) => this.#tab(name)));
    const shown = this.#button(active);
    shown?.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (focused) {
      shown?.focus();
    }
  }

  /** Marks the files that have problems. */
  mark(failed: ReadonlySet<string>): void {
    this.#failed = new Set(failed);
    for (const tab of this.#element.children) {
      tab.classList.toggle("failed", this.#failed.has((tab as HTMLElement).dataset.name!));
    }
  }

  /** Lets the user type a new name. */
  rename(name: string): void {
    const tab = this.#button(name)?.parentElement;
    if (!tab) {
      return;
    }
    const input = document.createElement("input");
    input.value = name;
    input.setAttribute("aria-label", `New name of ${name}`);
    input.spellcheck = false;
    let over = false;
    const end = (keep: boolean): void => {
      if (over) {
        return;
      }
      over = true;
      let wanted = input.value.trim();
      if (wanted !== "" && !/\.\w+$/.test(wanted)) {
        wanted += ".py";
      }
      this.show(this.#names, this.#active);
      if (keep && wanted !== name && wanted !== "") {
        if (this.#names.includes(wanted)) {
          this.#listener.onRefuse(`There is a file ${wanted} already.`);
        } else if (!isFileName(wanted)) {
          this.#listener.onRefuse(`A file cannot be called ${wanted}: letters, digits, "_", "-" and ".", and no folders.`);
        } else {
          this.#listener.onRename(name, wanted);
        }
      }
      this.#button(this.#active)?.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault();
        end(event.key === "Enter");
      }
    });
    input.addEventListener("blur", () => {
      end(true);
    });
    tab.replaceChildren(input);
    input.focus();
    input.setSelectionRange(0, name.replace(/\.\w+$/, "").length);
  }

  #button(name: string): HTMLElement | undefined {
    const tab = [...this.#element.children].find((child) => (child as HTMLElement).dataset.name === name);
    return (tab?.firstElementChild as HTMLElement | null) ?? undefined;
  }

  #tab(name: string): HTMLElement {
    const active = name === this.#active;
    const tab = document.createElement("div");
    tab.className = `tab${active ? " active" : ""}${this.#failed.has(name) ? " failed" : ""}`;
    tab.dataset.name = name;
    tab.setAttribute("role", "presentation");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-selected", String(active));
    button.setAttribute("aria-controls", "editor");
    button.title = "Double click or F2 to rename, Delete to remove";
    button.tabIndex = active ? 0 : -1;
    button.addEventListener("click", () => {
      if (name !== this.#active) {
        this.#listener.onOpen(name);
      }
    });
    button.addEventListener("dblclick", () => {
      this.rename(name);
    });
    button.addEventListener("keydown", (event) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
      const to = this.#names[this.#names.indexOf(name) + step];
      if (step !== 0 && to !== undefined) {
        this.#listener.onOpen(to);
        this.#button(to)?.focus();
      } else if (event.key === "F2") {
        this.rename(name);
      } else if (event.key === "Delete") {
        this.#listener.onRemove(name);
      }
    });
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", `Remove ${name}`);
    // A list of tabs may have nothing else in it: for keys and screen readers it is Delete on the tab.
    close.setAttribute("aria-hidden", "true");
    close.tabIndex = -1;
    close.addEventListener("click", () => {
      this.#listener.onRemove(name);
    });
    tab.append(button, close);
    return tab;
  }
}
