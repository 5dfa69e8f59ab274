import { cells } from "./width.js";

/** The terminal as the line editor needs it. */
export interface Screen {
  readonly columns: number;
  write(text: string): void;
}

/** What a question ends with. */
export type LineResult = { readonly kind: "line"; readonly text: string } | { readonly kind: "interrupt" } | { readonly kind: "end" };

/** How a line is asked for. */
export interface Question {
  /** Written before the line, with its colours. */
  readonly prompt: string;
  /** Cells that the prompt takes, or the column where the line begins. */
  readonly column: number;
  readonly history: string[] | undefined;
  readonly complete: ((before: string) => Promise<readonly string[]>) | undefined;
  readonly onResult: (result: LineResult) => void;
}

/** Edits one line at a time in a terminal, with keys as in other shells. Knows nothing of what the line is for. */
export class LineEditor {
  readonly #screen: Screen;
  #question: Question | undefined;
  #text: readonly string[] = [];
  #cursor = 0;
  /** Where in the history the user is; its length is the line of now. */
  #at = 0;
  #kept = "";
  /** What was typed or pasted after the line's end, for the next questions. */
  #ahead: string[] = [];
  #shown = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  get active(): boolean {
    return this.#question !== undefined;
  }

  get line(): string {
    return this.#text.join("");
  }

  ask(question: Question): void {
    this.#question = question;
    this.#text = [];
    this.#cursor = 0;
    this.#at = question.history?.length ?? 0;
    this.#kept = "";
    this.#draw();
    while (this.#question === question && this.#ahead.length > 0) {
      this.#key(this.#ahead.shift()!);
    }
  }

  /** Takes the question back: what asked has ended. */
  cancel(): void {
    this.#question = undefined;
    this.#ahead = [];
    this.#shown = false;
  }

  /** Takes the line from the screen while something else is written; {@link show} draws it again. */
  hide(): void {
    if (this.#question && this.#shown) {
      this.#screen.write(`${this.#home()}\x1b[J`);
      this.#shown = false;
    }
  }

  /** Draws the line, which now begins in this column. */
  show(column?: number): void {
    if (this.#question && !this.#shown) {
      if (column !== undefined) {
        this.#question = { ...this.#question, column };
      }
      this.#draw();
    }
  }

  /** What the terminal sends for keys and pasted text. */
  type(data: string): void {
    for (const key of data.match(/\x1b\[[0-9;]*[A-Za-z~]|\x1bO[A-Z]|\x1b.|\r\n|[^]/gu) ?? []) {
      if (this.#question) {
        this.#key(key === "\r\n" ? "\r" : key);
      } else {
        this.#ahead.push(key);
      }
    }
  }

  #key(key: string): void {
    const text = [...this.#text];
    switch (key) {
      case "\r":
      case "\n":
        this.#finish({ kind: "line", text: this.line }, "\r\n");
        return;
      case "\x03":
        this.#finish({ kind: "interrupt" }, "^C\r\n");
        return;
      case "\x04":
        if (text.length === 0) {
          this.#finish({ kind: "end" }, "\r\n");
        } else {
          text.splice(this.#cursor, 1);
          this.#set(text, this.#cursor);
        }
        return;
      case "\x7f":
      case "\b":
        if (this.#cursor > 0) {
          const indent = /^ +$/.test(text.slice(0, this.#cursor).join("")) ? ((this.#cursor - 1) % 4) + 1 : 1;
          text.splice(this.#cursor - indent, indent);
          this.#set(text, this.#cursor - indent);
        }
        return;
      case "\x1b[3~":
        text.splice(this.#cursor, 1);
        this.#set(text, this.#cursor);
        return;
      case "\x1b[D":
      case "\x02":
        this.#set(text, this.#cursor - 1);
        return;
      case "\x1b[C":
      case "\x06":
        this.#set(text, this.#cursor + 1);
        return;
      case "\x1b[1;5D":
      case "\x1b[1;3D":
      case "\x1bb":
        this.#set(text, this.#word(-1));
        return;
      case "\x1b[1;5C":
      case "\x1b[1;3C":
      case "\x1bf":
        this.#set(text, this.#word(1));
        return;
      case "\x1b[H":
      case "\x01":
        this.#set(text, 0);
        return;
      case "\x1b[F":
      case "\x05":
        this.#set(text, text.length);
        return;
      case "\x15":
        this.#set(text.slice(this.#cursor), 0);
        return;
      case "\x0b":
        this.#set(text.slice(0, this.#cursor), this.#cursor);
        return;
      case "\x17": {
        const to = this.#word(-1);
        this.#set([...text.slice(0, to), ...text.slice(this.#cursor)], to);
        return;
      }
      case "\x1b[A":
      case "\x10":
        this.#recall(-1);
        return;
      case "\x1b[B":
      case "\x0e":
        this.#recall(1);
        return;
      case "\t":
        void this.#complete();
        return;
      default:
        if (key.length > 0 && key.codePointAt(0)! >= 0x20 && !key.startsWith("\x1b")) {
          this.#insert(key);
        }
    }
  }

  #insert(added: string): void {
    const characters = [...added];
    const text = [...this.#text];
    text.splice(this.#cursor, 0, ...characters);
    this.#set(text, this.#cursor + characters.length);
  }

  #word(direction: 1 | -1): number {
    let at = this.#cursor;
    const beside = (): string => this.#text[direction < 0 ? at - 1 : at] ?? "";
    while (beside() !== "" && !/\w/.test(beside())) {
      at += direction;
    }
    while (/\w/.test(beside())) {
      at += direction;
    }
    return at;
  }

  #recall(step: 1 | -1): void {
    const history = this.#question!.history;
    if (!history || this.#at + step < 0 || this.#at + step > history.length) {
      return;
    }
    if (this.#at === history.length) {
      this.#kept = this.line;
    }
    this.#at += step;
    const text = [...(history[this.#at] ?? this.#kept)];
    this.#set(text, text.length);
  }

  async #complete(): Promise<void> {
    const question = this.#question!;
    const before = this.#text.slice(0, this.#cursor).join("");
    if (!question.complete || /^\s*$/.test(before)) {
      this.#insert("    ");
      return;
    }
    const line = this.line;
    const endings = await question.complete(before);
    if (this.#question !== question || this.line !== line || endings.length === 0) {
      return;
    }
    const word = /[\w.]*$/.exec(before)![0];
    const common = endings.reduce((shared, name) => {
      let length = 0;
      while (length < shared.length && shared[length] === name[length]) {
        length++;
      }
      return shared.slice(0, length);
    });
    if (common.length > word.length) {
      this.#insert(common.slice(word.length));
    } else if (endings.length > 1) {
      this.hide();
      this.#screen.write(`${endings.slice(0, 60).map((name) => name.split(".").at(-1)!).join("  ")}${endings.length > 60 ? "  ..." : ""}\r\n`);
      this.#draw();
    }
  }

  #finish(result: LineResult, echo: string): void {
    const question = this.#question!;
    if (this.#shown) {
      this.#move(this.#cursor, this.#text.length);
    } else {
      this.#screen.write(`${question.prompt}${this.line}`);
    }
    this.#screen.write(echo);
    this.#question = undefined;
    this.#shown = false;
    if (result.kind === "interrupt") {
      this.#ahead = [];
    }
    if (result.kind === "line" && question.history && result.text.trim() !== "" && question.history.at(-1) !== result.text) {
      question.history.push(result.text);
    }
    question.onResult(result);
  }

  #set(text: readonly string[], cursor: number): void {
    const home = this.#home();
    this.#text = text;
    this.#cursor = Math.max(0, Math.min(cursor, text.length));
    if (this.#shown) {
      this.#screen.write(home);
      this.#draw();
    }
  }

  /** Row and column of a place in the line, from the row where the question begins. */
  #place(cursor: number): { readonly row: number; readonly column: number } {
    const at = this.#question!.column + cells(this.#text.slice(0, cursor).join(""));
    return { row: Math.floor(at / this.#screen.columns), column: at % this.#screen.columns };
  }

  /** Moves the terminal's cursor to where the question begins. */
  #home(): string {
    const { row } = this.#place(this.#cursor);
    const { prompt, column } = this.#question!;
    return `${row > 0 ? `\x1b[${row}A` : ""}\r${prompt === "" && column > 0 ? `\x1b[${column}C` : ""}`;
  }

  #move(from: number, to: number): void {
    const a = this.#place(from);
    const b = this.#place(to);
    const rows = b.row - a.row;
    this.#screen.write(
      `${rows > 0 ? `\x1b[${rows}B` : rows < 0 ? `\x1b[${-rows}A` : ""}\r${b.column > 0 ? `\x1b[${b.column}C` : ""}`,
    );
  }

  /** From where the question begins. */
  #draw(): void {
    const { prompt } = this.#question!;
    const end = this.#place(this.#text.length);
    // A full row keeps the cursor behind its last cell: a space and a return bring it to the next row.
    const wrap = end.column === 0 && end.row > 0 ? " \r" : "";
    this.#screen.write(`\x1b[J${prompt}${this.line}${wrap}`);
    this.#shown = true;
    if (this.#cursor < this.#text.length) {
      this.#move(this.#text.length, this.#cursor);
    }
  }
}
