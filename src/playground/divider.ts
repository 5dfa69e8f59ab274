import { storage } from "./storage.js";

const KEY = "weft-playground:split";

/** The bar between editor and results: moved by pointer and by arrow keys, kept over reloads. */
export function setUpDivider(divider: HTMLElement, container: HTMLElement): void {
  const narrow = matchMedia("(max-width: 720px)");
  const set = (percent: number): void => {
    const value = Math.round(Math.max(20, Math.min(80, percent)));
    document.documentElement.style.setProperty("--split", `${value}%`);
    divider.setAttribute("aria-valuenow", String(value));
    storage.set(KEY, String(value));
  };
  const orient = (): void => {
    divider.setAttribute("aria-orientation", narrow.matches ? "horizontal" : "vertical");
  };
  narrow.addEventListener("change", orient);
  orient();
  const kept = Number(storage.get(KEY));
  if (kept > 0) {
    set(kept);
  }
  divider.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    divider.setPointerCapture(event.pointerId);
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) {
      const box = container.getBoundingClientRect();
      set(100 * (narrow.matches ? (event.clientY - box.top) / box.height : (event.clientX - box.left) / box.width));
    }
  });
  divider.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -5, ArrowUp: -5, ArrowRight: 5, ArrowDown: 5 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      set(Number(divider.getAttribute("aria-valuenow")) + step);
    }
  });
}
