import { join } from "node:path";
import { parseArgs } from "node:util";
import { build, buildCode, PROFILES, type Profile } from "../build/build.js";
import { BuildError } from "../build/errors.js";
import { VARIANTS, type Variant } from "../build/recipe.js";
import type { ToolchainChoice } from "../build/toolchain.js";
import { CliError, ExitCode } from "./exit-codes.js";
import { packageRoot } from "./package-root.js";

const HELP = `usage: weft build [options]

Builds the Python runtime. Everything is kept in a cache by content: only what depends on
a change is built again.

Options:
  --profile NAME    threaded (default), or solo: a WASI component with one thread, for pages without cross-origin isolation
  --variant NAME    release (default), test (with CPython's tests), debug, or counting (for npm run profile)
  --out FOLDER      where the runtime goes (default: dist/runtime/VARIANT in this package, dist/solo or
                    dist/solo-test for solo)
  --source FOLDER   build this CPython 3.13 source tree instead of the pinned one
  --sources FOLDER  take the pinned source packages from here instead of downloading them
  --toolchain WHICH auto (default), path (Emscripten on PATH), or root (a private Debian root)
  --code            have this Node compile what programs use of a runtime that is built already, and build nothing: for
                    another Node than the one that built it
  --jobs N          processes at once (default: one per core)
  --force           build again even if nothing has changed
  -v, --verbose     show what the commands print
  -h, --help        show this help
`;

const SOLO_FOLDERS: Partial<Record<Variant, string>> = { release: "dist/solo", test: "dist/solo-test" };

/** `weft build [options]` */
export async function runBuild(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const profile = choose("--profile", options.profile ?? "threaded", PROFILES) as Profile;
  const variant = choose("--variant", options.variant ?? "release", VARIANTS) as Variant;
  if (profile === "solo" && (SOLO_FOLDERS[variant] === undefined || options.toolchain !== undefined || options.force === true)) {
    throw new CliError(
      "--variant debug and counting, --toolchain and --force are for the threaded profile: solo has the variants release and test, WASI_SDK_PATH names a wasi-sdk for it, and what it keeps is checked by its hashes",
      ExitCode.usage,
    );
  }
  if (options.code === true && (profile === "solo" || options.force === true || [options.source, options.sources, options.toolchain].some((given) => given !== undefined))) {
    throw new CliError("--code builds nothing: it goes with --variant, --out and -v only", ExitCode.usage);
  }
  const toolchain = choose("--toolchain", options.toolchain ?? "auto", ["auto", "path", "root"]) as ToolchainChoice;
  const jobs = options.jobs === undefined ? undefined : Number(options.jobs);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs >= 1)) {
    throw new CliError(`--jobs takes a number of at least 1, not ${JSON.stringify(options.jobs)}`, ExitCode.usage);
  }

  const abort = new AbortController();
  let interrupted: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    interrupted = signal;
    abort.abort();
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  const start = performance.now();
  try {
    const root = packageRoot();
    const context = {
      packageRoot: root,
      jobs,
      output: process.stderr,
      onOutput: options.verbose === true ? (text: string) => process.stderr.write(text) : undefined,
      signal: abort.signal,
    };
    const out = options.out ?? join(root, profile === "solo" ? SOLO_FOLDERS[variant]! : join("dist/runtime", variant));
    const elapsed = (): string => ((performance.now() - start) / 1000).toFixed(1);
    if (options.code === true) {
      await buildCode({ ...context, out });
      process.stderr.write(`${out}: code for Node ${process.versions.node} in ${elapsed()} s\n`);
      return 0;
    }
    const result = await build({ ...context, profile, variant, toolchain, out, source: options.source, sources: options.sources, force: options.force });
    const seconds = elapsed();
    const size = Object.values(result.manifest.files).reduce((sum, file) => sum + file.size, 0) / 1e6;
    process.stderr.write(
      `${result.out}: Python ${result.manifest.python} (${profile === "solo" ? `${profile}, ${variant}` : variant}), ${size.toFixed(1)} MB, ${result.unchanged ? "unchanged" : "built"} in ${seconds} s\n`,
    );
    return 0;
  } catch (error) {
    if (interrupted !== undefined) {
      throw new CliError(`build interrupted by ${interrupted}; finished stages are kept`, interrupted === "SIGINT" ? 130 : 143, { cause: error });
    }
    if (error instanceof BuildError) {
      throw new CliError(error.message, ExitCode.build, { cause: error });
    }
    throw error;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

function parseOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        profile: { type: "string" },
        variant: { type: "string" },
        out: { type: "string" },
        source: { type: "string" },
        sources: { type: "string" },
        toolchain: { type: "string" },
        jobs: { type: "string" },
        code: { type: "boolean" },
        force: { type: "boolean" },
        verbose: { type: "boolean", short: "v" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new CliError(`${(error as Error).message.split("\n")[0]}; see "weft build --help"`, ExitCode.usage, { cause: error });
  }
}

function choose(option: string, value: string, values: readonly string[]): string {
  if (!values.includes(value)) {
    throw new CliError(`${option} is ${values.slice(0, -1).join(", ")} or ${values.at(-1)}, not ${JSON.stringify(value)}`, ExitCode.usage);
  }
  return value;
}
