import type { OutputBudget } from "./output-budget.js";
import { web } from "./web.js";

/** Takes text as Python writes it: any part of a line, or several lines. */
export type TextSink = (text: string) => void;

/** Standard output and error of a program: decodes what threads write and hands it on in its order. */
export class Output {
  readonly #sinks: readonly TextSink[];
  /** A byte order mark is a character of the program's like any other. */
  readonly #decoders = [new TextDecoder("utf-8", { ignoreBOM: true }), new TextDecoder("utf-8", { ignoreBOM: true })];
  readonly #budget: OutputBudget;
  #waiting: { readonly stream: number; readonly data: Uint8Array }[] = [];

  /** @param sinks of standard output and standard error. */
  constructor(sinks: readonly [TextSink, TextSink], budget: OutputBudget) {
    this.#sinks = sinks;
    this.#budget = budget;
  }

  /** Only stores: sinks are called when this realm has come back from the guest. */
  push(fd: number, data: Uint8Array): void {
    if (this.#waiting.length === 0) {
      queueMicrotask(() => {
        this.#deliver();
      });
    }
    this.#waiting.push({ stream: fd - 1, data });
  }

  #deliver(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    let text = "";
    waiting.forEach(({ stream, data }, i) => {
      text += this.#decoders[stream]!.decode(data, { stream: true });
      if (waiting[i + 1]?.stream !== stream) {
        this.#write(stream, text);
        text = "";
      }
      this.#budget.give(data.length);
    });
  }

  /** No more will come: writes what is left, an incomplete character as U+FFFD. */
  end(): void {
    this.#deliver();
    this.#decoders.forEach((decoder, stream) => {
      this.#write(stream, decoder.decode());
    });
  }

  #write(stream: number, text: string): void {
    if (text !== "") {
      try {
        this.#sinks[stream]!(text);
      } catch (error) {
        // The page's bug, which must not stop the program's other news.
        web.reportError(error);
      }
    }
  }
}

/** A sink that writes whole lines to the console; `flush` writes what has no end of line. */
export function consoleSink(log: (line: string) => void): { readonly sink: TextSink; flush(): void } {
  let rest = "";
  return {
    sink: (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        log(line);
      }
    },
    flush: () => {
      if (rest !== "") {
        log(rest);
        rest = "";
      }
    },
  };
}
