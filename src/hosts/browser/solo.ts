import type { PortableInterpreter, PortableOptions } from "../../portable/interpreter.js";
import { startSolo, type SoloFiles } from "../../solo/solo-interpreter.js";
import { waitingHere } from "../../solo/waiting.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { checkBuilt, compileBuilt, fetchBuilt, importBuilt, type FileFacts } from "./built-file.js";
import { consoleSink } from "./output.js";

/** Below the package's folder. Not written where it is used: bundlers would look for such a file. */
const SOLO = "../solo/";

/**
 * Files of the component, each used only when its hash is the manifest's. The script is imported by a request of its own, as Content-Security-Policies
 * want it: the check before that finds an older or damaged copy, not a server that answers the two differently.
 * Compiled once: all interpreters of a page use the same.
 */
class SoloDownload {
  readonly #modules = new Map<string, Promise<WebAssembly.Module>>();

  private constructor(
    readonly base: URL,
    readonly files: Readonly<Record<string, FileFacts>>,
  ) {}

  static async begin(base: URL): Promise<SoloDownload> {
    const url = new URL("manifest.json", base).href;
    const response = await fetchBuilt(url);
    let files: unknown;
    try {
      ({ files } = (await response.json()) as { files?: unknown });
    } catch {
      // Told below.
    }
    if (typeof files !== "object" || files === null) {
      throw new RuntimeFilesError(`${url} is not the manifest of a built runtime`);
    }
    return new SoloDownload(base, files as Record<string, FileFacts>);
  }

  /** @param glue name of jco's JavaScript. */
  async load(glue: string): Promise<SoloFiles> {
    const url = this.#url(glue);
    await this.#read(glue, await fetchBuilt(url));
    const { instantiate } = (await importBuilt(url)) as Pick<SoloFiles, "instantiate">;
    return { instantiate, module: (name) => this.#module(name) };
  }

  #module(name: string): Promise<WebAssembly.Module> {
    let module = this.#modules.get(name);
    if (!module) {
      const url = this.#url(name);
      module = fetchBuilt(url).then((response) => compileBuilt(url, response, (copy) => this.#read(name, copy)));
      this.#modules.set(name, module);
    }
    return module;
  }

  #url(name: string): string {
    return new URL(name, this.base).href;
  }

  async #read(name: string, response: Response): Promise<Uint8Array<ArrayBuffer>> {
    const expected = this.files[name];
    if (!expected) {
      throw new RuntimeFilesError(`manifest.json in ${this.base.href} does not name ${name}; build the solo profile again`);
    }
    const data = new Uint8Array(await response.arrayBuffer());
    await checkBuilt(this.#url(name), data, expected);
    return data;
  }
}

let download: Promise<SoloDownload> | undefined;

/** @throws RuntimeFilesError when a file cannot be loaded or has another hash. */
export async function loadSolo(options: PortableOptions, reason: string): Promise<PortableInterpreter> {
  const lines = [consoleSink((line) => { console.log(line); }), consoleSink((line) => { console.error(line); })] as const;
  const waiting = waitingHere();
  const begun = (download ??= SoloDownload.begin(new URL(SOLO, import.meta.url)));
  try {
    const files = await (await begun).load(waiting.kind === "suspend" ? "weft-solo-jspi.js" : "weft-solo.js");
    return await startSolo(files, waiting, { stdout: lines[0].sink, stderr: lines[1].sink }, options, reason);
  } catch (error) {
    // The next attempt asks the server again.
    if (error instanceof RuntimeFilesError && download === begun) {
      download = undefined;
    }
    throw error;
  }
}
