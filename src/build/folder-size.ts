import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Bytes of a folder's files, without other file systems that are mounted below it. A build may be at work in it, which mounts
 * its toolchain's /proc and removes what it no longer needs: what is gone by the time that it is looked at has no size.
 *
 * @throws NodeJS.ErrnoException when a folder of this file system cannot be read
 */
export function folderSize(folder: string): number {
  const { dev } = lstatSync(folder);
  const sizeOf = (path: string): number => {
    try {
      const about = lstatSync(path);
      if (about.dev !== dev) {
        return 0;
      }
      return about.isDirectory() ? readdirSync(path).reduce((size, name) => size + sizeOf(join(path, name)), 0) : about.size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return 0;
      }
      throw error;
    }
  };
  return sizeOf(folder);
}
