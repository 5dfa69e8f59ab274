import { readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../build/command.js";
import { findMirror, PrivateApt } from "../build/debian.js";
import { ensure } from "../build/ensure.js";
import { BuildError } from "../build/errors.js";
import { hashFile, keyOf } from "../build/hash.js";
import { stageTools, type BuildContext } from "../build/stage.js";

/** A package of Debian's archive, of which one file is used. */
export interface PackagePin {
  /** A binary package is installed as it is; of a source package upstream's archive is unpacked. */
  readonly kind: "binary" | "source";
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
}

export type PackagePins = Readonly<Record<string, PackagePin>>;

/** Where a binary package for Python has its modules. */
const INSTALLED = "usr/lib/python3/dist-packages";

/**
 * The pinned version of a binary package or, where the archive has it no longer, its last one of the same upstream version: security
 * fixes take the place of what they fix.
 * @param offered newest first.
 */
export function chooseVersion(pinned: string, offered: readonly string[]): string {
  const upstream = (version: string): string => version.replace(/-[^-]*$/, "");
  return offered.includes(pinned) ? pinned : (offered.find((version) => upstream(version) === upstream(pinned)) ?? pinned);
}

/** Fetches packages, each once for this machine: their checked and unpacked files stay in the build's cache. */
export class PackageFetcher {
  readonly #context: BuildContext;
  readonly #pins: PackagePins;
  #state: string | undefined;
  #apt: Promise<PrivateApt> | undefined;

  constructor(context: BuildContext, pins: PackagePins) {
    this.#context = context;
    this.#pins = pins;
  }

  /**
   * The folder of a package: of a binary one that of its modules, else that of the sources.
   * @throws BuildError when it cannot be had as it is pinned.
   */
  async fetch(name: string): Promise<string> {
    const pin = this.#pins[name];
    if (!pin) {
      throw new BuildError(`no package ${name} is pinned; there are ${Object.keys(this.#pins).join(", ")}`);
    }
    const { folder } = await ensure(this.#context, {
      name: `package-${name}`,
      key: keyOf({ ...pin }),
      what: `fetching ${name} ${pin.version}`,
      check: "sizes",
      needs: () => this.#open(),
      make: async (to, apt) => {
        await this.#unpack(name, pin, apt, to);
        return {};
      },
    });
    return pin.kind === "binary" ? join(folder, INSTALLED) : folder;
  }

  /** Removes what only fetching needs. */
  close(): void {
    if (this.#state !== undefined) {
      this.#context.cache.remove(this.#state);
    }
  }

  #open(): Promise<PrivateApt> {
    const { suite, components, keyring } = this.#context.pins.distribution;
    this.#apt ??= (async () => {
      this.#state = this.#context.cache.temporary("apt");
      return PrivateApt.open(this.#state, await findMirror(), suite, components, keyring, stageTools(this.#context, "packages"), ["deb", "deb-src"]);
    })();
    return this.#apt;
  }

  async #unpack(name: string, pin: PackagePin, apt: PrivateApt, to: string): Promise<void> {
    const packed = this.#context.cache.temporary("packed");
    try {
      const version = pin.kind === "binary" ? chooseVersion(pin.version, await apt.binaryVersions(name)) : pin.version;
      await (pin.kind === "binary" ? apt.downloadBinary(name, version, packed) : apt.downloadUpstream(name, version, packed));
      const path = join(packed, version === pin.version ? pin.file : readdirSync(packed)[0]!);
      const hash = hashFile(path);
      // That of another version is known to apt alone, by the archive's signature.
      if (version === pin.version && hash !== pin.sha256) {
        throw new BuildError(`${pin.file} has the sha256 ${hash} instead of ${pin.sha256} from test/stress/packages/pins.json; the mirror or the file is damaged`);
      }
      const command: readonly [string, ...string[]] = pin.kind === "binary" ? ["dpkg-deb", "-x", path, to] : ["tar", "-x", "--no-same-owner", "--strip-components=1", "-C", to, "-f", path];
      await run(command, { ...stageTools(this.#context, "packages"), env: process.env, purpose: `unpacking ${pin.file}` });
    } finally {
      this.#context.cache.remove(packed);
    }
  }
}
