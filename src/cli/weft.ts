#!/usr/bin/env node
import { runCommand } from "./command.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { prepareEngine } from "./prepare-engine.js";

const HELP = `usage: weft COMMAND [options]

Commands:
  run      run a Python program
  repl     start Python's interactive prompt
  stress   run tests on several threads at once, many times
  build    build the Python runtime
  stubgen  write .pyi stubs of Python modules that TypeScript defines
  doctor   show what this machine has and lacks for Weft
`;

/** Each is loaded when it is asked for: a program shall not wait for what builds and stresses. */
const COMMANDS: Readonly<Record<string, () => Promise<(args: readonly string[]) => Promise<number>>>> = {
  run: async () => (await import("./run-command.js")).runScript,
  repl: async () => (await import("./run-command.js")).runRepl,
  stress: async () => {
    const { stress } = await import("../stress/main.js");
    return (args) => stress(args, prepareEngine);
  },
  build: async () => (await import("./build-command.js")).runBuild,
  stubgen: async () => (await import("./stubgen-command.js")).runStubgen,
  doctor: async () => (await import("./doctor-command.js")).runDoctor,
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
  return (await command())(args);
});
