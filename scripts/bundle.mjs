// Bundles the command line tools and the workers' script into dist/.
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Output path without extension, and its source. */
const ENTRIES = {
  "bin/weft": "src/cli/weft.ts",
  "bin/weft-python": "src/cli/weft-python.ts",
  "dev/test-cpython": "src/cpython-tests/main.ts",
  "realm-worker": "src/hosts/node/realm-worker.ts",
  "lib/index": "src/index.ts",
  "dev/bench-border": "src/bench/border.ts",
  "bench-startup": "src/bench/startup.ts",
};

// Only what bundling makes: dist/runtime is the build's.
for (const name of ["bin", "chunks", "dev", "lib", ...Object.keys(ENTRIES).filter((entry) => !entry.includes("/")).flatMap((entry) => [`${entry}.js`, `${entry}.js.map`])]) {
  rmSync(join(root, "dist", name), { recursive: true, force: true });
}
await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(Object.entries(ENTRIES).filter(([, source]) => existsSync(join(root, source)))),
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "linked",
  logLevel: "warning",
});
