import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { keepsCode } from "../../src/hosts/node/code-cache.js";
import { Project, tool } from "./project.js";

const project = new Project(["typescript", "@types/node", "undici-types", "vite"]);

/** Threads, a module in TypeScript that all of them call, and an error that keeps its class. */
const MODULE = `
import { arg, field, pyClass, pyModule, t } from "weft-python";

export const Counter = pyClass("Counter", { fields: { value: field.i32({ get: true }) }, locked: true })
  .constructs({}, (self) => {
    self.value = 0;
  })
  .methodMut("add", { args: [arg("by", t.int, { default: 1 })] }, (self, by) => {
    self.value += by;
  });

export const counting = pyModule("counting").add(Counter);
`;
const PROGRAM = `
import { loadWeft, PyErr } from "weft-python";

const weft = await loadWeft();
await weft.addModule(new URL("./counting.ts", import.meta.url));
await weft.run(\`
from concurrent.futures import ThreadPoolExecutor
from counting import Counter
counter = Counter()
with ThreadPoolExecutor(3) as pool:
    list(pool.map(lambda _: [counter.add() for _ in range(100)], range(3)))
print(counter.value)
\`);
const error = await weft.run("1/0").catch((reason: unknown) => reason);
console.log(error instanceof PyErr, String(error));
console.log(await weft.finalize());
`;
const OUTPUT = "300\ntrue PyErr: ZeroDivisionError: division by zero\n0\n";

describe("the packed package", () => {
  test("has the runtime, the types and the sources of the build, and nothing that only tests and measurements need", () => {
    const files = readdirSync(project.path("node_modules/weft-python"), { recursive: true, encoding: "utf8" });
    for (const name of ["dist/lib/index.js", "dist/browser/index.js", "dist/browser/weft-headers.js", "dist/bin/weft.js", "dist/make-code.js", "dist/runtime/release/weft.wasm", "dist/types/node.d.ts", "cpython-build/pins.json", "cpython-build/profile/exercise.py", "LICENSE", "README.md"]) {
      expect(files).toContain(name);
    }
    expect(files.filter((name) => /^(?:test|node_modules|dist\/(?:playground|dev|bench)|dist\/runtime\/(?!release)|dist\/runtime\/release\/code)/.test(name) && name !== "dist/runtime")).toEqual([]);
  });

  test("every file that its exports name is there, and other files are its own business", async () => {
    const program = `
      const { exports } = (await import("weft-python/package.json", { with: { type: "json" } })).default;
      const { existsSync } = await import("node:fs");
      const files = (value) => typeof value === "string" ? [value] : Object.values(value).flatMap(files);
      console.log(files(exports).filter((file) => !existsSync(\`node_modules/weft-python/\${file}\`)));
      console.log(await import("weft-python/dist/lib/index.js").catch(({ code }) => code));
      // A type has to come before what is loaded.
      const misplaced = (value) => typeof value === "object" && (Object.keys(value).indexOf("types") > Math.max(0, Object.keys(value).indexOf("browser") + 1) || Object.keys(value).at(-1) !== "default" && "default" in value);
      console.log(Object.values(exports).filter(misplaced));`;
    project.write({ "exports.mjs": program });
    expect(await project.run(process.execPath, "--no-warnings", "exports.mjs")).toEqual({ status: 0, stdout: "[]\nERR_PACKAGE_PATH_NOT_EXPORTED\n[]\n", stderr: "" });
  });
});

describe("a program of its own", () => {
  test("Node", async () => {
    // Node runs TypeScript only from version 22 on.
    project.write({ "counting.mjs": MODULE, "main.mjs": PROGRAM.replace("counting.ts", "counting.mjs").replace("reason: unknown", "reason") });
    expect(await project.run(process.execPath, "main.mjs")).toEqual({ status: 0, stdout: OUTPUT, stderr: "" });
  });

  // Node from version 26 on keeps none.
  test.skipIf(!keepsCode())("Node, with code of its own", async () => {
    const weft = project.path("node_modules/weft-python/dist/bin/weft.js");
    expect(await project.run(process.execPath, weft, "build", "--code")).toMatchObject({ status: 0, stderr: expect.stringContaining(`code for Node ${process.versions.node}`) });
    expect(await project.run(process.execPath, weft, "doctor")).toMatchObject({ stdout: expect.stringContaining("its code for this Node: yes") });
    project.write({ "counting.mjs": MODULE, "main.mjs": PROGRAM.replace("counting.ts", "counting.mjs").replace("reason: unknown", "reason") });
    expect(await project.run(process.execPath, "main.mjs")).toEqual({ status: 0, stdout: OUTPUT, stderr: "" });
  });

  test.each([
    ["Deno", "deno", ["run", "--no-prompt", "--allow-read=.", "--node-modules-dir=manual"]],
    ["Bun", "bun", ["run"]],
  ])("%s", async (_, command, options) => {
    project.write({ "counting.ts": MODULE, "main.ts": PROGRAM });
    expect(await project.run(tool(command), ...options, "main.ts")).toEqual({ status: 0, stdout: OUTPUT, stderr: "" });
  });

  test("the commands", async () => {
    expect(existsSync(project.path("node_modules/.bin/weft"))).toBe(true);
    const end = await project.run("npx", "--offline", "weft-python", "-c", "import sys; print(sys._is_gil_enabled())");
    expect(end).toMatchObject({ status: 0, stdout: "False\n" });
  });
});

describe("types", () => {
  const PAGE = `
    import { loadWeft, type LoadOptions, type LoadProgress } from "weft-python";
    const options: LoadOptions = { stdout: (text: string) => { document.body.append(text); }, onProgress: ({ stage }: LoadProgress) => stage };
    const weft = await loadWeft(options);
    const value: unknown = await weft.eval("1");
    // @ts-expect-error no such option
    await loadWeft({ mount: [] });
    console.log(value);`;
  const SERVER = `
    import { loadWeft, joinWeft, PyDict, PyList, type LoadOptions } from "weft-python";
    const options: LoadOptions = { mounts: [{ host: ".", guest: "/here", readOnly: true }] };
    const weft = await loadWeft(options);
    // @ts-expect-error no such method
    weft.evaluate("1");
    weft.attach((py) => {
      const list: PyList = py.eval("[1]").cast(PyList);
      const dict: PyDict = py.eval("{}").cast(PyDict);
      console.log(list.length() + dict.length(), joinWeft);
    });`;
  const CONFIG = `
    import { defineConfig } from "vite";
    import { weft } from "weft-python/vite";
    export default defineConfig({ plugins: [weft()] });`;
  const common = { target: "es2022", strict: true, noEmit: true, exactOptionalPropertyTypes: true };

  test.each([
    // Our declarations themselves are checked too, once for each kind of host.
    ["nodenext, Node", { module: "nodenext", moduleResolution: "nodenext", lib: ["es2024", "esnext.disposable"], types: ["node"] }, SERVER],
    ["bundler, Node", { module: "esnext", moduleResolution: "bundler", lib: ["es2024", "esnext.disposable"], types: ["node"], skipLibCheck: true }, SERVER],
    ["bundler, a page", { module: "esnext", moduleResolution: "bundler", lib: ["es2024", "esnext.disposable", "dom"], types: [], customConditions: ["browser"] }, PAGE],
    ["nodenext, a page", { module: "nodenext", moduleResolution: "nodenext", lib: ["es2024", "esnext.disposable", "dom"], types: [], skipLibCheck: true, customConditions: ["browser"] }, PAGE],
    ["bundler, a configuration of Vite's", { module: "esnext", moduleResolution: "bundler", lib: ["es2024", "esnext.disposable", "dom"], types: ["node"], skipLibCheck: true }, CONFIG],
  ])("%s", async (_, options, program) => {
    project.write({ "types/main.ts": program, "types/counting.ts": MODULE, "types/tsconfig.json": JSON.stringify({ compilerOptions: { ...common, ...options }, include: ["*.ts"] }) });
    expect(await project.run(tool("tsc"), "--project", "types")).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});
