import { hasCode } from "../hosts/node/code-cache.js";
import { tuneEngine } from "../hosts/node/engine.js";

/**
 * What commands that run Python in this process do first.
 * @param runtime the folder of the runtime.
 */
export function prepareEngine(runtime: string): void {
  if (!hasCode(runtime)) {
    tuneEngine();
  }
}
