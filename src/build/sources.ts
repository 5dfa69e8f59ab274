import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { findMirror, PrivateApt } from "./debian.js";
import { ensure } from "./ensure.js";
import { BuildError } from "./errors.js";
import { hashFile, keyOf, type Inputs } from "./hash.js";
import type { SourcePin } from "./recipe.js";
import { stageTools, type BuildContext } from "./stage.js";

/** A source package's files as they were downloaded. */
export interface FetchedSource {
  readonly version: string;
  readonly upstream: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The downloaded source packages. */
export interface Sources {
  readonly folder: string;
  readonly packages: Readonly<Record<string, FetchedSource>>;
}

/** Files of a source package that the build has no use for: signatures and sqlite's documentation. */
const UNUSED = /\.asc$|\.orig-www\./;

/**
 * Fetches and verifies the source packages.
 *
 * @param own folder that has the files already, or undefined to download them
 */
export async function ensureSources(context: BuildContext, own: string | undefined): Promise<Sources> {
  const { pins } = context;
  const entry = await ensure(context, {
    name: "sources",
    key: keyOf({ distribution: { ...pins.distribution }, sources: pins.sources as unknown as Inputs }),
    what: "fetching the sources of CPython and its libraries",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => ({ packages: await (own === undefined ? downloadAll(context, folder) : copyAll(context, own, folder)) }),
  });
  return { folder: entry.folder, packages: entry.facts["packages"] as Record<string, FetchedSource> };
}

async function downloadAll(context: BuildContext, folder: string): Promise<Record<string, FetchedSource>> {
  const { distribution, sources } = context.pins;
  const state = context.cache.temporary("apt");
  try {
    const apt = await PrivateApt.open(state, await findMirror(), distribution.suite, distribution.components, distribution.keyring, stageTools(context, "sources"));
    const packages: Record<string, FetchedSource> = {};
    for (const [name, pin] of Object.entries(sources)) {
      packages[name] = await download(context, apt, name, pin, folder);
    }
    return packages;
  } finally {
    context.cache.remove(state);
  }
}

async function copyAll(context: BuildContext, own: string, folder: string): Promise<Record<string, FetchedSource>> {
  const packages: Record<string, FetchedSource> = {};
  for (const [name, pin] of Object.entries(context.pins.sources)) {
    copyPinned(own, folder, name, pin);
    packages[name] = { version: pin.version, upstream: pin.upstream, files: pin.files };
  }
  return packages;
}

function copyPinned(from: string, to: string, name: string, pin: SourcePin): void {
  mkdirSync(join(to, name));
  for (const [file, expected] of Object.entries(pin.files)) {
    if (!existsSync(join(from, file))) {
      throw new BuildError(`${join(from, file)} is missing; --sources needs every file that cpython-build/pins.json lists`);
    }
    copyFileSync(join(from, file), join(to, name, file));
    verify(join(to, name, file), expected);
  }
}

async function download(context: BuildContext, apt: PrivateApt, name: string, pin: SourcePin, to: string): Promise<FetchedSource> {
  const folder = join(to, name);
  mkdirSync(folder);
  const offered = await apt.versions(name);
  const pinned = offered.includes(pin.version);
  const version = pinned ? pin.version : offered.find((candidate) => sameUpstream(candidate, pin.version));
  if (version === undefined) {
    throw new BuildError(
      `Debian's archive has ${name} ${offered.join(", ") || "not at all"}, but the pinned one is ${pin.version}; update cpython-build/pins.json, or use a mirror that still has it (WEFT_DEBIAN_MIRROR)`,
    );
  }
  if (!pinned) {
    context.progress.say(`sources    ${name} ${pin.version} is no longer in the archive; taking ${version}, verified by the archive's signed index only`);
  }
  await apt.download(name, version, folder);
  const files: Record<string, string> = {};
  for (const file of readdirSync(folder).sort()) {
    if (UNUSED.test(file)) {
      rmSync(join(folder, file));
    } else {
      files[file] = hashFile(join(folder, file));
    }
  }
  if (pinned) {
    for (const [file, expected] of Object.entries(pin.files)) {
      verify(join(folder, file), expected);
    }
  }
  return { version, upstream: pin.upstream, files };
}

function verify(path: string, expected: string): void {
  const actual = existsSync(path) ? hashFile(path) : "nothing";
  if (actual !== expected) {
    throw new BuildError(`${path} has the sha256 ${actual} instead of ${expected} from cpython-build/pins.json; the mirror or the file is damaged`);
  }
}

/** Whether two Debian versions have the same upstream part. */
export function sameUpstream(a: string, b: string): boolean {
  const upstream = (version: string): string => version.replace(/-[^-]*$/, "");
  return upstream(a) === upstream(b);
}
