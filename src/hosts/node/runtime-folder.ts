import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { permitted } from "./permission.js";

/** The built runtime that commands use when none is named. */
export function runtimeFolder(): string {
  return permitted(() => process.env["WEFT_RUNTIME"], () => undefined) ?? join(fileURLToPath(new URL("../runtime", import.meta.url)), "release");
}
