import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./cache.js";
import { probe, run, which } from "./command.js";
import { BuildError } from "./errors.js";
import { ensurePrivateRoot, type RootContents } from "./private-root.js";
import type { BuildContext } from "./stage.js";

/** Where the compiler comes from: this machine's PATH, a private Debian root, or whichever suits. */
export type ToolchainChoice = "auto" | "path" | "root";

/** Oldest Emscripten that the recipe's flags and our C are for; the next major release is refused. */
const OLDEST_EMSCRIPTEN = [3, 1, 60] as const;

/** A compiler with everything around it. */
export interface Toolchain {
  /** Enters the keys of all that is compiled with it. */
  readonly identity: Readonly<Record<string, string>>;
  /** A fresh folder in which its commands can work. */
  workspace(name: string): Workspace;
  /** How a program that it compiled for this machine is started, wherever the program is. */
  native(program: string): NativeProgram;
  /** How its own Python is started. */
  python(): NativeProgram;
}

/** A Python that runs on this machine. */
export interface NativeProgram {
  readonly program: string;
  /** Come before its own. */
  readonly arguments: readonly string[];
  /** `PYTHONHOME`; none where it finds its library itself. */
  readonly home?: string;
}

/** A folder for one stage's work, seen under one path by us and perhaps under another by the tools. */
export interface Workspace {
  readonly folder: string;
  readonly inside: string;
  run(command: readonly [string, ...string[]], purpose: string, options?: { env?: Record<string, string>; cwd?: string }): Promise<string>;
  dispose(): void;
}

/** Tools that the recipe calls, beside the compiler. */
const TOOLS = ["emar", "emconfigure", "emmake", "make", "patch", "tclsh", "tar", "xz", "bzip2"];

/** The compiler on PATH if it suits, else a private root.
 *
 * @param contents of the private root, if not what builds for wasm need.
 * @throws BuildError with the remedy where neither is possible
 */
export async function findToolchain(choice: ToolchainChoice, context: BuildContext, contents?: RootContents): Promise<Toolchain> {
  if (choice !== "root") {
    const found = await examinePath(context);
    if (typeof found !== "string") {
      return found;
    }
    if (choice === "path") {
      throw new BuildError(`the toolchain on PATH does not suit: ${found}`);
    }
    return rootToolchain(context, found, contents);
  }
  return rootToolchain(context, undefined, contents);
}

/** The toolchain of this machine, or why there is none. */
async function examinePath(context: BuildContext): Promise<Toolchain | string> {
  const emcc = which("emcc");
  if (emcc === undefined) {
    return "there is no emcc";
  }
  const version = await probe(["emcc", "--version"]);
  const numbers = /(\d+)\.(\d+)\.(\d+)/.exec(version?.split("\n")[0] ?? "")?.slice(1).map(Number);
  if (numbers === undefined || !suits(numbers)) {
    return `emcc is ${numbers?.join(".") ?? "broken"}, not ${OLDEST_EMSCRIPTEN.join(".")} or a later 3.x`;
  }
  const missing = [...TOOLS, `python${context.pins.toolchain.python}`].filter((tool) => which(tool) === undefined);
  const hostCompiler = ["clang-19", "clang", "cc"].find((tool) => which(tool) !== undefined);
  if (missing.length > 0 || hostCompiler === undefined) {
    return `emcc ${numbers.join(".")} is there, but not ${[...missing, ...(hostCompiler === undefined ? ["a C compiler for this machine"] : [])].join(", ")}`;
  }
  const python = await probe([`python${context.pins.toolchain.python}`, "-VV"]);
  return {
    identity: {
      emcc: version!.split("\n")[0]!,
      place: realpathSync(emcc),
      python: python ?? "",
      hostCompiler,
    },
    workspace: (name) => pathWorkspace(context, name, hostCompiler),
    native: (program) => ({ program, arguments: [] }),
    python: () => ({ program: which(`python${context.pins.toolchain.python}`)!, arguments: [] }),
  };
}

/** A workspace for the tools on PATH. */
export function pathWorkspace(context: BuildContext, name: string, hostCompiler: string): Workspace {
  const folder = context.cache.temporary(name);
  return {
    folder,
    inside: folder,
    run: (command, purpose, options) =>
      runTool(command, purpose, context, name, { cwd: options?.cwd ?? folder, env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? folder, HOSTCC: hostCompiler, ...options?.env } }),
    dispose: () => context.cache.remove(folder),
  };
}

/** The compiler in a private root. */
export async function rootToolchain(context: BuildContext, reason: string | undefined, contents?: RootContents): Promise<Toolchain> {
  const entry = await ensurePrivateRoot(context, reason, contents);
  const root = join(entry.folder, "root");
  const works = join(root, "weft");
  mkdirSync(works, { recursive: true });
  sweepWorkspaces(works);
  return {
    identity: entry.facts["packages"] as Record<string, string>,
    workspace: (name) => {
      const own = `${name}-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
      const folder = join(works, own);
      mkdirSync(folder);
      const inside = `/weft/${own}`;
      return {
        folder,
        inside,
        run: (command, purpose, options) =>
          runTool(["chroot", root, "sh", "-c", 'cd "$0" && exec "$@"', options?.cwd ?? inside, ...command], purpose, context, name, {
            cwd: "/",
            env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: inside, TMPDIR: "/tmp", HOSTCC: "clang-19", ...options?.env },
          }),
        dispose: () => rmSync(folder, { recursive: true, force: true }),
      };
    },
    native: (program) => startFrom(root, program),
    python: () => ({ ...startFrom(root, join(root, `usr/bin/python${context.pins.toolchain.python}`)), home: join(root, "usr") }),
  };
}

/** A program that needs the C library of a root, started without changing into it, which only root may. */
function startFrom(root: string, program: string): NativeProgram {
  const folders = readdirSync(join(root, "usr/lib")).filter((name) => name.endsWith("-linux-gnu")).map((name) => join(root, "usr/lib", name));
  const loader = ["usr/lib64", "usr/lib"]
    .map((name) => join(root, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => /^ld-linux.*\.so\.\d+$/.test(name)).map((name) => join(folder, name)))[0];
  if (loader === undefined) {
    throw new BuildError(`there is no dynamic loader in ${root}; native programs can be run on Linux only`);
  }
  return { program: loader, arguments: ["--library-path", folders.join(":"), program] };
}

/** Only what is named here reaches the tools: nothing of the user's environment may change the output. */
async function runTool(
  command: readonly [string, ...string[]],
  purpose: string,
  context: BuildContext,
  stage: string,
  options: { cwd: string; env: Record<string, string> },
): Promise<string> {
  return run(command, {
    purpose,
    cwd: options.cwd,
    log: `${context.logs}/${stage}.log`,
    signal: context.signal,
    onOutput: context.onOutput,
    env: {
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      PYTHONHASHSEED: "0",
      PYTHONDONTWRITEBYTECODE: "1",
      SOURCE_DATE_EPOCH: String(context.recipe.epoch),
      ...options.env,
    },
  });
}

function suits(version: readonly number[]): boolean {
  if (version[0] !== OLDEST_EMSCRIPTEN[0]) {
    return false;
  }
  for (let i = 1; i < OLDEST_EMSCRIPTEN.length; i++) {
    if (version[i] !== OLDEST_EMSCRIPTEN[i]) {
      return version[i]! > OLDEST_EMSCRIPTEN[i]!;
    }
  }
  return true;
}

function sweepWorkspaces(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = Number(/-(\d+)-[a-z0-9]+$/.exec(name)?.[1]);
    if (Number.isInteger(owner) && !isRunning(owner)) {
      rmSync(join(folder, name), { recursive: true, force: true });
    }
  }
}
