import { parseArgs } from "node:util";
import { UsageError } from "../run-bench.js";
import type { Effort } from "./measure.js";

/** Options that the suite and the scaling benchmark share. */
export interface BenchOptions {
  readonly patterns: readonly string[];
  readonly quick: boolean;
  readonly processes: number | undefined;
  readonly values: number | undefined;
  /** Names of those to measure beside Weft; all without. */
  readonly peers: readonly string[] | undefined;
  readonly json: string | undefined;
  /** A result that `json` wrote, to be shown again. */
  readonly from: string | undefined;
  readonly native: boolean;
  readonly nativePgo: boolean;
  readonly chromium: boolean;
  readonly write: boolean;
  readonly runtime: string | undefined;
  readonly threads: readonly number[] | undefined;
  readonly help: boolean;
}

/** How much is measured: the defaults, and what the options say otherwise. */
export function effortOf(options: BenchOptions, full: Effort): Effort {
  const { processes, values, part } = options.quick ? { processes: 1, values: 1, part: 0.2 } : full;
  return { processes: options.processes ?? processes, values: options.values ?? values, part };
}

/** Text of the options, for `--help`. */
export const SHARED_HELP = `  --quick           one process each, shorter workloads: for a first look
  --processes N     processes of each peer
  --native          also CPython 3.13 on this machine, free-threaded and with the GIL
  --native-pgo      and the free-threaded one built with --enable-optimizations (takes long)
  --json FILE       write every single measurement there too
  --from FILE       measure nothing: show, and with --write write, what --json wrote
  --write           write the result into src/guides/benchmarks.md
  --runtime FOLDER  measure this built runtime (default: dist/runtime/release)
  -h, --help        show this help
`;

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new UsageError(`${name} takes whole numbers from 1, not ${text}`);
  }
  return value;
}

/** @throws UsageError */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        processes: { type: "string" },
        values: { type: "string" },
        peers: { type: "string" },
        json: { type: "string" },
        from: { type: "string" },
        native: { type: "boolean", default: false },
        "native-pgo": { type: "boolean", default: false },
        chromium: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        runtime: { type: "string" },
        threads: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message.split("\n")[0], { cause: error });
  }
  const { values, positionals } = parsed;
  return {
    patterns: positionals,
    quick: values.quick,
    processes: values.processes === undefined ? undefined : wholeNumber("--processes", values.processes),
    values: values.values === undefined ? undefined : wholeNumber("--values", values.values),
    peers: values.peers?.split(","),
    json: values.json,
    from: values.from,
    native: values.native || values["native-pgo"],
    nativePgo: values["native-pgo"],
    chromium: values.chromium,
    write: values.write,
    runtime: values.runtime,
    threads: values.threads?.split(",").map((text) => wholeNumber("--threads", text)),
    help: values.help,
  };
}
