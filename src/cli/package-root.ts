import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError, ExitCode } from "./exit-codes.js";

/**
 * The folder of this package: the one above the running file that has the build recipe.
 *
 * @throws CliError when the package was installed without it
 */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, "cpython-build/pins.json"))) {
      return folder;
    }
    const parent = dirname(folder);
    if (parent === folder) {
      throw new CliError("this installation has no cpython-build folder; build from a checkout of the repository", ExitCode.runtimeFiles);
    }
    folder = parent;
  }
}
