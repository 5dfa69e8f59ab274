import { join } from "node:path";
import { examine, type Finding } from "../build/doctor.js";
import { hasCode, keepsCode } from "../hosts/node/code-cache.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { packageRoot } from "./package-root.js";

const MARKS: Record<Finding["state"], string> = { good: "ok  ", note: "note", bad: "BAD " };

/** `weft doctor`: what this machine has and lacks. Fails if Weft cannot run or be built here. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    throw new CliError(`weft doctor takes no arguments, not ${args.join(" ")}`, ExitCode.usage);
  }
  const root = packageRoot();
  const findings = await examine(root, join(root, "dist/runtime"), (runtime) => (keepsCode() ? hasCode(runtime) : undefined));
  for (const { state, what, found } of findings) {
    process.stdout.write(`${MARKS[state]} ${what}: ${found}\n`);
  }
  return findings.some(({ state }) => state === "bad") ? 1 : 0;
}
