import { statfsSync } from "node:fs";
import { BuildError } from "./errors.js";

/** Less than this is a full disk: what did not fit is not there any more. */
const FULL = 100 << 20;

/** What apt and debootstrap print when the archive cannot be reached. */
const NO_ANSWER = /^E: (?:Failed getting release file|Couldn't download|Failed to fetch|Unable to fetch|The repository .* does not have a Release file)|Temporary failure resolving|Could not (?:resolve|connect)|Unable to connect to/m;

function fullDisk(folder: string): string {
  return `the disk with ${folder} is (nearly) full; a build needs about 4 GB there: make room, or name another folder with WEFT_CACHE`;
}

/** The trouble of this machine that made a command fail, in words, where that can be told. */
export function troubleOf(output: string, folder: string): string | undefined {
  const { bavail, bsize } = statfsSync(folder);
  if (/No space left on device|ENOSPC/.test(output) || bavail * bsize < FULL) {
    return fullDisk(folder);
  }
  if (NO_ANSWER.test(output)) {
    return "Debian's archive does not answer; check the network, or name another mirror with WEFT_DEBIAN_MIRROR";
  }
  return undefined;
}

/** The error to report for one that was thrown while files were written into a folder. */
export function explain(error: unknown, folder: string): unknown {
  return (error as NodeJS.ErrnoException).code === "ENOSPC" ? new BuildError(fullDisk(folder), { cause: error }) : error;
}
