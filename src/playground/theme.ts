import { storage } from "./storage.js";

/** `system` follows the device. */
export type ThemeChoice = "system" | "light" | "dark";

const KEY = "weft-playground:theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** The page's colours: by the system's setting until the user chooses. */
export class Theme {
  readonly #onChange: ((isDark: boolean) => void)[] = [];
  #choice: ThemeChoice;

  constructor() {
    const kept = storage.get(KEY);
    this.#choice = kept === "light" || kept === "dark" ? kept : "system";
    dark.addEventListener("change", () => {
      this.#apply();
    });
    this.#apply();
  }

  get isDark(): boolean {
    return this.#choice === "system" ? dark.matches : this.#choice === "dark";
  }

  /** Changes to the other one; back to the system's setting where that is the same. */
  toggle(): void {
    const wanted = this.isDark ? "light" : "dark";
    this.#choice = (wanted === "dark") === dark.matches ? "system" : wanted;
    storage.set(KEY, this.#choice);
    this.#apply();
  }

  /** Calls now and at every change. */
  follow(onChange: (isDark: boolean) => void): void {
    this.#onChange.push(onChange);
    onChange(this.isDark);
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.isDark ? "dark" : "light";
    for (const change of this.#onChange) {
      change(this.isDark);
    }
  }
}
