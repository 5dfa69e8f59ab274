import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CacheEntry } from "./cache.js";
import { run, which } from "./command.js";
import { findMirror } from "./debian.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { keyOf } from "./hash.js";
import { stageTools, type BuildContext } from "./stage.js";

/**
 * Parts of packages that no build uses: system libraries for link modes other than ours,
 * which are two thirds of the installed size, and documentation.
 */
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/lto/*",
  "/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/lto-pic/*",
  "/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/pic/*",
];

/** What is installed in a root. */
export interface RootContents {
  /** For people: "Emscripten 3.1.69". */
  readonly compiler: string;
  readonly packages: readonly string[];
  /** What a machine needs where no root can be made: "Emscripten ... on PATH". */
  readonly otherwise: string;
  /** Looks at the root, or finishes it. */
  finish(root: string): void;
}

/** The threaded profile's compiler. */
function emscripten({ pins }: BuildContext): RootContents {
  return {
    compiler: `Emscripten ${pins.toolchain.emscripten}`,
    packages: pins.toolchain.packages,
    otherwise: "Emscripten 3.1.69 (3.1.60 or a later 3.x) with python3.13, make, patch and tclsh on PATH",
    finish: (root) => {
      checkEmscripten(root, pins.toolchain.emscripten);
    },
  };
}

/**
 * A Debian root with the compiler in it, in the cache. Made once, by debootstrap, from the
 * archive that this machine's apt uses.
 *
 * @param reason why the machine's own toolchain does not suit
 * @throws BuildError on a machine where no root can be made
 */
export async function ensurePrivateRoot(context: BuildContext, reason: string | undefined, contents = emscripten(context)): Promise<CacheEntry> {
  const { pins } = context;
  checkAbilities(contents, reason);
  return ensure(context, {
    name: "toolchain",
    key: keyOf({ distribution: { ...pins.distribution }, packages: contents.packages, leftOut: LEFT_OUT }),
    what: `installing ${contents.compiler} from Debian ${pins.distribution.suite}`,
    check: "record",
    needs: async () => undefined,
    make: (folder) => make(context, join(folder, "root"), contents),
    abandon: (folder) => unmount(join(folder, "root")),
  });
}

function checkAbilities({ otherwise }: RootContents, reason: string | undefined): void {
  const why = reason === undefined ? "" : ` (${reason})`;
  if (process.platform !== "linux" || !existsSync("/etc/debian_version")) {
    throw new BuildError(
      `this build needs ${otherwise}${why}; only on Debian it can install them by itself`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new BuildError(
      `this build needs ${otherwise}${why}; run it as root once to let it install them in a private root`,
    );
  }
}

async function make(context: BuildContext, root: string, { packages: wanted, finish }: RootContents): Promise<Record<string, unknown>> {
  const { pins } = context;
  const tools = stageTools(context, "toolchain");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C", PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
  const command = (words: readonly [string, ...string[]], purpose: string): Promise<string> => run(words, { ...tools, env, purpose });

  if (which("debootstrap") === undefined && !existsSync("/usr/sbin/debootstrap")) {
    await command(["apt-get", "-q", "update"], "refreshing apt's lists");
    await command(["apt-get", "install", "-q", "-y", "--no-install-recommends", "debootstrap"], "installing debootstrap");
  }
  const mirror = await findMirror();
  await command(
    ["debootstrap", "--variant=minbase", `--keyring=${pins.distribution.keyring}`, pins.distribution.suite, root, mirror],
    "making a private Debian root",
  );
  writeFileSync(join(root, "etc/apt/sources.list"), `deb ${mirror} ${pins.distribution.suite} ${pins.distribution.components.join(" ")}\n`);
  mkdirSync(join(root, "etc/dpkg/dpkg.cfg.d"), { recursive: true });
  // Syncing every file makes no sense for a tree that is thrown away if anything goes wrong.
  writeFileSync(join(root, "etc/dpkg/dpkg.cfg.d/weft"), ["force-unsafe-io", ...LEFT_OUT.map((path) => `path-exclude=${path}`), ""].join("\n"));
  writeFileSync(join(root, "etc/apt/apt.conf.d/weft"), 'Acquire::Languages "none";\nAcquire::Retries "3";\n');
  await command(["chroot", root, "apt-get", "-q", "update"], "reading the archive's index of packages");
  await command(
    ["chroot", root, "apt-get", "install", "-q", "-y", "--no-install-recommends", ...wanted],
    "installing the compiler in the private root",
  );
  await command(["chroot", root, "apt-get", "clean"], "removing downloaded packages");
  const listed = await command(["chroot", root, "dpkg-query", "-W", "-f", "${Package} ${Version}\\n"], "listing what is installed");
  const versions = Object.fromEntries(listed.trim().split("\n").map((line) => line.split(" ") as [string, string]));
  const packages = Object.fromEntries(
    [...wanted, "libllvm19", "nodejs", "libpython3.13-stdlib"].flatMap((name) => {
      const version = versions[name];
      return version === undefined ? [] : [[name, version] as const];
    }),
  );
  finish(root);
  return { packages };
}

function checkEmscripten(root: string, expected: string): void {
  const version = readFileSync(join(root, "usr/share/emscripten/emscripten-version.txt"), "utf8").replaceAll('"', "").trim();
  if (version !== expected) {
    throw new BuildError(`Debian's archive has Emscripten ${version} instead of ${expected}; use a mirror with the release that cpython-build/pins.json names`);
  }
}

/** An interrupted debootstrap can leave /proc mounted in the root; removing the root must not reach into it. */
async function unmount(root: string): Promise<void> {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n").map((line) => line.split(" ")[1] ?? "");
  for (const place of mounts.filter((place) => place.startsWith(`${root}/`)).reverse()) {
    await run(["umount", "-l", place], { log: "/dev/null", env: process.env, purpose: `unmounting ${place}` });
  }
}
