/** Where the program is in a CPython command line. */
export interface PythonCommandLine {
  /** Index of the script among the arguments, or -1 (`-c`, `-m`, `-`, interactive). */
  readonly scriptIndex: number;
}

/** Options of CPython that take a value, in the same argument or in the next. */
const WITH_VALUE = "WX";
/** Options that end CPython's own options: their value is the program. */
const PROGRAM = "cm";

/** Finds the script in CPython's command line (without `argv[0]`). */
export function parsePythonCommandLine(args: readonly string[]): PythonCommandLine {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "-") {
      return { scriptIndex: -1 };
    }
    if (arg === "--") {
      return { scriptIndex: i + 1 < args.length && args[i + 1] !== "-" ? i + 1 : -1 };
    }
    if (!arg.startsWith("-")) {
      return { scriptIndex: i };
    }
    if (arg === "--check-hash-based-pycs") {
      i++;
      continue;
    }
    if (arg.startsWith("--")) {
      continue;
    }
    for (let j = 1; j < arg.length; j++) {
      if (PROGRAM.includes(arg[j]!)) {
        return { scriptIndex: -1 };
      }
      if (WITH_VALUE.includes(arg[j]!)) {
        if (j === arg.length - 1) {
          i++;
        }
        break;
      }
    }
  }
  return { scriptIndex: -1 };
}
