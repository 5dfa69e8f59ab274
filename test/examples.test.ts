import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import ts from "typescript";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** A name that both have is documented by the last one. */
const ENTRIES = ["src/browser.ts", "src/node.ts"];

/**
 * Classes and functions that have no example yet, neither of their own nor at a member. The list only gets shorter: what is added to
 * the package comes with an example.
 */
const WITHOUT: readonly string[] = [
  // Need files of their own; the guides have programs of them.
  "PyClassBuilder", "PyExceptionBuilder", "PyModuleBuilder", "arg", "field", "notImplemented", "pyClass", "pyException", "pyModule", "stopIteration",
  "JoinedWeft", "joinWeft", "PyInstance", "pyclass", "pyclassOf", "pyconstructor", "pyfield", "pymethod", "pymethodMut", "pyproperty", "pystatic", "stubsOf",
  // Only pages throw the first, only mixed installations the second.
  "IsolationError", "LayoutError",
];

interface Documented {
  readonly name: string;
  /** Interfaces and types have no behaviour that an example could show. */
  readonly isValue: boolean;
  readonly text: string;
  readonly examples: readonly Example[];
}

interface Example {
  /** Whose it is, and where. */
  readonly of: string;
  readonly code: string;
}

const program = ts.createProgram(ENTRIES.map((entry) => join(ROOT, entry)), {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
});
const checker = program.getTypeChecker();

function examplesOf(node: ts.Node, name: string): Example[] {
  const found = ts.getJSDocTags(node).filter((tag) => tag.tagName.text === "example").map((tag) => ts.getTextOfJSDocComment(tag.comment) ?? "");
  const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart());
  const of = `${name} (${relative(ROOT, node.getSourceFile().fileName)}:${line + 1})`;
  return found.map((comment) => {
    const code = /^```js\n([\s\S]*?)\n```$/.exec(comment.trim())?.[1];
    if (code === undefined) {
      throw new Error(`${of}: an @example is one block of js code and nothing else`);
    }
    return { of, code };
  });
}

/** An export's own documentation, and the examples of it and of its public members. */
function documented(symbol: ts.Symbol): Documented {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const declarations = target.declarations ?? [];
  const members = declarations.filter(ts.isClassDeclaration).flatMap((one) => one.members.map((member) => ({ member, name: member.name?.getText() ?? "constructor" })));
  return {
    name: symbol.name,
    isValue: (target.flags & ts.SymbolFlags.Value) !== 0,
    text: ts.displayPartsToString(target.getDocumentationComment(checker)),
    examples: [
      ...declarations.flatMap((one) => examplesOf(ts.isVariableDeclaration(one) ? one.parent.parent : one, symbol.name)),
      ...members.flatMap(({ member, name }) => examplesOf(member, `${symbol.name}.${name}`)),
    ],
  };
}

const EXPORTS = [
  ...new Map(
    ENTRIES.flatMap((entry) => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(join(ROOT, entry))!)!)).map((symbol) => [symbol.name, documented(symbol)]),
  ).values(),
];

test("every export says what it is", () => {
  expect(EXPORTS.length).toBeGreaterThan(50);
  expect(EXPORTS.filter(({ text }) => text.trim() === "").map(({ name }) => name)).toEqual([]);
});

test("every class and function has an example, apart from those that are named here", () => {
  const missing = EXPORTS.filter(({ isValue, examples }) => isValue && examples.length === 0).map(({ name }) => name);
  expect(missing.filter((name) => !WITHOUT.includes(name)), "these exports need an @example in their TSDoc").toEqual([]);
  expect(WITHOUT.filter((name) => !missing.includes(name)), "these have an example now: take them out of WITHOUT").toEqual([]);
});

/** What the comments behind statements say: what `console.log()` prints there. */
function expected(code: string): string[] {
  return [...code.matchAll(/^.*\S; \/\/ (.*)$/gm)].map(([, text]) => text!);
}

test("every example prints what it says", () => {
  const examples = [...new Map(EXPORTS.flatMap((one) => one.examples).map((one) => [one.of + one.code, one])).values()];
  expect(examples.length).toBeGreaterThan(0);
  const folder = mkdtempSync(join(tmpdir(), "weft-examples-"));
  try {
    const names = JSON.stringify(EXPORTS.filter(({ isValue }) => isValue).map(({ name }) => name));
    const body = examples
      .map(({ of, code }) => `await run(${JSON.stringify(of)}, async (weft, console) => {\n${code}\n});`)
      .join("\n");
    // One program and one interpreter for all of them. Those of a page alone are not called.
    const program = `
      import * as api from ${JSON.stringify(pathToFileURL(join(ROOT, "dist/lib/index.js")).href)};
      import { inspect } from "node:util";
      const { ${(JSON.parse(names) as string[]).join(", ")} } = api;
      const weft = await loadWeft();
      const results = [];
      async function run(of, example) {
        const printed = [];
        const log = (...values) => printed.push(values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" "));
        try {
          await example(weft, { log });
          results.push({ of, printed });
        } catch (error) {
          results.push({ of, printed, error: String(error?.stack ?? error) });
        }
      }
      ${body}
      process.stdout.write(JSON.stringify(results));
      await weft.terminate();`;
    // Node 20 has no `using`.
    writeFileSync(join(folder, "examples.mjs"), transformSync(program, { format: "esm", target: "node20" }).code);
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "examples.mjs")], { encoding: "utf8", timeout: 60_000 });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(JSON.parse(stdout)).toEqual(examples.map(({ of, code }) => ({ of, printed: expected(code) })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
