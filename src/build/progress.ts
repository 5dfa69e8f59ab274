import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where progress is written; `process.stderr` in the command line tool. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How often a running stage says so where lines cannot be rewritten. */
const REMINDER_MS = 30_000;

/** Seconds that stages take on two cores; replaced by what they took on this machine. */
const EXPECTED_SECONDS: Record<string, number> = {
  toolchain: 90,
  sources: 10,
  libs: 35,
  tree: 10,
  cpython: 130,
  stdlib: 20,
  link: 35,
};

/** Reports stages with elapsed and expected time, and remembers how long they took. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #timings: string;
  readonly #quiet: boolean;
  #expected: Record<string, number>;

  /** @param quiet reports nothing, for unchanged builds that others start */
  constructor(cacheFolder: string, output: ProgressOutput, quiet = false) {
    this.#output = output;
    this.#quiet = quiet;
    this.#timings = join(cacheFolder, "timings.json");
    this.#expected = { ...EXPECTED_SECONDS };
    try {
      Object.assign(this.#expected, JSON.parse(readFileSync(this.#timings, "utf8")));
    } catch {
      // The first build in this cache.
    }
  }

  /** One line about something that happened. */
  say(text: string): void {
    if (!this.#quiet) {
      this.#output.write(`${text}\n`);
    }
  }

  /**
   * Runs a stage and reports it.
   *
   * @param timing name under which the duration is remembered
   */
  async stage<T>(name: string, what: string, timing: string, work: () => Promise<T>): Promise<T> {
    const start = Date.now();
    const expected = this.#expected[timing] ?? this.#expected[name];
    const about = expected === undefined ? "" : ` of about ${clock(expected)}`;
    const line = (): string => `${name.padEnd(10)} ${what}  ${clock((Date.now() - start) / 1000)}${about}`;
    const rewrite = this.#output.isTTY === true && !this.#quiet;
    if (rewrite) {
      this.#output.write(line());
    } else {
      this.say(`${name.padEnd(10)} ${what}${expected === undefined ? "" : `, about ${clock(expected)}`}`);
    }
    const timer = setInterval(
      () => (rewrite ? this.#output.write(`\r\x1b[K${line().slice(0, (this.#output.columns ?? 120) - 1)}`) : this.say(line())),
      rewrite ? 1000 : REMINDER_MS,
    );
    try {
      const result = await work();
      const seconds = (Date.now() - start) / 1000;
      this.#remember(timing, seconds);
      clearInterval(timer);
      this.say(`${rewrite ? "\r\x1b[K" : ""}${name.padEnd(10)} done in ${clock(seconds)}`);
      return result;
    } catch (error) {
      clearInterval(timer);
      this.say(`${rewrite ? "\r\x1b[K" : ""}${name.padEnd(10)} failed after ${clock((Date.now() - start) / 1000)}`);
      throw error;
    }
  }

  #remember(timing: string, seconds: number): void {
    this.#expected[timing] = Math.round(seconds);
    // A lost update by a build at the same time costs an estimate, nothing else.
    writeFileSync(this.#timings, JSON.stringify(this.#expected));
  }
}

/** Minutes and seconds: 1:05. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
