import type { FromStage, ToStage } from "./protocol.js";

/** Tallest stage, in pixels; what is more scrolls. */
const TALLEST = 600;

/** The frame that programs use as their page: made when the first one does, and shown when it has something in it. */
export class StagePane {
  readonly #place: HTMLElement;
  readonly #onUse: () => void;
  #frame: HTMLIFrameElement | undefined;
  #ready = false;
  #waiting: MessagePort | undefined;
  #onCleared: (() => void) | undefined;

  constructor(place: HTMLElement, onUse: () => void) {
    this.#place = place;
    this.#onUse = onUse;
    addEventListener("message", ({ source, data }: MessageEvent<FromStage>) => {
      if (source !== null && source === this.#frame?.contentWindow) {
        this.#receive(data);
      }
    });
  }

  /** Python's end of the port is in use. */
  connect(port: MessagePort): void {
    this.#waiting = port;
    if (this.#ready) {
      this.#send();
    } else if (!this.#frame) {
      void this.#make();
    }
  }

  async #make(): Promise<void> {
    const frame = document.createElement("iframe");
    frame.id = "stage";
    frame.title = "page of the program";
    frame.setAttribute("sandbox", "allow-scripts");
    this.#frame = frame;
    const script = await (await fetch(new URL("./stage.js", import.meta.url))).text();
    // In the text itself: a frame without an origin may load nothing from here.
    frame.srcdoc = `<!doctype html><meta charset="utf-8"><title>stage</title><style>html{font:14px system-ui,sans-serif}body{margin:0;padding:8px}</style><body><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`;
    frame.hidden = true;
    this.#place.append(frame);
  }

  #receive(message: FromStage): void {
    if (message.kind === "stage-ready") {
      this.#ready = true;
      this.#send();
      return;
    }
    if (message.kind === "cleared") {
      this.#onCleared?.();
      return;
    }
    const frame = this.#frame!;
    if (message.height > 0) {
      frame.style.height = `${Math.min(message.height, TALLEST)}px`;
    }
    // What was hidden tells its height once it is shown.
    frame.hidden = message.empty;
    if (!message.empty) {
      this.#onUse();
    }
  }

  #post(message: ToStage, transfer: Transferable[] = []): void {
    // The frame has no origin that could be named.
    this.#frame?.contentWindow?.postMessage(message, "*", transfer);
  }

  #send(): void {
    if (this.#waiting) {
      this.#post({ kind: "scheme", scheme: document.documentElement.dataset["theme"] === "dark" ? "dark" : "light" });
      this.#post({ kind: "port", port: this.#waiting }, [this.#waiting]);
      this.#waiting = undefined;
    }
  }

  /** Takes away what programs have put there. The next program comes by another way than this message: it must wait for the answer. */
  async clear(): Promise<void> {
    if (this.#ready) {
      await new Promise<void>((resolve) => {
        this.#onCleared?.();
        this.#onCleared = resolve;
        this.#post({ kind: "clear" });
      });
    }
  }
}
