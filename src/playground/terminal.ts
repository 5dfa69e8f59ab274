import { FitAddon } from "@xterm/addon-fit";
import { Terminal as Xterm, type ITheme } from "@xterm/xterm";
import { LineEditor, type Question } from "./line-editor.js";

const LIGHT: ITheme = {
  background: "#ffffff",
  foreground: "#23252d",
  cursor: "#4f46d8",
  cursorAccent: "#ffffff",
  selectionBackground: "#d9d7fb",
  black: "#23252d",
  red: "#c0262d",
  green: "#1a7f45",
  yellow: "#8a5a00",
  blue: "#2b5fd0",
  magenta: "#a1309b",
  cyan: "#0f7285",
  white: "#6b6f7b",
  brightBlack: "#6b6f7b",
  brightRed: "#c0262d",
  brightGreen: "#1a7f45",
  brightYellow: "#8a5a00",
  brightBlue: "#4f46d8",
  brightMagenta: "#a1309b",
  brightCyan: "#0f7285",
  brightWhite: "#23252d",
};

const DARK: ITheme = {
  background: "#14161c",
  foreground: "#d9dce5",
  cursor: "#a5a0ff",
  cursorAccent: "#14161c",
  selectionBackground: "#3a3a68",
  black: "#14161c",
  red: "#ff7b80",
  green: "#6fd49a",
  yellow: "#e6c07b",
  blue: "#7fa8ff",
  magenta: "#e08fe0",
  cyan: "#6fcfdd",
  white: "#d9dce5",
  brightBlack: "#8b90a0",
  brightRed: "#ff7b80",
  brightGreen: "#6fd49a",
  brightYellow: "#e6c07b",
  brightBlue: "#a5a0ff",
  brightMagenta: "#e08fe0",
  brightCyan: "#6fcfdd",
  brightWhite: "#ffffff",
};

/** What the terminal tells of. */
export interface TerminalListener {
  /** Control-C while nothing is asked. */
  onInterrupt(): void;
}

/** The terminal: output in order, and one question at a time (the prompt, or `input()`). */
export class Terminal {
  readonly #term: Xterm;
  readonly #fit = new FitAddon();
  readonly #lines: LineEditor;
  /** The prompt begins on a line of its own; an answer to `input()` behind what was written. */
  #ownLine = false;
  /** Whether all that was written by now ends at the beginning of a line. */
  #atStart = true;
  /** Writes that are not drawn yet and after which the line is to be shown again. */
  #writing = 0;

  constructor(listener: TerminalListener) {
    this.#term = new Xterm({
      convertEol: true,
      cursorBlink: true,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 13.5,
      lineHeight: 1.3,
      minimumContrastRatio: 4.5,
      scrollback: 10_000,
    });
    this.#term.loadAddon(this.#fit);
    const term = this.#term;
    this.#lines = new LineEditor({
      get columns() {
        return term.cols;
      },
      write: (text) => {
        term.write(text);
      },
    });
    this.#term.attachCustomKeyEventHandler((event) => {
      const control = event.ctrlKey || event.metaKey;
      if (event.type === "keydown" && control && event.key === "c" && this.#term.hasSelection()) {
        // The browser copies.
        return false;
      }
      if (event.key === "Enter" && control) {
        // The page runs the program.
        return false;
      }
      // Out of the terminal with the keyboard, where Tab completes.
      return !(event.key === "Tab" && (event.shiftKey || !this.#completes));
    });
    this.#term.onData((data) => {
      if (data === "\x03" && !this.#lines.active) {
        listener.onInterrupt();
        return;
      }
      this.#lines.type(data);
    });
  }

  /** Shows it: once, in a task of its own, since that takes long. */
  open(element: HTMLElement): void {
    this.#term.open(element);
    this.#term.textarea?.setAttribute("aria-label", "Terminal: Python prompt and input");
    // Fitting in the observer's own turn would change what it observes.
    new ResizeObserver(() => requestAnimationFrame(() => {
      this.fit();
    })).observe(element);
  }

  /** Tab means something on a line with text in it. */
  get #completes(): boolean {
    return this.#lines.active && this.#lines.line !== "";
  }

  /** Takes the size of its element. */
  fit(): void {
    this.#lines.hide();
    this.#fit.fit();
    this.#showLine();
  }

  focus(): void {
    this.#term.focus();
  }

  set theme(isDark: boolean) {
    this.#term.options.theme = isDark ? DARK : LIGHT;
  }

  /** Writes what a program wrote; a question that is open moves behind it. */
  write(text: string, drawn: () => void = () => undefined): void {
    this.#lines.hide();
    this.#writing++;
    const visible = text.replace(/(?:\x1b\[[0-9;]*m)+$/, "");
    if (visible !== "") {
      this.#atStart = /[\r\n]$/.test(visible);
    }
    this.#term.write(text, () => {
      drawn();
      this.#writing--;
      this.#showLine();
    });
  }

  /** A line of the page's own, dimmed, on a line of its own. */
  note(text: string): void {
    this.write(`${this.#newLine()}\x1b[90m${text}\x1b[0m\r\n`);
  }

  #newLine(): string {
    return this.#atStart ? "" : "\r\n";
  }

  /** Asks for a line at the prompt, on a line of its own. */
  prompt(prompt: string, width: number, question: Pick<Question, "history" | "complete" | "onResult">): void {
    this.#asked++;
    this.#ownLine = true;
    this.#term.write(this.#newLine());
    this.#ask({ prompt, column: width, ...question });
  }

  /** Asks for a line behind what the program wrote last. */
  input(onResult: Question["onResult"]): void {
    const number = ++this.#asked;
    // The column is known when all of that is drawn.
    this.#term.write("", () => {
      if (number === this.#asked) {
        this.#ownLine = false;
        this.#ask({ prompt: "", column: this.#column, history: undefined, complete: undefined, onResult });
      }
    });
  }

  /** Counts the questions: a late answer to an older one means nothing. */
  #asked = 0;

  #ask(question: Question): void {
    this.#lines.ask({
      ...question,
      onResult: (result) => {
        this.#atStart = true;
        question.onResult(result);
      },
    });
    if (this.#writing > 0) {
      this.#lines.hide();
    }
  }

  /** Takes back what is asked. */
  cancel(): void {
    this.#asked++;
    this.#lines.hide();
    this.#lines.cancel();
  }

  clear(): void {
    this.#lines.hide();
    this.#term.clear();
    this.#atStart = true;
    this.#term.write("\x1b[2J\x1b[H", () => {
      this.#showLine();
    });
  }

  /** What the terminal shows, for tests and for copying. */
  get text(): string {
    const { active } = this.#term.buffer;
    const lines: string[] = [];
    for (let i = 0; i < active.length; i++) {
      const line = active.getLine(i)!;
      const text = line.translateToString(true);
      if (line.isWrapped) {
        lines[lines.length - 1] += text;
      } else {
        lines.push(text);
      }
    }
    return lines.join("\n").trimEnd();
  }

  get #column(): number {
    return this.#term.buffer.active.cursorX;
  }

  #showLine(): void {
    if (this.#writing > 0 || !this.#lines.active) {
      return;
    }
    if (this.#ownLine) {
      this.#term.write(this.#newLine());
      this.#atStart = true;
      this.#lines.show();
    } else {
      this.#lines.show(this.#column);
    }
  }
}
