import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";

/**
 * A file's bytes in memory that can be given back at once. A buffer that nobody has any more stays resident until the engine
 * collects garbage, which a short program never makes it do.
 */
export class FileBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;

  /** @throws what reading throws; RuntimeFilesError when the file becomes shorter meanwhile. */
  constructor(path: string) {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      // Node 20 has no transfer(), and the engine there also takes a buffer that can be resized.
      this.bytes = new Uint8Array("transfer" in ArrayBuffer.prototype ? new ArrayBuffer(size) : new ArrayBuffer(size, { maxByteLength: size }));
      readWhole(file, path, this.bytes);
    } finally {
      closeSync(file);
    }
  }

  /** The bytes are gone then. A second time does nothing. */
  free(): void {
    const { buffer } = this.bytes;
    if (buffer.resizable) {
      buffer.resize(0);
    } else if (!buffer.detached) {
      buffer.transfer(0);
    }
  }
}

/**
 * Fills the bytes with a file's first ones.
 * @param path as errors name it.
 * @throws what reading throws; RuntimeFilesError when there are too few.
 */
export function readWhole(file: number, path: string, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(file, bytes, done, bytes.length - done, null);
    if (read === 0) {
      throw new RuntimeFilesError(`${path} ended after ${done} of ${bytes.length} bytes; run "weft build --force" to build the runtime again`);
    }
    done += read;
  }
}
