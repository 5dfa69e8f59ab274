import type { Interpreter } from "./interpreter.js";
import type { Ended } from "./protocol.js";
import { storage } from "./storage.js";
import type { Terminal } from "./terminal.js";

const FIRST = "\x1b[94m>>>\x1b[0m ";
const MORE = "\x1b[94m...\x1b[0m ";
const WIDTH = 4;
const HISTORY = "weft-playground:history";
const KEPT = 500;

/** Python's prompt in the terminal while no program runs. */
export class Console {
  readonly #terminal: Terminal;
  readonly #interpreter: Interpreter;
  readonly #history: string[];
  /** Lines of a statement that goes on. */
  #lines: string[] = [];

  constructor(terminal: Terminal, interpreter: Interpreter) {
    this.#terminal = terminal;
    this.#interpreter = interpreter;
    this.#history = readHistory();
  }

  /** Shows the prompt. */
  ask(): void {
    this.#lines = [];
    this.#next();
  }

  #next(): void {
    this.#terminal.prompt(this.#lines.length === 0 ? FIRST : MORE, WIDTH, {
      history: this.#history,
      complete: async (before) => {
        const word = /[A-Za-z_][\w.]*$/.exec(before)?.[0];
        const found = word === undefined ? undefined : await this.#interpreter.ask("complete", word);
        return (found as string[] | undefined) ?? [];
      },
      onResult: (result) => {
        if (result.kind === "line") {
          storage.set(HISTORY, JSON.stringify(this.#history.slice(-KEPT)));
          void this.#push(result.text);
        } else {
          if (result.kind === "end") {
            this.#terminal.note("Restart gives a fresh interpreter; there is nothing to leave here.");
          }
          this.ask();
        }
      },
    });
  }

  async #push(line: string): Promise<void> {
    if (line.trim() === "" && this.#lines.length === 0) {
      this.#next();
      return;
    }
    this.#lines.push(line);
    let ended: Ended;
    try {
      ended = await this.#interpreter.push(this.#lines.join("\n"));
    } catch (error) {
      this.#terminal.note(error instanceof Error ? error.message : String(error));
      return;
    }
    if (ended.status === "restarted") {
      // Who restarted it shows the prompt.
      return;
    }
    if (ended.status !== "more") {
      this.#lines = [];
      if (ended.status.startsWith("exit")) {
        this.#terminal.note(ended.status);
      }
    }
    if (this.#interpreter.state === "ready") {
      this.#next();
    }
  }
}

function readHistory(): string[] {
  try {
    const kept = JSON.parse(storage.get(HISTORY) ?? "[]") as unknown;
    return Array.isArray(kept) ? kept.filter((line) => typeof line === "string") : [];
  } catch {
    return [];
  }
}
