import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { GuestFactory, GuestModule } from "../../abi/module.js";
import { LIBRARY_PARTS, PROGRAM_FILES, SNAPSHOT_FILE } from "../../abi/runtime-files.js";
import type { GuestFiles } from "../../runtime/guest.js";
import { Snapshot, type ArchivePlace } from "../../runtime/snapshot.js";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";
import { moduleFromCode } from "./code-cache.js";
import { FileBytes, readWhole } from "./file-bytes.js";

/** A folder with a built runtime: the glue, the module and the standard library. */
export class RuntimeAssets {
  readonly #folder: string;
  readonly #snapshotHash: string | undefined;
  readonly #moduleHash: string | undefined;
  /** The module's bytes, when the engine has its own. */
  #room: FileBytes | undefined;
  #snapshotData: { readonly data: FileBytes; readonly hash: string } | undefined;

  /** @throws RuntimeFilesError when a file is missing or does not have the size that was built. */
  constructor(folder: string) {
    this.#folder = folder;
    let manifest: { files?: Record<string, { size: number; sha256?: string }> };
    try {
      manifest = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as typeof manifest;
    } catch (error) {
      throw new RuntimeFilesError(
        existsSync(folder)
          ? `the Python runtime in ${folder} has no readable manifest.json; run "weft build" to build it again`
          : `there is no Python runtime in ${folder}; run "weft build" to build it`,
        { cause: error },
      );
    }
    this.#snapshotHash = manifest.files?.[SNAPSHOT_FILE]?.sha256;
    this.#moduleHash = manifest.files?.["weft.wasm"]?.sha256;
    for (const name of [...PROGRAM_FILES, ...LIBRARY_PARTS]) {
      const expected = manifest.files?.[name]?.size;
      let size: number | undefined;
      try {
        size = statSync(join(folder, name)).size;
      } catch {
        // Reported as missing below.
      }
      if (size === undefined || size !== expected) {
        throw new RuntimeFilesError(
          `${join(folder, name)} is ${size === undefined ? "missing" : `${size} bytes long, not ${expected}`}; run "weft build" to build the runtime again`,
        );
      }
    }
  }

  /** The glue's URL, which worker realms import too. */
  get glueUrl(): string {
    return pathToFileURL(join(this.#folder, "weft.mjs")).href;
  }

  /** @throws RuntimeFilesError when the glue is damaged. */
  async factory(): Promise<GuestFactory> {
    try {
      const glue = (await import(this.glueUrl)) as { default: GuestFactory };
      return glue.default;
    } catch (error) {
      throw new RuntimeFilesError(
        `${join(this.#folder, "weft.mjs")} is damaged; run "weft build --force" to build the runtime again`,
        { cause: error },
      );
    }
  }

  /** @throws RuntimeFilesError when the module is damaged. */
  async compile(): Promise<WebAssembly.Module> {
    const path = join(this.#folder, "weft.wasm");
    let file: FileBytes | undefined;
    try {
      file = new FileBytes(path);
      // The engine has a copy when either returns.
      const kept = this.#moduleHash === undefined ? undefined : moduleFromCode(this.#folder, file.bytes, this.#moduleHash);
      const module = kept ?? WebAssembly.compile(file.bytes);
      this.#room = file;
      return await module;
    } catch (error) {
      throw new RuntimeFilesError(`${path} is damaged; run "weft build --force" to build the runtime again`, {
        cause: error,
      });
    } finally {
      if (this.#room === file) {
        this.#room = undefined;
        file?.free();
      }
    }
  }

  /** What a guest needs of them, once the module is compiled. */
  files(factory: GuestFactory, module: WebAssembly.Module): GuestFiles {
    return {
      factory,
      compile: () => Promise.resolve(module),
      loadStandardLibrary: (guest, place) => this.#loadStandardLibrary(guest, place),
      snapshot: () => this.#snapshot(),
    };
  }

  /** Reads the snapshot ahead of its use: while the engine compiles the module, on threads of its own, and to where its bytes were. */
  readAhead(): void {
    const room = this.#room;
    this.#room = undefined;
    const data = new FileBytes(join(this.#folder, SNAPSHOT_FILE), room);
    this.#snapshotData = { data, hash: createHash("sha256").update(data.bytes).digest("hex") };
  }

  #snapshot(): Snapshot {
    if (!this.#snapshotData) {
      this.readAhead();
    }
    const { data, hash } = this.#snapshotData!;
    this.#snapshotData = undefined;
    // A module refuses what is no module; nothing refuses a memory that is another module's.
    if (hash !== this.#snapshotHash) {
      throw new RuntimeFilesError(`${join(this.#folder, SNAPSHOT_FILE)} is damaged; run "weft build --force" to build the runtime again`);
    }
    return new Snapshot(data.bytes, () => data.free());
  }

  /** Reads the archive straight into guest memory, where its only copy stays for good. */
  #loadStandardLibrary(module: GuestModule, place?: ArchivePlace): ArchivePlace {
    if (place === undefined) {
      // A program that does not begin with the snapshot.
      this.#snapshotData?.data.free();
      this.#snapshotData = undefined;
    }
    const path = join(this.#folder, "python313.zip");
    const size = statSync(path).size;
    if (place !== undefined && place.size !== size) {
      throw new RuntimeFilesError(`${path} is not the one that ${SNAPSHOT_FILE} was made with; run "weft build" to build the runtime again`);
    }
    const address = place?.address ?? module.functions.malloc(size) >>> 0;
    if (address === 0) {
      throw new RangeError(`out of guest memory: the standard library needs ${size} bytes`);
    }
    const file = openSync(path, "r");
    try {
      readWhole(file, path, new Uint8Array(module.wasmMemory.buffer, address, size));
    } finally {
      closeSync(file);
    }
    return { address, size };
  }
}
