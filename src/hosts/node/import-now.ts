import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

let require: NodeJS.Require | undefined;

/**
 * Imports an ES module without waiting: Node can since 20.19 and 22.12, for files without top-level await.
 * It is the same module that `import()` gives.
 * @throws TypeError where Node cannot.
 */
export function importNow(url: string): Readonly<Record<string, unknown>> {
  if (!url.startsWith("file:")) {
    throw new TypeError(`a module for Python has to be a file on this platform, not ${url}`);
  }
  // Made when it is needed: most realms do without.
  require ??= createRequire(import.meta.url);
  try {
    return require(fileURLToPath(url)) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_REQUIRE_ESM") {
      throw new TypeError(`Node ${process.versions.node} cannot load ${url} on a thread that runs Python: use Node 20.19, 22.12 or newer`, { cause: error });
    }
    throw error;
  }
}
