// Makes dist/playground: a static folder with the page, its workers and the runtime.
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist/playground");
const runtime = join(root, "dist/runtime/release");

export const BROWSERS = ["chrome111", "firefox115", "safari17"];

/** Before each chunk: browsers without these symbols would name the methods that `using` calls "undefined". As esbuild's code for `using` finds them. */
export const SYMBOLS = { js: ["dispose", "asyncDispose"].map((name) => `Symbol.${name}??=Symbol.for("Symbol.${name}");`).join("") };

/** A source file's exports. */
async function load(source) {
  const { outputFiles } = await build({ entryPoints: [join(root, source)], bundle: true, format: "esm", write: false });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

const { PROGRAM_FILES, LIBRARY_PARTS } = await load("src/abi/runtime-files.ts");
const { LAYOUT, layoutHash } = await load("src/abi/layout.ts");

/** A constant of src/abi/layout.ts. */
export const LAYOUT_HASH = { weftLayoutHash: String(layoutHash(LAYOUT)) };

/** What a page loads of the runtime. */
const RUNTIME_FILES = ["manifest.json", ...PROGRAM_FILES, ...LIBRARY_PARTS];

/** What every response of a host needs, in the form that Netlify, Cloudflare Pages and others read. */
export const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** `import text from "./file.ts?text"`: a source file to show. */
const asText = {
  name: "as-text",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?text$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.slice(0, -"?text".length)), namespace: "as-text" }));
    onLoad({ filter: /./, namespace: "as-text" }, ({ path }) => ({ contents: readFileSync(path, "utf8").replace("../../browser.js", "weft-python"), loader: "text" }));
  },
};

/** Bundles the page. */
export async function bundlePlayground() {
  rmSync(out, { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: {
      main: "src/playground/main.ts",
      "interpreter-worker": "src/playground/interpreter-worker.ts",
      "realm-worker": "src/playground/realm-worker.ts",
      "modules/accounts": "src/playground/modules/accounts.ts",
      "plot-worker": "src/hosts/browser/plot-worker.ts",
      "persist-worker": "src/hosts/browser/persist-worker.ts",
    },
    outdir: "dist/playground",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    // A realm has each class once.
    splitting: true,
    minify: true,
    format: "esm",
    sourcemap: "linked",
    loader: { ".py": "text" },
    define: LAYOUT_HASH,
    plugins: [asText],
    logLevel: "warning",
    platform: "browser",
    target: BROWSERS,
    banner: SYMBOLS,
  });
  await build({
    absWorkingDir: root,
    // One file: the page puts it into a frame that may load nothing.
    entryPoints: { stage: "src/playground/stage.ts" },
    outdir: "dist/playground",
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "warning",
    platform: "browser",
    target: BROWSERS,
  });
  for (const name of ["index.html", "icon.svg"]) {
    copyFileSync(join(root, "src/playground", name), join(out, name));
  }
  // What a visit without a network needs: all that a page loads. "./" is the page itself.
  const files = readdirSync(out, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(?:js|css|svg)$/.test(name))
    .concat("./", "offline.js", RUNTIME_FILES.map((name) => `runtime/${name}`));
  await build({
    absWorkingDir: root,
    // A classic script: it is a service worker too.
    entryPoints: { offline: "src/playground/offline.ts" },
    outdir: "dist/playground",
    bundle: true,
    minify: true,
    format: "iife",
    define: { PLAYGROUND_FILES: JSON.stringify(files) },
    logLevel: "warning",
    platform: "browser",
    target: BROWSERS,
  });
  writeFileSync(join(out, "_headers"), `/*\n${Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}\n`).join("")}`);
  copyRuntime();
}

/** Puts the built runtime beside the page, when there is one that is not there yet. */
export function copyRuntime() {
  const manifest = (folder) => (existsSync(join(folder, "manifest.json")) ? readFileSync(join(folder, "manifest.json"), "utf8") : undefined);
  const wanted = manifest(runtime);
  if (wanted === undefined || wanted === manifest(join(out, "runtime"))) {
    return;
  }
  // Beside it first: a page that is served meanwhile gets the files of one build.
  const copy = join(out, `runtime-${process.pid}`);
  mkdirSync(out, { recursive: true });
  // Without Node's machine code.
  cpSync(runtime, copy, { recursive: true, filter: (source) => source !== join(runtime, "code") });
  rmSync(join(out, "runtime"), { recursive: true, force: true });
  renameSync(copy, join(out, "runtime"));
}
