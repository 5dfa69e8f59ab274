import type { PyAny } from "./any.js";
import type { Py } from "./py.js";
import type { Python } from "./python.js";

/** A wheel whose data the program has already, as of a file that somebody chose: `{ name: file.name, data: new Uint8Array(await file.arrayBuffer()) }`. */
export interface WheelFile {
  /** The file's name, which says what the wheel is for: `six-1.17.0-py2.py3-none-any.whl`. */
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * A wheel or, where its name ends in `.toml`, a lock file: by URL, also relative to the page or, where there are files, by path.
 * A wheel's hash may be in its URL's fragment: `six-1.17.0-py2.py3-none-any.whl#sha256=...`.
 */
export type PackageSource = string | URL | WheelFile;

/** A package that was installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
}

/** How {@link installPackages} reaches Python's main thread, and files. */
export interface PackageHost {
  import(name: string): Promise<Py<PyAny>>;
  call<T>(
    prepare: (py: Python) => { readonly callable: PyAny; readonly positional: readonly unknown[] },
    signal: AbortSignal | undefined,
    take: (result: PyAny) => T,
  ): Promise<T>;
  /** The absolute URL that is meant. */
  resolve(source: string): URL;
  /** What is there, whole. */
  read(url: URL): Promise<Uint8Array>;
}

/** URL, file's name and hashes, as `_plan()` of weft/packages.py gives them. */
type Wanted = [location: string, name: string, hashes: [algorithm: string, value: string][]];

/** Reads all that is asked for at once, has it checked, and then has it installed: see `HostWeft.install`. */
export async function installPackages(host: PackageHost, sources: readonly PackageSource[], signal: AbortSignal | undefined): Promise<InstalledPackage[]> {
  signal?.throwIfAborted();
  const given: WheelFile[] = [];
  const urls: URL[] = [];
  for (const source of sources) {
    if (typeof source === "string" || source instanceof URL) {
      urls.push(host.resolve(String(source)));
    } else {
      given.push(source);
    }
  }
  const texts = urls.map(async (url) => [url.href, url.pathname.endsWith(".toml") ? new TextDecoder("utf-8", { fatal: true }).decode(await host.read(url)) : null]);
  const located = await Promise.all(texts);
  const module = await host.import("weft.packages");
  try {
    const wanted = (await host.call((py) => ({ callable: module.bind(py).getAttr("_plan"), positional: [located] }), signal, (plan) => plan.toJs())) as Wanted[];
    const read = await Promise.all(wanted.map(async ([location, name, hashes]) => [name, await host.read(new URL(location)), hashes] as const));
    const wheels = [...given.map(({ name, data }) => [name, data, []] as const), ...read];
    return await host.call(
      (py) => ({
        callable: module.bind(py).getAttr("_install_data"),
        positional: [wheels.map(([name, data, hashes]) => [name, py.bytes(data), hashes])],
      }),
      signal,
      (installed) => Array.from(installed, (one) => ({ name: one.getAttr("name").str(), version: one.getAttr("version").str() })),
    );
  } finally {
    module.drop();
  }
}
