// Finds Chromium for the tests, and installs Debian's where it may.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Path of the browser's program, or `undefined`. `WEFT_CHROMIUM` names another one. */
export function findChromium() {
  return [process.env.WEFT_CHROMIUM, ...PLACES].find((path) => path !== undefined && existsSync(path));
}

/** Installs Debian's Chromium when there is none and we may; says what to do otherwise. */
export function ensureChromium() {
  if (findChromium() !== undefined) {
    return;
  }
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    console.error('there is no Chromium for the browser tests; install one ("apt-get install chromium"), or name one with WEFT_CHROMIUM, and run the tests again');
    return;
  }
  spawnSync("apt-get", ["update", "-q"], { stdio: "inherit" });
  spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], { stdio: "inherit" });
}
