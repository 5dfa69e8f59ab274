import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../node.js";
import { LaneError } from "./lane.js";

/** Folders that hold no code of the tests. */
const SKIPPED = /^(\.|__pycache__$|node_modules$)/;

/** A page's memory is for the interpreter too. */
const MOST_BYTES = 512 * 1024 * 1024;

/** Paths and sizes, in the order of the data. */
export type FileIndex = readonly (readonly [path: string, size: number])[];

/** Mounted folders as one body: the length of the index in 4 bytes, the index as JSON, the files' data. */
export function packFolders(mounts: readonly Mount[]): Uint8Array {
  const index: [string, number][] = [];
  const parts: Uint8Array[] = [];
  let total = 0;
  const add = (host: string, guest: string): void => {
    for (const name of readdirSync(host).sort()) {
      const path = join(host, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() && !SKIPPED.test(name)) {
        add(path, `${guest}/${name}`);
      } else if (stat?.isFile()) {
        total += stat.size;
        if (total > MOST_BYTES) {
          throw new LaneError(`the folders of the tests have more than ${MOST_BYTES / 1024 / 1024} MB, which pages cannot take: ${mounts.map((one) => one.host).join(", ")}`);
        }
        const data = readFileSync(path);
        index.push([`${guest}/${name}`, data.length]);
        parts.push(data);
      }
    }
  };
  mounts.forEach(({ host, guest }) => {
    add(host, guest);
  });
  const head = Buffer.from(JSON.stringify(index satisfies FileIndex));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(head.length);
  return Buffer.concat([size, head, ...parts]);
}
