// The unit tests in another version of Node, which npm has as a package for each platform: test-node.mjs VERSION [vitest's arguments].
import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [version, ...rest] = process.argv.slice(2);
if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version)) {
  console.error(`name a version of Node, not ${version ?? "nothing"}: npm run test:node -- 26 test/runtime`);
  process.exit(2);
}
const root = join(fileURLToPath(import.meta.url), "../..");
const vitest = join(root, "node_modules/vitest/vitest.mjs");
const child = spawn("npm", ["exec", "--yes", `--package=node-${process.platform}-${process.arch}@${version}`, "--", "node", vitest, "run", ...rest], {
  cwd: root,
  stdio: "inherit",
});
child.on("error", (error) => {
  console.error(`npm cannot be started: ${error.message}`);
  process.exitCode = 1;
});
child.on("exit", (status) => {
  process.exitCode = status ?? 1;
});
