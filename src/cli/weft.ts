#!/usr/bin/env node
import { runBuild } from "./build-command.js";
import { runCommand } from "./command.js";
import { runDoctor } from "./doctor-command.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { runRepl, runScript } from "./run-command.js";
import { runStubgen } from "./stubgen-command.js";
import { stress } from "../stress/main.js";

const HELP = `usage: weft COMMAND [options]

Commands:
  run      run a Python program
  repl     start Python's interactive prompt
  stress   run tests on several threads at once, many times
  build    build the Python runtime
  stubgen  write .pyi stubs of Python modules that TypeScript defines
  doctor   show what this machine has and lacks for Weft
`;

const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  run: runScript,
  repl: runRepl,
  stress,
  build: runBuild,
  stubgen: runStubgen,
  doctor: runDoctor,
};

await runCommand("weft", async ([name, ...args]) => {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    throw new CliError(`there is no command ${JSON.stringify(name)}; see "weft --help"`, ExitCode.usage);
  }
  return command(args);
});
