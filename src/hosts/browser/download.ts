import type { GuestFactory, GuestModule } from "../../abi/module.js";
import { PROGRAM_FILES, SNAPSHOT_FILE } from "../../abi/runtime-files.js";
import type { FirstMemory } from "../../runtime/first-memory.js";
import { Snapshot, type ArchivePlace } from "../../runtime/snapshot.js";
import type { RuntimeFiles } from "../shared/platform.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { checkBuilt, compileBuilt, compileData, fetchBuilt, importBuilt, treeOf, type FileFacts } from "./built-file.js";
import { findCopy, keepFiles, readKept, type KeptFile } from "./kept-files.js";
import { web } from "./web.js";

/** How far loading is. `bytes` of `total` are downloaded, uncompressed; both are final from `compile` on. */
export interface LoadProgress {
  readonly stage: "download" | "compile" | "start" | "ready";
  readonly bytes: number;
  readonly total: number;
}

/** How the runtime's files are fetched. */
export interface DownloadOptions {
  /** Hash of manifest.json, as in HTML: `sha256-...`. The manifest has those of the other files. */
  readonly integrity?: string | undefined;
  readonly onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Whether copies are kept for later visits; see `LoadOptions`. */
  readonly keep?: boolean | undefined;
}

/** When copies are kept, in milliseconds after Python is ready: a first program does not wait for that. */
const KEEP_DELAY = 1000;

type Name = (typeof PROGRAM_FILES)[number];

interface Manifest {
  readonly files: Readonly<Record<Name, FileFacts>>;
}

/** The runtime's files on their way from a server, all at once; each is used only when its hash is right. */
export class Download {
  /** The glue's URL, when its content was checked. */
  readonly glueUrl: Promise<string>;
  /** All of it; rejects with a RuntimeFilesError, and the rest is cancelled. */
  readonly files: Promise<RuntimeFiles>;
  readonly #base: URL;
  readonly #abort = new AbortController();
  readonly #manifest: Promise<Manifest>;
  readonly #onProgress: DownloadOptions["onProgress"];
  /** What an earlier visit kept. Nothing when Python is ready: what the guest keeps of this object would keep 10 MB with it. */
  #kept: ReturnType<typeof readKept> | undefined;
  /** Whether copies are to be kept: when a file is downloaded that may be. */
  readonly #mayKeep: boolean;
  #downloaded = false;
  /** What is to be kept then. */
  #files: Partial<Record<KeptFile, Uint8Array<ArrayBuffer>>> = {};
  #bytes = 0;
  #total: number | undefined;

  /**
   * @param base URL of the folder, with a slash at its end.
   * @param first gets what it can have before the module has an instance.
   */
  constructor(base: URL, first: FirstMemory, options: DownloadOptions) {
    this.#base = base;
    this.#onProgress = options.onProgress;
    this.#mayKeep = options.keep !== false;
    this.#kept = readKept(base);
    this.#manifest = this.#readManifest(options.integrity);
    const glue = this.#checked("weft.mjs");
    const snapshot = this.#bytesOf(SNAPSHOT_FILE).then((data) => {
      const made = new Snapshot(data);
      if (first.restores(made)) {
        made.begin(first.memory);
      }
      return made;
    });
    // Written early it is not needed here any more.
    const library = Promise.all([this.#bytesOf("python313.zip"), snapshot]).then(([data, memory]) => (memory.beginArchive(data) ? undefined : data));
    const wasm = this.#compiled();
    this.glueUrl = glue.then(() => this.#url("weft.mjs"));
    const factory = this.glueUrl.then((url) => this.#import(url));
    // The first failure cancels the rest, and is the one that is reported.
    for (const promise of [this.#manifest, this.glueUrl, factory, wasm, library, snapshot]) {
      promise.catch((error: unknown) => {
        this.#abort.abort(error);
      });
    }
    this.files = Promise.all([factory, wasm, library, snapshot]).then(
      ([made, module, data, memory]) => ({
        factory: made,
        glueUrl: this.#url("weft.mjs"),
        compile: () => Promise.resolve(module),
        loadStandardLibrary: (guest, place) => {
          if (place === undefined) {
            memory.drop();
          }
          const archive = data ? load(guest, data, place) : memory.archive;
          // The guest keeps this function for as long as it lives.
          data = undefined;
          return archive;
        },
        snapshot: () => memory,
      }),
      () => {
        throw this.#abort.signal.reason;
      },
    );
  }

  /** Ends what is under way. */
  cancel(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** To be called when Python is ready. */
  ready(): void {
    this.report("ready");
    const files = this.#files as Record<KeptFile, Uint8Array<ArrayBuffer>>;
    this.#files = {};
    this.#kept = undefined;
    if (this.#mayKeep && this.#downloaded) {
      setTimeout(() => void keepFiles(this.#base, files), KEEP_DELAY);
    }
  }

  /** Tells of the stages after the download. */
  report(stage: LoadProgress["stage"]): void {
    if (this.#total !== undefined) {
      try {
        this.#onProgress?.({ stage, bytes: this.#bytes, total: this.#total });
      } catch (error) {
        // The page's bug, which is no reason not to load.
        web.reportError(error);
      }
    }
  }

  #url(name: string): string {
    return new URL(name, this.#base).href;
  }

  #fetch(name: string, integrity?: string): Promise<Response> {
    return fetchBuilt(this.#url(name), { signal: this.#abort.signal, ...(integrity === undefined ? {} : { integrity }) });
  }

  async #readManifest(integrity: string | undefined): Promise<Manifest> {
    const response = await this.#fetch("manifest.json", integrity);
    let manifest: Manifest;
    try {
      manifest = (await response.json()) as Manifest;
      this.#total = PROGRAM_FILES.reduce((sum, name) => sum + manifest.files[name].size, 0);
    } catch (error) {
      throw new RuntimeFilesError(`${this.#url("manifest.json")} is not the manifest of a built runtime`, { cause: error });
    }
    // Of what came before it.
    this.report("download");
    return manifest;
  }

  /** Reads a response to its end, counting. */
  async #read(name: Name, response: Response): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (const reader = response.body!.getReader(); ; ) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new RuntimeFilesError(`${this.#url(name)} could not be downloaded to its end: the connection broke after ${length} bytes`, { cause: error });
      }) as { done: boolean; value: Uint8Array };
      if (done) {
        break;
      }
      chunks.push(value);
      length += value.length;
      this.#bytes += value.length;
      this.report("download");
    }
    const data = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      data.set(chunk, at);
      at += chunk.length;
    }
    return data;
  }

  async #check(name: Name, data: Uint8Array<ArrayBuffer>): Promise<void> {
    await checkBuilt(this.#url(name), data, (await this.#manifest).files[name]);
  }

  /**
   * A copy, of an earlier visit or somebody else's; nothing when there is none of this version that is whole.
   * @param begin gets its data before they are checked, for what may go on meanwhile.
   */
  async #copy(name: KeptFile, begin: (data: Uint8Array<ArrayBuffer>) => void = () => undefined): Promise<Uint8Array<ArrayBuffer> | undefined> {
    for (const find of [() => this.#kept?.[name], () => findCopy(this.#url(name))]) {
      const data = await find();
      if (data === undefined) {
        continue;
      }
      begin(data);
      const [hash, { tree }] = await Promise.all([treeOf(data), this.#manifest.then(({ files }) => files[name])]);
      if (hash === tree) {
        this.#files[name] = data;
        this.#bytes += data.length;
        this.report("download");
        return data;
      }
    }
    return undefined;
  }

  /** Of a file that may be kept. */
  async #bytesOf(name: KeptFile): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#copy(name)) ?? this.#keep(name, await this.#checked(name));
  }

  #keep(name: KeptFile, data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#files[name] = data;
    this.#downloaded = true;
    return data;
  }

  async #checked(name: Name): Promise<Uint8Array<ArrayBuffer>> {
    const data = await this.#read(name, await this.#fetch(name));
    await this.#check(name, data);
    return data;
  }

  async #compiled(): Promise<WebAssembly.Module> {
    const name = "weft.wasm";
    const url = this.#url(name);
    let module: Promise<WebAssembly.Module> | undefined;
    const copy = await this.#copy(name, (data) => {
      // From its data: what a response streams goes through the page's own thread twice, to the compiler and to the hash.
      module = compileData(url, data);
      module.catch(() => undefined);
    });
    if (copy) {
      this.report("compile");
      return module!;
    }
    return compileBuilt(url, await this.#fetch(name), async (response) => {
      const data = await this.#read(name, response);
      await this.#check(name, data);
      this.#keep(name, data);
      this.report("compile");
      return data;
    });
  }

  async #import(url: string): Promise<GuestFactory> {
    return ((await importBuilt(url)) as { default: GuestFactory }).default;
  }
}

/** Copies the archive to guest memory, where its only copy stays for good. */
function load(module: GuestModule, data: Uint8Array, place: ArchivePlace | undefined): ArchivePlace {
  const address = place?.address ?? module.functions.malloc(data.length) >>> 0;
  if (address === 0) {
    throw new RangeError(`out of guest memory: the standard library needs ${data.length} bytes`);
  }
  new Uint8Array(module.wasmMemory.buffer, address, data.length).set(data);
  return { address, size: data.length };
}
