import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { Cache } from "../../src/build/cache.js";
import { Progress } from "../../src/build/progress.js";
import { readPins, readRecipe, recipeFolders } from "../../src/build/recipe.js";
import type { BuildContext } from "../../src/build/stage.js";

export const PACKAGE_ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A folder that is removed when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-build-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A build's context over a copy of the real recipe and C, with everything that it reports. */
export function testContext(options: { signal?: AbortSignal } = {}): { context: BuildContext; said: string[]; root: string } {
  const root = temporaryFolder();
  for (const name of ["cpython-build", "wasm"]) {
    cpSync(join(PACKAGE_ROOT, name), join(root, name), { recursive: true });
  }
  const said: string[] = [];
  const folders = recipeFolders(root);
  const cache = new Cache(join(root, "cache"));
  mkdirSync(join(root, "logs"));
  const context: BuildContext = {
    cache,
    progress: new Progress(cache.folder, { write: (text) => said.push(text) }),
    pins: readPins(folders.recipe),
    recipe: readRecipe(folders.recipe),
    folders,
    logs: join(root, "logs"),
    jobs: 2,
    signal: options.signal,
    onOutput: undefined,
  };
  return { context, said, root };
}
