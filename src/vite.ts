/** The plugin for Vite: `import { weft } from "weft-python/vite"`. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";

const PACKAGE = "weft-python";
/** The package's dist folder: this file's own, once it is built. */
const DIST = fileURLToPath(new URL("./", import.meta.url));
/** What a page needs of it. */
const PARTS = ["browser", "runtime/release"];
/** What only Node needs of that. */
const CODE = "runtime/release/code/";
/** Where that is in a built site. */
const FOLDER = "weft";
const ENTRY = `${FOLDER}/browser/index.js`;
/** Stands for the built site's copy of the package until it is known which file imports it. */
const PLACEHOLDER = "/@weft-python/index.js";
const HEADERS = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

const TYPES: Readonly<Record<string, string>> = { ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

const ADDRESS = /\bnew\s+URL\(\s*(["'])(?<path>\.{1,2}\/[^"'?#]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g;
/** What is before the address of a module that threads load: `weft.addModule(`, `weft.spawn(`, `modules: [` and others of the list. */
const TAKES_MODULES = /(?:\.(?:addModule|spawn)\(|\bmodules:\s*\[[^\]]*)\s*$/;

/**
 * Lets a project of Vite's use this package. Workers import the package by its URL, and each realm must have it once, so it is
 * not put into the project's own files: the development server offers it as it is, and a build copies it to the folder `weft` of
 * the site. Both send the headers that isolate a page when Vite serves them.
 *
 * Modules that threads load, written as `weft.addModule(new URL("./shapes.ts", import.meta.url))`, become files of their own,
 * with what they import.
 */
export function weft(): Plugin {
  let building = false;
  return {
    name: PACKAGE,
    config: () => ({
      optimizeDeps: { exclude: [PACKAGE] },
      server: { headers: HEADERS },
      preview: { headers: HEADERS },
    }),
    configureServer: ({ config, middlewares }) => {
      // As they are: what Vite adds to modules does not run in workers.
      middlewares.use((request, response, next) => {
        const address = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
        const path = address.startsWith(config.base) ? address.slice(config.base.length - 1) : address;
        // Packages that lie above the project have their whole path in the address.
        const file = path.startsWith("/@fs/") ? join(path.slice("/@fs".length)) : join(config.root, path);
        if (!file.startsWith(DIST) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
          next();
          return;
        }
        response.writeHead(200, { ...HEADERS, "Content-Type": TYPES[extname(file)] ?? "application/octet-stream", "Cache-Control": "no-cache" }).end(readFileSync(file));
      });
    },
    configResolved: ({ command, build }) => {
      // A server's build imports the package from node_modules.
      building = command === "build" && !build.ssr;
    },
    resolveId: {
      // Before Vite finds it in node_modules.
      order: "pre",
      handler: (source) => (building && source === PACKAGE ? { id: PLACEHOLDER, external: true } : null),
    },
    // After TypeScript's types are gone, before Vite takes such addresses for files that it copies as they are.
    async transform(code, id) {
      if (!building || !code.includes("import.meta.url")) {
        return null;
      }
      let changed = "";
      let end = 0;
      for (const match of code.matchAll(ADDRESS)) {
        if (!TAKES_MODULES.test(code.slice(0, match.index))) {
          continue;
        }
        const path = match.groups!["path"]!;
        const resolved = await this.resolve(path, id);
        if (!resolved) {
          this.error(`${path} cannot be found; ${id} names it as a module for Python's threads`);
        }
        const reference = this.emitFile({ type: "chunk", id: resolved.id, preserveSignature: "strict" });
        changed += `${code.slice(end, match.index)}new URL(import.meta.ROLLUP_FILE_URL_${reference}, import.meta.url)`;
        end = match.index + match[0].length;
      }
      return end === 0 ? null : { code: changed + code.slice(end), map: null };
    },
    renderChunk: (code, { fileName }) => {
      if (!code.includes(PLACEHOLDER)) {
        return null;
      }
      const path = posix.relative(posix.dirname(fileName), ENTRY);
      return { code: code.replaceAll(PLACEHOLDER, path.startsWith(".") ? path : `./${path}`), map: null };
    },
    generateBundle() {
      if (!building) {
        return;
      }
      for (const part of PARTS) {
        for (const name of readdirSync(`${DIST}${part}`, { recursive: true, encoding: "utf8" })) {
          const place = `${part}/${name.replaceAll("\\", "/")}`;
          if (!place.startsWith(CODE) && statSync(DIST + place).isFile()) {
            this.emitFile({ type: "asset", fileName: `${FOLDER}/${place}`, source: readFileSync(DIST + place) });
          }
        }
      }
    },
  };
}
