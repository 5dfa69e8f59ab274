import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cachedDataVersionTag } from "node:v8";
import { CODE_FOLDER } from "../abi/runtime-files.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { hashFile, keyOf } from "./hash.js";
import type { StageKeys } from "./output.js";
import type { Variant } from "./recipe.js";
import type { BuildContext } from "./stage.js";

/** Goes up when the same program and runtime give other code. */
const VERSION = 4;

/** Below the recipe's folder. */
const PROGRAM = "profile/exercise.py";

/** Variants that programs run on, as opposed to those that are looked into. */
const WITH_CODE: readonly Variant[] = ["release", "test"];

/** Milliseconds after which the program is ended. */
const DEADLINE = 300_000;

/** What tells runtimes apart that have code of their own. */
export type CodeKeys = Pick<StageKeys, "finish" | "stdlib" | "snapshot">;

/**
 * This engine's machine code of what programs use of a runtime, in its folder.
 * @param out the runtime's folder.
 * @throws BuildError when it cannot be made, or written there. Programs run without.
 */
export async function provideCode(context: BuildContext, variant: Variant, keys: CodeKeys, out: string): Promise<void> {
  const program = join(context.folders.recipe, PROGRAM);
  const { finish, stdlib, snapshot } = keys;
  const engine = [process.version, process.platform, process.arch, cachedDataVersionTag()];
  const entry = await ensure(context, {
    name: "code",
    key: keyOf({ version: VERSION, finish, stdlib, snapshot, program: hashFile(program), engine }),
    what: `compiling for Node ${process.versions.node} what programs use (${variant})`,
    check: "hashes",
    timing: `code-${variant}`,
    needs: () => Promise.resolve(),
    make: async (folder) => {
      await run(context, [out, folder, program]);
      await run(context, [out, folder]);
      return {};
    },
  });
  place(join(entry.folder, CODE_FOLDER), join(out, CODE_FOLDER));
}

/** The same at the end of a build, which is complete without it: where it cannot be made, that is said. */
export async function provideCodeIfPossible(context: BuildContext, variant: Variant, keys: CodeKeys, out: string): Promise<void> {
  if (!WITH_CODE.includes(variant)) {
    return;
  }
  try {
    await provideCode(context, variant, keys, out);
  } catch (error) {
    context.signal?.throwIfAborted();
    context.progress.say(`${"code".padEnd(10)} is not kept, so programs start slower: ${(error as Error).message}`);
  }
}

/** Runs what makes the code, and looks at it. */
async function run(context: BuildContext, args: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL("../make-code.js", import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [...process.execArgv, script, ...args], { timeout: DEADLINE, killSignal: "SIGKILL", ...(context.signal ? { signal: context.signal } : {}) });
  } catch (error) {
    context.signal?.throwIfAborted();
    const { stderr = "", killed = false } = error as { stderr?: string; killed?: boolean };
    throw new BuildError(killed ? `the program did not end within ${DEADLINE / 1000} s` : (/^Error: (.*)$/m.exec(stderr)?.[1] ?? (stderr.trim() || String(error))), { cause: error });
  }
}

/** Other engines' files stay: whoever changes between versions of Node builds once for each. */
function place(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (!sameFile(source, target)) {
      const fresh = `${target}.new-${process.pid}`;
      try {
        copyFileSync(source, fresh);
        renameSync(fresh, target);
      } finally {
        rmSync(fresh, { force: true });
      }
    }
  }
}

function sameFile(one: string, other: string): boolean {
  try {
    return readFileSync(one).equals(readFileSync(other));
  } catch {
    return false;
  }
}
