// Bundles the command line tools, the package and the workers' scripts into dist/.
import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { BROWSERS, bundlePlayground, LAYOUT_HASH, SYMBOLS } from "./playground.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Output path without extension, and its source. */
const ENTRIES = {
  "bin/weft": "src/cli/weft.ts",
  "bin/weft-python": "src/cli/weft-python.ts",
  "dev/test-cpython": "src/cpython-tests/main.ts",
  "dev/solo-python": "src/cpython-tests/solo-python.ts",
  "dev/count-branches": "src/profile/main.ts",
  "dev/stress-packages": "src/stress-packages/main.ts",
  "realm-body": "src/hosts/shared/realm-body.ts",
  "make-snapshot": "src/snapshot/main.ts",
  "snapshot-worker": "src/snapshot/worker.ts",
  "make-code": "src/code/main.ts",
  "lib/index": "src/node.ts",
  "dev/bench": "src/bench/suite/main.ts",
  "dev/bench-scaling": "src/bench/scaling/main.ts",
  vite: "src/vite.ts",
  "dev/bench-border": "src/bench/border.ts",
  "dev/bench-thread-view": "src/bench/thread-view.ts",
  "dev/contender": "src/bench/contender.ts",
  "dev/classes": "src/bench/classes.ts",
  "dev/bench-stress": "src/bench/stress.ts",
  "bench-startup": "src/bench/startup.ts",
};

/** Each as one file without what it does not use: every thread reads it, and each module costs a realm memory. */
const WORKER_ENTRIES = { "realm-worker": "src/hosts/node/realm-worker.ts" };

/**
 * The package below dist/browser, for pages: one folder that a server can offer as it is. All of it is one file, as browsers ask for
 * the parts of a module only when they have read it, and what workers run for TypeScript is in it too.
 */
const PACKAGE = `
export * from "./src/browser.js";
export { realmBody } from "./src/hosts/shared/realm-body.js";
`;

/** Scripts of workers in the same folder. */
const BROWSER_ENTRIES = {
  "plot-worker": "src/hosts/browser/plot-worker.ts",
  "persist-worker": "src/hosts/browser/persist-worker.ts",
};

/** For the command's own pages; by itself, so that pages of users load nothing of it. */
const STRESS_ENTRIES = {
  "stress-page": "src/stress/page.ts",
};

/** The script of Python's workers: a classic one, so that it can load the package later, while Python waits. */
const REALM_ENTRIES = {
  "realm-worker": "src/hosts/browser/realm-worker.ts",
};

/** Other classic scripts in the same folder. */
const CLASSIC_ENTRIES = {
  "weft-headers": "src/hosts/browser/weft-headers.ts",
};

const present = (entries) => Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(join(root, source))));
const common = {
  absWorkingDir: root,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  // A realm has each class once, whether the worker's script or a thread's module imports it.
  splitting: true,
  format: "esm",
  sourcemap: "linked",
  // Python code that runs in the guest.
  loader: { ".py": "text" },
  define: LAYOUT_HASH,
  logLevel: "warning",
};

// Only what bundling makes: dist/runtime is the build's.
for (const name of ["bin", "browser", "chunks", "dev", "lib", ...Object.keys({ ...ENTRIES, ...WORKER_ENTRIES }).filter((entry) => !entry.includes("/")).flatMap((entry) => [`${entry}.js`, `${entry}.js.map`])]) {
  rmSync(join(root, "dist", name), { recursive: true, force: true });
}
await build({ ...common, entryPoints: present(ENTRIES), outdir: "dist", platform: "node", target: "node20", external: ["playwright-core"] });
await build({ ...common, entryPoints: present(WORKER_ENTRIES), outdir: "dist", splitting: false, minify: true, platform: "node", target: "node20" });
const browser = {
  ...common,
  splitting: false,
  outdir: "dist/browser",
  platform: "browser",
  target: BROWSERS,
  banner: SYMBOLS,
  // Code of the chart library for development takes a worker for Node; it goes.
  define: { ...LAYOUT_HASH, "process.env.NODE_ENV": '"production"' },
  // Every realm of a page reads it while Python starts.
  minify: true,
};
const packageKey = await bundlePackage();
await build({ ...browser, entryPoints: present(BROWSER_ENTRIES) });
await build({ ...common, entryPoints: present(STRESS_ENTRIES), outdir: "dist/browser", splitting: false, platform: "browser", target: BROWSERS, banner: SYMBOLS, define: { ...LAYOUT_HASH, ...packageKey } });
await build({ ...browser, entryPoints: present(REALM_ENTRIES), format: "iife", banner: { js: `"use strict";${SYMBOLS.js}` } });
await build({ ...common, entryPoints: present(CLASSIC_ENTRIES), outdir: "dist/browser", splitting: false, format: "iife", platform: "browser", target: BROWSERS });
await bundlePlayground();

/**
 * A realm has each class once, whether a worker loads it for Python or a thread's module imports it, and also where servers offer the
 * file at several addresses (redirects, queries that tell versions apart): the first one that is read gives its exports to the others.
 *
 * For workers it is a classic script as well, which they load while Python waits.
 * @returns the constant by which bundles with the package's source know its key.
 */
async function bundlePackage() {
  const options = {
    ...browser,
    outdir: undefined,
    outfile: "dist/browser/index.js",
    stdin: { contents: PACKAGE, resolveDir: root, sourcefile: "package.js" },
  };
  const { outputFiles, metafile } = await build({ ...options, write: false, metafile: true });
  const { exports } = metafile.outputs["dist/browser/index.js"];
  const hash = createHash("sha256").update(outputFiles.find(({ path }) => path.endsWith(".js")).contents).digest("hex");
  const key = JSON.stringify(`weft-python ${hash}`);
  const once = `globalThis[Symbol.for(${key})]??=weftPackage;`;
  const bundle = {
    ...options,
    format: "iife",
    globalName: "weftPackage",
    define: { ...options.define, "import.meta.url": "weftPackageUrl", weftPackageKey: key },
  };
  await build({
    ...bundle,
    banner: { js: `${SYMBOLS.js}const weftPackageUrl=import.meta.url;` },
    footer: { js: `export const{${exports.join(",")}}=${once}` },
  });
  await build({
    ...bundle,
    outfile: "dist/browser/realm-package.js",
    // In a function: the names are no globals, and it can be loaded again.
    banner: { js: `(()=>{"use strict";${SYMBOLS.js}const{weftPackageUrl}=globalThis;` },
    footer: { js: `${once}})();` },
  });
  return { weftPackageKey: key };
}
