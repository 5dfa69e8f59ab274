import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { entryName, type CacheEntry } from "../cache.js";
import { run } from "../command.js";
import { ensure } from "../ensure.js";
import { BuildError } from "../errors.js";
import { hashFile, keyOf } from "../hash.js";
import { stageTools, type BuildContext } from "../stage.js";

/** The world of wasm/weft.wit, and what jco calls the files. */
const WORLD = "python";
const NAME = "weft-solo";

/** The component, and what a JavaScript engine runs of it. */
export const COMPONENT_FILES = ["weft.wit", "weft-solo.wasm", "weft-solo.js", "weft-solo-jspi.js", "weft-solo.core.wasm", "weft-solo.core2.wasm", "weft-solo.core3.wasm", "weft-solo.core4.wasm"] as const;

/** With these, Python waits while its thread goes on: by WebAssembly's JavaScript Promise Integration. Python code may run in all exports. */
const SUSPENDING = [
  "--async-mode", "jspi",
  "--async-imports", ...["sleep", "interrupted"].map((name) => `weft:python/host@0.1.0#${name}`),
  "--async-exports", ...["create", "run", "eval", "call", "get", "set", "read-file", "write-file", "list-folder", "remove", "dispose"].map((name) => `weft:python/interpreter@0.1.0#${name}`),
];

/**
 * Pre-initialises the module, so that Python has started already, makes a component of it, and JavaScript of that.
 * @param packageRoot where `npm install` has put jco and wizer.
 */
export async function ensureComponent(context: BuildContext, packageRoot: string, core: CacheEntry): Promise<CacheEntry> {
  const wit = join(context.folders.wasm, "weft.wit");
  const tool = (name: string): string => {
    const path = join(packageRoot, "node_modules/.bin", name);
    if (!existsSync(path)) {
      throw new BuildError(`${path} is missing; run "npm install" in ${packageRoot}`);
    }
    return path;
  };
  const version = (name: string): string => (JSON.parse(readFileSync(join(packageRoot, "node_modules", name, "package.json"), "utf8")) as { version: string }).version;
  const [jco, wizer] = [tool("jco"), tool("wizer")];
  return ensure(context, {
    name: "solo-component",
    key: keyOf({ core: entryName(core), wit: hashFile(wit), jco: version("@bytecodealliance/jco"), wizer: version("@bytecodealliance/wizer"), files: [...COMPONENT_FILES], suspending: SUSPENDING }),
    what: "starting Python for its snapshot and making the component",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      const tools = { ...stageTools(context, "solo-component"), env: process.env, cwd: folder };
      const work = context.cache.temporary("component");
      try {
        const [snapshot, embedded] = [join(work, "snapshot.wasm"), join(work, "embedded.wasm")];
        await run([wizer, join(core.folder, "core.wasm"), "--allow-wasi", "-o", snapshot], { ...tools, purpose: "starting Python for its snapshot" });
        await run([jco, "embed", "--wit", wit, "-n", WORLD, "-o", embedded, snapshot], { ...tools, purpose: "adding the interface to the module" });
        await run([jco, "new", "--wasi-reactor", "-o", join(folder, `${NAME}.wasm`), embedded], { ...tools, purpose: "making the component" });
        const component = join(folder, `${NAME}.wasm`);
        const transpile = (to: string, options: readonly string[]): Promise<string> =>
          run([jco, "transpile", component, "-o", to, "--name", NAME, "--instantiation", "async", "--no-typescript", "--no-nodejs-compat", "--no-wasi-shim", ...options], {
            ...tools,
            purpose: "making JavaScript of the component",
          });
        const suspending = join(work, "jspi");
        await transpile(work, []);
        await transpile(suspending, SUSPENDING);
        copyFileSync(wit, join(folder, "weft.wit"));
        copyFileSync(join(suspending, `${NAME}.js`), join(folder, `${NAME}-jspi.js`));
        copyFileSync(join(work, `${NAME}.js`), join(folder, `${NAME}.js`));
        for (const name of COMPONENT_FILES.filter((one) => one.includes(".core"))) {
          copyFileSync(join(work, name), join(folder, name));
          if (hashFile(join(work, name)) !== hashFile(join(suspending, name))) {
            throw new BuildError(`jco made two different ${name}, of which both kinds of JavaScript would need their own; use the version that package.json names`);
          }
        }
        return {};
      } finally {
        context.cache.remove(work);
      }
    },
  });
}
