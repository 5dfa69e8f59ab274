import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What a page has too, by another way. */
const HERE: Readonly<Record<string, string>> = {
  // The tests' browser offers its collector from the start.
  "node:v8": "export const setFlagsFromString = () => undefined;",
  "node:vm": "export const runInNewContext = (name) => globalThis[name];",
};

/** Node's other modules exist so far that a file can import them; tests that use them are left out. */
const noNode: Plugin = {
  name: "no-node",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "no-node" }));
    onLoad({ filter: /./, namespace: "no-node" }, ({ path }) => ({
      contents: HERE[path] ?? `const missing = (name) => () => { throw new Error("a page has no ${path}: " + String(name)); };\nmodule.exports = new Proxy({}, { getOwnPropertyDescriptor: () => undefined, get: (_, name) => missing(name) });`,
    }));
  },
};

/** What pages lack of Node's globals. */
const BANNER = `
globalThis.setImmediate ??= (call) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); call(); };
  port2.postMessage(0);
};
globalThis.process ??= { env: {} };`;

/** A test file of Node's as a module that exports `run(without)`; to be served from the file's own folder. */
export async function bundleTest(path: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: {
      contents: `
        import { runFile } from "./test/portable/run.ts";
        // The names are shown when the page crashes or does not come back.
        export const run = (without) => runFile(${JSON.stringify(basename(path))}, () => import(${JSON.stringify(`./${path}`)}), { begin: (name) => console.log(name) }, { without });`,
      resolveDir: ROOT,
    },
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "chrome111",
    // Tests look at the names of classes.
    keepNames: true,
    sourcemap: "inline",
    alias: { vitest: "./test/portable/vitest.ts" },
    banner: { js: BANNER },
    plugins: [noNode],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}
