import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The built runtime that commands use when none is named. */
export function runtimeFolder(): string {
  return process.env["WEFT_RUNTIME"] ?? join(fileURLToPath(new URL("../runtime", import.meta.url)), "release");
}
