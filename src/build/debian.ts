import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { probe, run } from "./command.js";
import { BuildError } from "./errors.js";
import type { StageTools } from "./stage.js";

/**
 * The address of Debian's main archive that this machine's apt uses: no host name is ours.
 *
 * @throws BuildError with what to do on a machine that has none
 */
export async function findMirror(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  const own = environment["WEFT_DEBIAN_MIRROR"];
  if (own !== undefined && own !== "") {
    return own;
  }
  const targets = await probe(["apt-get", "indextargets", "--format", "$(CREATED_BY)|$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"]);
  // The label tells the main archive from the one of security updates, whose pool has no sources of other suites.
  const found = targets?.split("\n").map((line) => line.split("|")).find((fields) => fields[0] === "Packages" && fields[1] === "Debian" && fields[2] === "Debian" && fields[3] === "main");
  if (found?.[4] === undefined) {
    throw new BuildError(
      "this machine's apt has no Debian archive; set WEFT_DEBIAN_MIRROR to the address of one, or put the files that cpython-build/pins.json lists into a folder and pass it with --sources",
    );
  }
  return found[4].replace(/\/?$/, "/");
}

/** apt with a state of its own: it neither reads nor changes what the machine's apt knows, and needs no root. */
export class PrivateApt {
  readonly #config: string;
  readonly #tools: StageTools;

  private constructor(config: string, tools: StageTools) {
    this.#config = config;
    this.#tools = tools;
  }

  /** @param folder an empty folder for lists and configuration */
  static async open(
    folder: string,
    mirror: string,
    suite: string,
    components: readonly string[],
    keyring: string,
    tools: StageTools,
    kinds: readonly ("deb" | "deb-src")[] = ["deb-src"],
  ): Promise<PrivateApt> {
    for (const name of ["lists/partial", "archives/partial"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    writeFileSync(join(folder, "status"), "");
    writeFileSync(join(folder, "sources.list"), kinds.map((kind) => `${kind} [signed-by=${keyring}] ${mirror} ${suite} ${components.join(" ")}\n`).join(""));
    const config = join(folder, "apt.conf");
    // With an empty status file, apt does not prefer the versions that this machine has installed.
    writeFileSync(
      config,
      [
        `Dir::Etc::SourceList "${folder}/sources.list";`,
        'Dir::Etc::SourceParts "-";',
        'Dir::Etc::Preferences "-";',
        'Dir::Etc::PreferencesParts "-";',
        `Dir::State::Lists "${folder}/lists";`,
        `Dir::State::Status "${folder}/status";`,
        `Dir::Cache "${folder}";`,
        'APT::Sandbox::User "";',
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
        "",
      ].join("\n"),
    );
    const apt = new PrivateApt(config, tools);
    await apt.#run(["apt-get", "-q", "update", "-o", "APT::Update::Error-Mode=any"], "reading the archive's index");
    return apt;
  }

  /** Versions of a source package in the suite, newest first. */
  async versions(name: string): Promise<string[]> {
    const output = await this.#run(["apt-cache", "showsrc", "--only-source", name], `looking for the source package ${name}`);
    return [...output.matchAll(/^Version: (.+)$/gm)].map((match) => match[1]!).reverse();
  }

  /** Versions of a binary package in the suite, newest first. */
  async binaryVersions(name: string): Promise<string[]> {
    const output = await this.#run(["apt-cache", "show", name], `looking for the package ${name}`);
    return [...output.matchAll(/^Version: (.+)$/gm)].map((match) => match[1]!);
  }

  /** Downloads a source package's files; apt verifies them through the signed index. */
  async download(name: string, version: string, folder: string): Promise<void> {
    await this.#run(["apt-get", "-q", "source", "--download-only", `${name}=${version}`], `downloading the source package ${name} ${version}`, folder);
  }

  /** Downloads upstream's archive of a source package. */
  async downloadUpstream(name: string, version: string, folder: string): Promise<void> {
    await this.#run(["apt-get", "-q", "source", "--download-only", "--tar-only", `${name}=${version}`], `downloading the archive of ${name} ${version}`, folder);
  }

  /** Downloads a binary package for all architectures. */
  async downloadBinary(name: string, version: string, folder: string): Promise<void> {
    await this.#run(["apt-get", "-q", "download", `${name}=${version}`], `downloading the package ${name} ${version}`, folder);
  }

  async #run(command: readonly [string, ...string[]], purpose: string, cwd?: string): Promise<string> {
    return run(command, {
      purpose,
      log: this.#tools.log,
      signal: this.#tools.signal,
      onOutput: this.#tools.onOutput,
      env: { ...process.env, APT_CONFIG: this.#config, LC_ALL: "C" },
      ...(cwd === undefined ? {} : { cwd }),
    });
  }
}
