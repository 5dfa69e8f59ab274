import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { RuntimeFilesError } from "../shared/runtime-files-error.js";

/**
 * A file's bytes in memory that can be given back at once. A buffer that nobody has any more stays resident until the engine
 * collects garbage, which a short program never makes it do.
 */
export class FileBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;

  /**
   * @param room bytes that nobody needs any more: their memory is used again where it is large enough, as fresh pages of it take longer
   * than reading does, and is given back where it is not.
   * @param header is filled with the file's first bytes, which are not part of the others then.
   * @throws what reading throws; RuntimeFilesError when the file is shorter than the header, or becomes shorter meanwhile.
   */
  constructor(path: string, room?: FileBytes, header = new Uint8Array()) {
    const file = openSync(path, "r");
    try {
      readWhole(file, path, header);
      const size = fstatSync(file).size - header.length;
      if (room !== undefined && room.bytes.buffer.byteLength < size) {
        room.free();
        room = undefined;
      }
      this.bytes = new Uint8Array(room?.bytes.buffer ?? newBuffer(size), 0, size);
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

/** Node 20 has no transfer(), and the engine there also takes a buffer that can be resized. */
function newBuffer(size: number): ArrayBuffer {
  return "transfer" in ArrayBuffer.prototype ? new ArrayBuffer(size) : new ArrayBuffer(size, { maxByteLength: size });
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
