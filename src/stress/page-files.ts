import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import type { Mount } from "../node.js";
import { LaneError } from "./lane.js";

/** Folders that hold no code of the tests. */
const SKIPPED = /^(\.|__pycache__$|node_modules$)/;

/** A page's memory is for the interpreter too. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Paths and sizes, in the order of the data. */
export type FileIndex = readonly (readonly [path: string, size: number])[];

/** Where a link of a mount leads, or undefined when it leads out of it, as none may in Node either, or nowhere. */
function target(link: string, mount: string): string | undefined {
  try {
    const path = realpathSync(link);
    return path.startsWith(mount + sep) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** Mounted folders as one body: the length of the index in 4 bytes, the index as JSON, the files' data. */
export function packFolders(mounts: readonly Mount[]): Uint8Array {
  const index: [string, number][] = [];
  const parts: Uint8Array[] = [];
  let total = 0;
  /** `within` are the folders that it is in, by all the links that led there: none is entered again. */
  const add = (host: string, guest: string, mount: string, within: readonly string[]): void => {
    for (const name of readdirSync(host).sort()) {
      const path = join(host, name);
      const real = lstatSync(path).isSymbolicLink() ? target(path, mount) : path;
      if (real === undefined) {
        continue;
      }
      const stat = statSync(real);
      if (stat.isDirectory() && !SKIPPED.test(name) && !within.includes(real)) {
        add(real, `${guest}/${name}`, mount, [...within, real]);
      } else if (stat.isFile()) {
        total += stat.size;
        if (total > MOST_BYTES) {
          throw new LaneError(`the folders of the tests have more than ${MOST_BYTES / 1024 / 1024} MB, which pages cannot take: ${mounts.map((one) => one.host).join(", ")}`);
        }
        const data = readFileSync(real);
        index.push([`${guest}/${name}`, data.length]);
        parts.push(data);
      }
    }
  };
  mounts.forEach(({ host, guest }) => {
    const real = realpathSync(host);
    add(real, guest, real, [real]);
  });
  const head = Buffer.from(JSON.stringify(index satisfies FileIndex));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  return Buffer.concat([size, head, ...parts]);
}
