import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.js";
import { probe, which } from "./command.js";
import { findMirror } from "./debian.js";
import { folderSize } from "./folder-size.js";
import { VARIANTS } from "./recipe.js";

/** One line of the doctor's report. */
export interface Finding {
  readonly state: "good" | "note" | "bad";
  readonly what: string;
  readonly found: string;
}

/**
 * Looks at what running and building need; changes nothing.
 *
 * @param runtimes folder that has one built runtime per variant
 * @param code whether there is code for this engine in a runtime's folder; undefined where it keeps none
 */
export async function examine(packageRoot: string, runtimes: string, code: (runtime: string) => boolean | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  const add = (state: Finding["state"], what: string, found: string): void => {
    findings.push({ state, what, found });
  };
  const node = Number.parseInt(process.versions.node, 10);
  add(node >= 20 ? "good" : "bad", "Node", node >= 20 ? process.versions.node : `${process.versions.node}; install 20 or newer`);
  const shared = typeof SharedArrayBuffer !== "undefined";
  add(shared ? "good" : "bad", "SharedArrayBuffer", shared ? "yes" : "no; Python's threads share their memory in one");

  const built = VARIANTS.filter((variant) => existsSync(join(runtimes, variant, "manifest.json")));
  for (const variant of built) {
    const folder = join(runtimes, variant);
    add("good", `runtime (${variant})`, `${folder}, Python ${manifestPython(folder)}`);
    if (variant === "release") {
      const kept = code(folder);
      add(kept === false ? "note" : "good", "its code for this Node", kept === undefined ? "cannot be kept by this version" : kept ? "yes" : `none, programs start slower; run "weft build --code"`);
    }
  }
  if (built.length === 0) {
    add("note", "runtime", `not built; run "weft build"`);
  }

  findings.push(describeCache(cacheFolder()));

  const emcc = which("emcc") === undefined ? undefined : (await probe(["emcc", "--version"]))?.split("\n")[0];
  add("note", "Emscripten on PATH", emcc ?? "no");
  const missing = ["python3.13", "make", "patch", "tclsh"].filter((tool) => which(tool) === undefined);
  if (emcc !== undefined && missing.length > 0) {
    add("note", "building with it", `needs ${missing.join(", ")} too`);
  }
  const debian = existsSync("/etc/debian_version");
  const root = process.getuid?.() === 0;
  const canMakeRoot = debian && root;
  add(
    canMakeRoot || (emcc !== undefined && missing.length === 0) ? "good" : "note",
    "private toolchain root",
    canMakeRoot ? "can be made" : `cannot be made: ${debian ? "only root can" : "this is not Debian"}`,
  );
  if (canMakeRoot) {
    const debootstrap = which("debootstrap") ?? (existsSync("/usr/sbin/debootstrap") ? "/usr/sbin/debootstrap" : undefined);
    add("good", "debootstrap", debootstrap ?? "not installed; the build installs it");
    try {
      add("good", "Debian archive", await findMirror());
    } catch (error) {
      add("bad", "Debian archive", (error as Error).message);
    }
  }
  add(existsSync(join(packageRoot, "cpython-build/pins.json")) ? "good" : "bad", "build recipe", join(packageRoot, "cpython-build"));
  return findings;
}

function manifestPython(folder: string): string {
  try {
    return (JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { python: string }).python;
  } catch {
    return "with a damaged manifest.json";
  }
}

function describeCache(folder: string): Finding {
  const found = (state: Finding["state"], text: string): Finding => ({ state, what: "build cache", found: `${folder}, ${text}` });
  if (!existsSync(folder)) {
    return found("good", "empty");
  }
  try {
    return found("good", `${(folderSize(folder) / 1e9).toFixed(1)} GB`);
  } catch (error) {
    return found("note", `of unknown size: ${(error as Error).message}`);
  }
}
