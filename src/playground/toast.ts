import { element } from "./dom.js";

const SECONDS = 6;

/** Says something for a while, with at most one thing to do about it. */
export function toast(text: string, action?: { readonly label: string; run(): void }): void {
  const box = document.createElement("div");
  box.className = "toast";
  box.append(Object.assign(document.createElement("span"), { textContent: text }));
  const remove = (): void => {
    box.remove();
  };
  if (action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      remove();
      action.run();
    });
    box.append(button);
  }
  element("toasts").append(box);
  setTimeout(remove, SECONDS * 1000);
}
