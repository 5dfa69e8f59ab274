import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isModuleDefinition } from "../python/classes/definition.js";
import { stubsOf } from "../python/classes/stub.js";
import { CliError, ExitCode } from "./exit-codes.js";

const HELP = `usage: weft stubgen URL|FILE [-o DIR]

Imports an ES module and writes a .pyi file for each Python module that it defines with pyModule(), below DIR (here
by default). Nothing of Python runs.
`;

/** `weft stubgen`: the stubs of a module, from which editors and type checkers know it. */
export async function runStubgen(args: readonly string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options: { output: { type: "string", short: "o", default: "." }, help: { type: "boolean", short: "h" } } });
  } catch (error) {
    throw new CliError(`${(error as Error).message}; see "weft stubgen --help"`, ExitCode.usage);
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [source] = positionals;
  if (source === undefined || positionals.length > 1) {
    throw new CliError(`weft stubgen takes one module, not ${positionals.length}; see "weft stubgen --help"`, ExitCode.usage);
  }
  const url = URL.canParse(source) ? source : pathToFileURL(resolve(source)).href;
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw new CliError(`cannot import ${url}: ${(error as Error).message}`, ExitCode.usage);
  }
  const stubs = Object.values(exports).filter(isModuleDefinition).flatMap(stubsOf);
  if (stubs.length === 0) {
    throw new CliError(`${url} exports no Python module: export what pyModule() returns`, ExitCode.usage);
  }
  for (const { path, text } of stubs) {
    const file = join(values.output, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`${file}\n`);
  }
  return 0;
}
