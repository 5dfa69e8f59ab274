import { describeProblem, type Verdict } from "./judge.js";

/** Where progress goes: a terminal gets one line that changes, anything else a line per file. */
export interface ProgressStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

const REFRESH_MS = 1000;

/** Shows how a run goes. */
export class LiveLine {
  readonly #stream: ProgressStream;
  readonly #total: number;
  readonly #running = new Map<string, number>();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #started = performance.now();
  #done = 0;
  #failed = 0;

  constructor(stream: ProgressStream, total: number) {
    this.#stream = stream;
    this.#total = total;
    if (stream.isTTY) {
      this.#timer = setInterval(() => this.#draw(), REFRESH_MS);
      // The line alone must not keep the process.
      this.#timer.unref();
    }
  }

  start(name: string): void {
    this.#running.set(name, performance.now());
    this.#draw();
  }

  finish(verdict: Verdict): void {
    const { name, seconds } = verdict.result;
    this.#running.delete(name);
    this.#done++;
    const bad = verdict.kind === "failed";
    this.#failed += bad ? 1 : 0;
    if (!this.#stream.isTTY || bad) {
      this.#erase();
      const width = String(this.#total).length;
      const first = bad ? `: ${describeProblem(verdict.problems[0]!)}` : "";
      this.#stream.write(
        `[${String(this.#done).padStart(width)}/${this.#total}] ${verdict.kind.padEnd(8)} ${name} ` +
          `(${verdict.counts.passed} tests, ${seconds.toFixed(1)} s)${first}\n`,
      );
    }
    this.#draw();
  }

  /** Removes the line. */
  close(): void {
    clearInterval(this.#timer);
    this.#erase();
  }

  #erase(): void {
    if (this.#stream.isTTY) {
      this.#stream.write("\r\x1b[K");
    }
  }

  #draw(): void {
    if (!this.#stream.isTTY) {
      return;
    }
    const now = performance.now();
    const seconds = (since: number): string => `${((now - since) / 1000).toFixed(0)} s`;
    const running = [...this.#running].map(([name, since]) => `${name} ${seconds(since)}`).join(", ");
    const line = `[${this.#done}/${this.#total}] ${seconds(this.#started)}, ${this.#failed} failed; ${running}`;
    this.#stream.write(`\r\x1b[K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }
}
