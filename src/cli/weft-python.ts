#!/usr/bin/env node
import { baseEnvironment, hostEnvironment } from "./environment.js";
import { runCommand } from "./command.js";
import { runPython } from "./run-python.js";

await runCommand("weft-python", (args) =>
  runPython({
    pythonArguments: args,
    environment: { ...baseEnvironment(), ...hostEnvironment((name) => name.startsWith("PYTHON")) },
    mounts: [],
  }),
);
