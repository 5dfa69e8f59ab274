import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { BenchError } from "./error.js";

/** Bytes of a file as it is and as a web server sends it. */
export interface FileSize {
  readonly raw: number;
  /** Level 9. */
  readonly gzip: number;
  /** Quality 11. */
  readonly brotli: number;
}

/** A file's content in both forms. */
export interface Compressed {
  readonly gzip: Buffer;
  readonly brotli: Buffer;
}

/** As a web server does it ahead of requests: as small as it gets. */
export async function compress(data: Buffer): Promise<Compressed> {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
  };
  const [zipped, brotli] = await Promise.all([promisify(gzip)(data, { level: 9 }), promisify(brotliCompress)(data, { params })]);
  return { gzip: zipped, brotli };
}

/** @throws BenchError when the file cannot be read. */
export async function measureFile(path: string): Promise<FileSize> {
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (error) {
    throw new BenchError(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  const { gzip: zipped, brotli } = await compress(data);
  return { raw: data.length, gzip: zipped.length, brotli: brotli.length };
}

/** The sizes of several files together. */
export function sumSizes(sizes: readonly FileSize[]): FileSize {
  const sum = (pick: (size: FileSize) => number): number => sizes.reduce((total, size) => total + pick(size), 0);
  return { raw: sum((size) => size.raw), gzip: sum((size) => size.gzip), brotli: sum((size) => size.brotli) };
}
