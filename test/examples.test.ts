import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import ts from "typescript-compiler-api";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** A name that both have is documented by the last one. */
const ENTRIES = ["src/browser.ts", "src/node.ts"];

/** Need a page's elements: the guide to pages has programs of them, and test/page runs them. */
const OF_PAGES: readonly string[] = ["DisplayArea", "displayIn", "servePage", "serveWorkers"];

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
  /** Modules that lie beside it, as those of src/examples do: blocks whose first line is a name. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
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
    const blocks = comment.trim().split(/\n```\n(?=```js\n)/).map((block) => /^```js\n([\s\S]*?)(?:\n```)?$/.exec(block)?.[1] ?? "");
    const code = blocks.pop()!;
    const files = blocks.map((text) => ({ name: /^\/\/ (\S+\.mjs)\n/.exec(text)?.[1] ?? "", text }));
    if (code === "" || files.some(({ name }) => name === "")) {
      throw new Error(`${of}: an @example is blocks of js code and nothing else; those before the last one begin with the name of a file`);
    }
    return { of, code, files };
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

test("every class and function has an example", () => {
  const missing = EXPORTS.filter(({ isValue, examples }) => isValue && examples.length === 0).map(({ name }) => name);
  expect(missing.sort(), "these exports need an @example in their TSDoc").toEqual(OF_PAGES);
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
    // The package as an application has it.
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/weft-python"));
    const files = examples.flatMap((one) => one.files);
    expect(new Set(files.map(({ name }) => name)).size, "every file of an example has a name of its own").toBe(files.length);
    for (const { name, text } of files) {
      writeFileSync(join(folder, name), text);
    }
    const stack = readFileSync(join(ROOT, "src/examples/stack.ts"), "utf8");
    writeFileSync(join(folder, "stack.mjs"), transformSync(stack, { format: "esm", target: "node20", loader: "ts" }).code);
    // Node 20 has no `using`.
    writeFileSync(join(folder, "examples.mjs"), transformSync(program, { format: "esm", target: "node20" }).code);
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, "examples.mjs")], { encoding: "utf8", timeout: 60_000 });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    expect(JSON.parse(stdout)).toEqual(examples.map(({ of, code }) => ({ of, printed: expected(code) })));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
