import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Guest } from "../../runtime/guest.js";

const HISTORY_LINES = 1000;

function historyFile(): string {
  const state = process.env["XDG_STATE_HOME"] ?? join(homedir(), ".local", "state");
  return join(state, "weft", "history");
}

/** Line editing with history for `input()` and the interactive prompt. */
export class Terminal {
  #history: string[] = [];
  #loaded = false;
  #open: Interface | undefined;

  /** Asks for one line and gives it to the guest; Control-C goes to the guest as a signal. */
  ask(guest: Guest, prompt: string, interrupt: () => void): void {
    if (!this.#loaded) {
      this.#loaded = true;
      try {
        this.#history = readFileSync(historyFile(), "utf8").split("\n").filter((line) => line !== "");
      } catch {
        // No history yet, or none that we may read: start with an empty one.
      }
    }
    const lines = createInterface({
      input: process.stdin,
      output: process.stdout,
      terminal: true,
      history: [...this.#history],
      historySize: HISTORY_LINES,
      removeHistoryDuplicates: true,
      tabSize: 4,
    });
    this.#open = lines;
    let answered = false;
    lines.on("history", (history) => {
      this.#history = [...history];
    });
    lines.on("SIGINT", () => {
      // The question ends as on other terminals: the line is dropped, Python decides.
      process.stdout.write("\n");
      answered = true;
      lines.close();
      guest.cancelLine();
      interrupt();
    });
    lines.on("close", () => {
      this.#open = undefined;
      process.stdin.pause();
      if (!answered) {
        process.stdout.write("\n");
        guest.replyLine(null);
      }
    });
    lines.question(prompt, (line) => {
      answered = true;
      lines.close();
      guest.replyLine(line);
    });
  }

  /** Restores the terminal and saves the history. Call once, at the end. */
  close(): void {
    this.#open?.close();
    if (!this.#loaded || this.#history.length === 0) {
      return;
    }
    try {
      mkdirSync(dirname(historyFile()), { recursive: true });
      writeFileSync(historyFile(), `${this.#history.slice(0, HISTORY_LINES).join("\n")}\n`, { mode: 0o600 });
    } catch {
      // A home that cannot be written loses the history, nothing else.
    }
  }
}
