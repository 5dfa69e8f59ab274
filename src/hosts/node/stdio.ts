import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { StdioKind } from "../../abi/events.js";

/** What file descriptor `fd` of this process is. A closed one is `none`. */
export function stdioKind(fd: number): StdioKind {
  try {
    const stat = fstatSync(fd);
    if (isatty(fd)) {
      return StdioKind.tty;
    }
    // A character device that is no terminal (/dev/null) reads and writes like a file.
    return stat.isFile() || stat.isCharacterDevice() ? StdioKind.file : StdioKind.pipe;
  } catch {
    return StdioKind.none;
  }
}

/** The size of the terminal at standard output or error, or `null` without one. */
export function terminalSize(): { rows: number; columns: number } | null {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.isTTY) {
      const [columns, rows] = stream.getWindowSize();
      return { rows, columns };
    }
  }
  return null;
}
