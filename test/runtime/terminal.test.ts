import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const WEFT = fileURLToPath(new URL("../../dist/bin/weft.js", import.meta.url));
/** Milliseconds to wait for each answer. */
const DEADLINE = 30_000;

/** A command on a terminal of its own, which util-linux's `script` makes. */
class TerminalSession {
  readonly #child: ChildProcess;
  #output = "";
  #seen = 0;
  #changed: () => void = () => undefined;
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    const command = [process.execPath, WEFT, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
    this.#child = spawn("script", ["-qefc", `exec ${command}`, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"], env: { PATH: process.env["PATH"], TERM: "xterm" } });
    this.#child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.#output += text;
      this.#changed();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", resolve);
    });
  }

  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Waits until the text comes after what was waited for before. */
  async see(text: string): Promise<void> {
    const late = Date.now() + DEADLINE;
    for (;;) {
      const at = this.#output.indexOf(text, this.#seen);
      if (at >= 0) {
        this.#seen = at + text.length;
        return;
      }
      const changed = new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
      const left = late - Date.now();
      if (left <= 0) {
        throw new Error(`no ${JSON.stringify(text)} in ${JSON.stringify(this.#output.slice(this.#seen))}`);
      }
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([changed, new Promise((resolve) => (timer = setTimeout(resolve, left)))]);
      clearTimeout(timer);
    }
  }

  get all(): string {
    return this.#output;
  }

  /** What came after what was waited for. */
  get rest(): string {
    return this.#output.slice(this.#seen);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}

let session: TerminalSession | undefined;
afterEach(() => {
  session?.kill();
});

test("the prompt evaluates, edits, remembers, and is interrupted", async () => {
  session = new TerminalSession(["repl"]);
  await session.see(">>> ");
  expect(session.all).not.toContain("warning");
  session.type("6 * 7\r");
  await session.see("\n42");
  await session.see(">>> ");
  // Up: the line before; then an edit at its end.
  session.type("\u001b[A + 1\r");
  await session.see("\n43");
  await session.see(">>> ");
  session.type("half a line\u0003");
  await session.see("KeyboardInterrupt");
  await session.see(">>> ");
  session.type("print('begun'); [None for _ in iter(int, 1)]\r");
  await session.see("\nbegun");
  session.type("\u0003");
  await session.see("KeyboardInterrupt");
  await session.see(">>> ");
  session.type("name = input('who? ')\r");
  await session.see("who? ')");
  await session.see("who? ");
  session.type("me\r");
  await session.see(">>> ");
  session.type("name, __import__('sys').stdin.isatty()\r");
  await session.see("('me', True)");
  await session.see(">>> ");
  session.type("raise SystemExit(7)\r");
  expect({ status: await session.ended, rest: session.rest }).toMatchObject({ status: 7 });
});

test("Control-D at the prompt ends it", async () => {
  session = new TerminalSession(["repl"]);
  await session.see(">>> ");
  session.type("\u0004");
  expect(await session.ended).toBe(0);
});
