import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { UsageError, type Options } from "./options.js";

/** A Python to test. */
export interface Launcher {
  readonly command: readonly string[];
  /** What the command needs in its environment besides ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** What tells this Python from another: results are kept for it alone. */
  readonly identity: readonly (string | Buffer)[];
}

/** Node with the options that this process was given: `node --liftoff-only dist/dev/test-cpython.js`. */
const ENGINE = [process.execPath, ...process.execArgv];

/**
 * Chooses the command that runs Python.
 * @param bin Folder of our own bundled commands.
 * @throws UsageError when there is no runtime at the given place.
 */
export function chooseLauncher(options: Pick<Options, "python" | "runtime" | "solo">, bin: string): Launcher {
  if (options.python !== undefined) {
    return { command: options.python, environment: {}, identity: options.python };
  }
  if (options.solo) {
    const component = join(bin, "..", "solo-test");
    const manifest = join(component, "manifest.json");
    if (!existsSync(manifest)) {
      throw new UsageError(`${component} has no manifest.json; build it: node dist/bin/weft.js build --profile solo --variant test`);
    }
    const launcher = join(bin, "..", "dev", "solo-python.js");
    return { command: [...ENGINE, launcher], environment: { WEFT_SOLO: component }, identity: [readFileSync(manifest), readFileSync(launcher), ...process.execArgv] };
  }
  const folder = resolve(options.runtime ?? join(bin, "..", "runtime", "test"));
  const manifest = join(folder, "manifest.json");
  if (!existsSync(manifest)) {
    throw new UsageError(`${folder} has no manifest.json; build the test variant: npm run build -- --variant test`);
  }
  const launcher = join(bin, "weft-python.js");
  return {
    command: [...ENGINE, launcher],
    environment: { WEFT_RUNTIME: folder },
    // The launcher is the host side of the runtime: results depend on it as much as on the wasm.
    identity: [readFileSync(manifest), readFileSync(launcher), ...process.execArgv],
  };
}
