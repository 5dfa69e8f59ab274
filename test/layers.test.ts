import { existsSync, readFileSync, readdirSync } from "node:fs";
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript-compiler-api";
import { describe, expect, test } from "vitest";

/** What the files of one layer may import besides each other. */
interface Layer {
  readonly layers: readonly string[];
  /** Whether Node's built-in modules may be imported. */
  readonly node: boolean;
  /** Other packages and assets that it may import, by the beginnings or ends of their names. */
  readonly packages?: readonly string[];
}

/**
 * The layers by the first name below src/, hosts by the first two. Dependencies point one way, from the bottom of
 * this table to its top. What runs in a page too must not name Node's modules.
 */
const LAYERS: Readonly<Record<string, Layer>> = {
  abi: { layers: [], node: false },
  // The interface of all profiles, and the one of one thread.
  portable: { layers: [], node: false },
  solo: { layers: ["abi", "portable"], node: false },
  runtime: { layers: ["abi"], node: false },
  python: { layers: ["abi", "portable", "runtime"], node: false },
  // The chart library is loaded for the first chart only.
  plot: { layers: [], node: false, packages: ["echarts/"] },
  "hosts/shared": { layers: ["abi", "portable", "runtime", "python"], node: false },
  "hosts/browser": { layers: ["abi", "portable", "solo", "runtime", "python", "plot", "hosts/shared"], node: false },
  "hosts/node": { layers: ["abi", "portable", "solo", "runtime", "python", "plot", "hosts/shared"], node: true },
  "index.ts": { layers: ["abi", "portable", "runtime", "python"], node: false },
  "node.ts": { layers: ["index.ts", "hosts/shared", "hosts/node"], node: true },
  "browser.ts": { layers: ["index.ts", "hosts/shared", "hosts/browser"], node: false },
  "vite.ts": { layers: [], node: true, packages: ["vite"] },
  playground: { layers: ["browser.ts", "hosts/browser"], node: false, packages: ["@codemirror/", "@lezer/", "@xterm/", ".py", ".css", "?text"] },
  // Tools beside the command line.
  tools: { layers: [], node: false },
  build: { layers: ["abi"], node: true, packages: ["wasmparser"] },
  // What the build runs.
  snapshot: { layers: ["runtime", "python", "hosts/node"], node: true },
  code: { layers: ["hosts/node"], node: true },
  bench: { layers: ["abi", "node.ts", "build"], node: true, packages: ["playwright-core", "../scripts/"] },
  profile: { layers: ["build", "node.ts"], node: true },
  "stress-packages": { layers: ["build"], node: true },
  examples: { layers: [], node: false, packages: ["weft-python"] },
  "cpython-tests": { layers: ["abi", "portable", "tools", "hosts/node"], node: true },
  stress: { layers: ["abi", "runtime", "index.ts", "node.ts", "browser.ts", "tools"], node: true, packages: [".py", "playwright-core", "../scripts/"] },
  cli: { layers: ["abi", "runtime", "python", "hosts/shared", "hosts/node", "build", "stress"], node: true },
};

/** Imports by file: paths below src/ with forward slashes; other specifiers as they are. */
type Graph = ReadonlyMap<string, readonly string[]>;

const SOURCE = fileURLToPath(new URL("../src/", import.meta.url));

/** Every module specifier of a file: static, exported, dynamic, and of a type. */
function specifiers(path: string, text: string): string[] {
  const found: string[] = [];
  const add = (node: ts.Node | undefined): void => {
    if (node && ts.isStringLiteralLike(node)) {
      found.push(node.text);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]);
    } else if (ts.isExternalModuleReference(node)) {
      add(node.expression);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return found;
}

/** Where a relative specifier leads, as a path below src/; others stay as they are. */
function resolveSpecifier(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) {
    return specifier;
  }
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, ".ts");
}

function readGraph(): Graph {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts"));
  // Generated types have no code.
  const typed = (path: string): string => (files.includes(path) ? path : path.replace(/(\.d)?\.ts$/, ".d.ts"));
  return new Map(
    files.map((path) => [path, specifiers(path, readFileSync(`${SOURCE}${path}`, "utf8")).map((specifier) => typed(resolveSpecifier(path, specifier)))]),
  );
}

function layerOf(path: string): string {
  const [first, second] = path.split("/");
  return first === "hosts" ? `${first}/${second}` : first!;
}

/** Imports that the table does not allow. */
function forbidden(graph: Graph, layers: Readonly<Record<string, Layer>>): string[] {
  const problems: string[] = [];
  for (const [file, imports] of graph) {
    const layer = layers[layerOf(file)];
    if (!layer) {
      problems.push(`${file}: no layer has this file; add it to the table`);
      continue;
    }
    for (const target of imports) {
      if (graph.has(target)) {
        if (layerOf(target) !== layerOf(file) && !layer.layers.includes(layerOf(target))) {
          problems.push(`${file}: ${layerOf(file)} may not import ${target}`);
        }
      } else if (layer.packages?.some((name) => target.startsWith(name) || target.endsWith(name)) === true) {
        continue;
      } else if (!isBuiltin(target)) {
        problems.push(`${file}: ${target} is neither a file of src nor a module of Node`);
      } else if (!layer.node) {
        problems.push(`${file}: ${layerOf(file)} may not import ${target}, a module of Node`);
      }
    }
  }
  return problems;
}

/** One cycle of each set of files that import each other, as `a -> b -> a`. */
function cycles(graph: Graph): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  for (const start of graph.keys()) {
    if (done.has(start)) {
      continue;
    }
    // The shortest way back, by breadth-first search.
    const before = new Map<string, string>();
    const queue = [start];
    for (let file = queue.shift(); file !== undefined && !before.has(start); file = queue.shift()) {
      for (const target of graph.get(file) ?? []) {
        if (graph.has(target) && !before.has(target)) {
          before.set(target, file);
          queue.push(target);
        }
      }
    }
    if (before.has(start)) {
      const way = [start];
      do {
        way.unshift(before.get(way[0]!)!);
      } while (way[0] !== start);
      way.forEach((file) => done.add(file));
      found.push(way.join(" -> "));
    }
  }
  return found;
}

describe("src", () => {
  const graph = readGraph();

  test("was read", () => {
    expect(graph.get("abi/memory.ts")).toContain("abi/module.ts");
    expect(graph.get("cli/run-python.ts")).toContain("runtime/guest.ts");
    expect([...graph.keys()].every((path) => existsSync(`${SOURCE}${path}`))).toBe(true);
  });

  test("has no import cycle, type-only imports included", () => {
    expect(cycles(graph)).toEqual([]);
  });

  test("imports only along the layers", () => {
    expect(forbidden(graph, LAYERS)).toEqual([]);
  });
});

describe("the check itself", () => {
  test("the table points one way", () => {
    const names = Object.keys(LAYERS);
    for (const [name, { layers }] of Object.entries(LAYERS)) {
      expect(layers.filter((other) => names.indexOf(other) >= names.indexOf(name))).toEqual([]);
    }
  });

  test("sees every kind of import", () => {
    const text = `
      import "./a.js";
      import b from "./b.js";
      import type { C } from "./c.js";
      export { d } from "./d.js";
      export type * from "./e.js";
      const f = await import("./f.js");
      type G = import("./g.js").G;
      import h = require("./h.js");
      // import "./comment.js";
      const text = 'import "./text.js"';
      export const own = 1;
    `;
    expect(specifiers("x.ts", text)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `./${name}.js`));
    expect(resolveSpecifier("hosts/node/run.ts", "../../abi/module.js")).toBe("abi/module.ts");
    expect(resolveSpecifier("abi/module.ts", "node:fs")).toBe("node:fs");
  });

  test("reports cycles, of a file with itself too, once each", () => {
    const graph: Graph = new Map([
      ["abi/start.ts", ["abi/a.ts", "node:fs"]],
      ["abi/a.ts", ["abi/b.ts"]],
      ["abi/b.ts", ["abi/c.ts", "abi/leaf.ts"]],
      ["abi/c.ts", ["abi/a.ts"]],
      ["abi/leaf.ts", []],
      ["abi/self.ts", ["abi/self.ts"]],
    ]);
    expect(cycles(graph)).toEqual(["abi/a.ts -> abi/b.ts -> abi/c.ts -> abi/a.ts", "abi/self.ts -> abi/self.ts"]);
    expect(cycles(new Map([["a", ["b", "c"]], ["b", ["c"]], ["c", []]]))).toEqual([]);
  });

  test("reports imports that the table does not allow", () => {
    const graph: Graph = new Map([
      ["abi/module.ts", []],
      ["abi/upward.ts", ["runtime/guest.ts"]],
      ["runtime/guest.ts", ["abi/module.ts"]],
      ["runtime/node.ts", ["node:fs"]],
      ["hosts/node/run.ts", ["runtime/guest.ts", "node:fs", "cli/weft.ts", "hosts/shared/load.ts"]],
      ["hosts/shared/load.ts", ["runtime/guest.ts", "node:fs", "hosts/node/run.ts"]],
      ["cli/weft.ts", ["hosts/node/run.ts", "build/build.ts", "some-package"]],
      ["build/build.ts", ["cli/weft.ts", "abi/missing.ts"]],
      ["bench/startup.ts", ["runtime/guest.ts", "../package.json"]],
      ["elsewhere/file.ts", []],
      ["playground/main.ts", ["@codemirror/view", "playground/examples/a.py", "browser.ts", "node:fs", "some-package"]],
      ["browser.ts", []],
    ]);
    expect(forbidden(graph, LAYERS)).toEqual([
      "abi/upward.ts: abi may not import runtime/guest.ts",
      "runtime/node.ts: runtime may not import node:fs, a module of Node",
      "hosts/node/run.ts: hosts/node may not import cli/weft.ts",
      "hosts/shared/load.ts: hosts/shared may not import node:fs, a module of Node",
      "hosts/shared/load.ts: hosts/shared may not import hosts/node/run.ts",
      "cli/weft.ts: some-package is neither a file of src nor a module of Node",
      "build/build.ts: build may not import cli/weft.ts",
      "build/build.ts: abi/missing.ts is neither a file of src nor a module of Node",
      "bench/startup.ts: bench may not import runtime/guest.ts",
      "bench/startup.ts: ../package.json is neither a file of src nor a module of Node",
      "elsewhere/file.ts: no layer has this file; add it to the table",
      "playground/main.ts: playground may not import node:fs, a module of Node",
      "playground/main.ts: some-package is neither a file of src nor a module of Node",
    ]);
  });
});
