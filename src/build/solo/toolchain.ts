import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { probe, which } from "../command.js";
import { BuildError } from "../errors.js";
import type { BuildContext } from "../stage.js";
import { pathWorkspace, rootToolchain, type Toolchain } from "../toolchain.js";

/** The compiler for WASI: a toolchain and how its compiler and archiver are called. */
export interface SoloToolchain extends Toolchain {
  readonly cc: string;
  readonly ar: string;
}

/** Where the private root has what clang looks for: Debian's packages keep it in other places. */
const SYSROOT = "/opt/wasi";

/** The wasi-sdk that `WASI_SDK_PATH` names, else Debian's packages in a private root.
 *
 * @throws BuildError with the remedy where neither is possible
 */
export async function findSoloToolchain(context: BuildContext, target: string): Promise<SoloToolchain> {
  const sdk = process.env["WASI_SDK_PATH"];
  return sdk === undefined || sdk === "" ? debianToolchain(context, target) : sdkToolchain(context, sdk, target);
}

async function sdkToolchain(context: BuildContext, sdk: string, target: string): Promise<SoloToolchain> {
  const clang = join(sdk, "bin/clang");
  const version = await probe([clang, "--version"]);
  const python = await probe([`python${context.pins.toolchain.python}`, "-VV"]);
  const hostCompiler = ["clang-19", "clang", "cc"].find((tool) => which(tool) !== undefined);
  if (version === undefined || python === undefined || hostCompiler === undefined) {
    throw new BuildError(
      `WASI_SDK_PATH is ${sdk}, but ${version === undefined ? `${clang} cannot be run` : "python3.13 or a C compiler for this machine is not on PATH"}; correct it, or unset it to use Debian's packages`,
    );
  }
  return {
    identity: { clang: version.split("\n")[0]!, place: sdk, python, hostCompiler },
    workspace: (name) => pathWorkspace(context, name, hostCompiler),
    native: (program) => ({ program, arguments: [] }),
    python: () => ({ program: which(`python${context.pins.toolchain.python}`)!, arguments: [] }),
    cc: `${clang} --target=${target} --sysroot=${join(sdk, "share/wasi-sysroot")}`,
    ar: join(sdk, "bin/llvm-ar"),
  };
}

async function debianToolchain(context: BuildContext, target: string): Promise<SoloToolchain> {
  const toolchain = await rootToolchain(context, undefined, {
    compiler: "clang and wasi-libc",
    packages: context.pins.toolchain.solo,
    otherwise: "WASI_SDK_PATH, the folder of a wasi-sdk",
    finish: (root) => {
      arrange(root, target);
    },
  });
  return { ...toolchain, cc: `clang-19 --target=${target} --sysroot=${SYSROOT}`, ar: "llvm-ar-19" };
}

/** Puts headers and libraries where clang looks for them, with no others beside them. */
function arrange(root: string, target: string): void {
  for (const kind of ["include", "lib"]) {
    mkdirSync(join(root, SYSROOT, kind), { recursive: true });
    symlinkSync(`/usr/${kind}/wasm32-wasi`, join(root, SYSROOT, kind, target));
  }
  const resources = join(root, "usr/lib/llvm-19/lib/clang/19/lib");
  const builtins = "wasi/libclang_rt.builtins-wasm32.a";
  if (!existsSync(join(resources, builtins))) {
    throw new BuildError(`Debian's libclang-rt-dev-wasm32 has no ${builtins}; use a mirror with the release that cpython-build/pins.json names`);
  }
  mkdirSync(join(resources, "wasm32-unknown-wasi"));
  symlinkSync(`../${builtins}`, join(resources, "wasm32-unknown-wasi/libclang_rt.builtins.a"));
}
