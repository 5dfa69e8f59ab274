import type { DisplayMessage } from "./protocol.js";

const BEGIN = "\x1b]7373;";
const END = "\x07";

/** Takes the messages of weft_display.py out of what a program writes; the rest is text. */
export class DisplayStream {
  readonly #onText: (text: string) => void;
  readonly #onMessage: (message: DisplayMessage) => void;
  /** The beginning of a message whose end has not come yet. */
  #rest = "";
  /** Parts of messages by their numbers. */
  readonly #parts = new Map<string, string>();

  constructor(onText: (text: string) => void, onMessage: (message: DisplayMessage) => void) {
    this.#onText = onText;
    this.#onMessage = onMessage;
  }

  push(text: string): void {
    let data = this.#rest + text;
    this.#rest = "";
    while (data !== "") {
      const begin = data.indexOf(BEGIN);
      if (begin < 0) {
        const kept = beginningAtEnd(data);
        this.#text(data.slice(0, data.length - kept));
        this.#rest = data.slice(data.length - kept);
        return;
      }
      const end = data.indexOf(END, begin);
      this.#text(data.slice(0, begin));
      if (end < 0) {
        this.#rest = data.slice(begin);
        return;
      }
      this.#part(data.slice(begin + BEGIN.length, end));
      data = data.slice(end + END.length);
    }
  }

  #text(text: string): void {
    if (text !== "") {
      this.#onText(text);
    }
  }

  /** `number;last;data` */
  #part(part: string): void {
    const [, number, last, data] = /^(\d+);([01]);(.*)$/s.exec(part) ?? [];
    if (number === undefined) {
      // A program's own text that looks like one.
      return;
    }
    const whole = (this.#parts.get(number) ?? "") + data!;
    if (last === "0") {
      this.#parts.set(number, whole);
      return;
    }
    this.#parts.delete(number);
    let message: DisplayMessage;
    try {
      message = JSON.parse(whole) as DisplayMessage;
    } catch {
      return;
    }
    this.#onMessage(message);
  }
}

/** How many characters at the end may be the beginning of {@link BEGIN}. */
function beginningAtEnd(text: string): number {
  for (let length = Math.min(BEGIN.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(BEGIN.slice(0, length))) {
      return length;
    }
  }
  return 0;
}
