// Finds the browsers that tests and `weft stress` drive, and installs Debian's where it may.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Debian's package, where the programs are, and the variable that names another one. */
const BROWSERS = {
  chromium: { package: "chromium", variable: "WEFT_CHROMIUM", places: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"] },
  firefox: { package: "firefox-esr", variable: "WEFT_FIREFOX", places: ["/usr/bin/firefox-esr", "/usr/bin/firefox"] },
};

/** Path of a browser's program. Throws with what to do when there is none. */
export function findBrowser(name) {
  const { package: debian, variable, places } = BROWSERS[name];
  const found = [process.env[variable], ...places].find((path) => path !== undefined && existsSync(path));
  if (found === undefined) {
    throw new Error(`there is no ${name}: install it (Debian: "apt-get install ${debian}"), or name its program with the variable ${variable}`);
  }
  return found;
}

/** Installs those of Debian's browsers that are missing where we may; says what to do otherwise. */
export function ensureBrowsers() {
  const missing = Object.entries(BROWSERS).flatMap(([name, { package: debian }]) => {
    try {
      findBrowser(name);
      return [];
    } catch (error) {
      return [{ debian, message: error.message }];
    }
  });
  if (missing.length === 0) {
    return;
  }
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    for (const { message } of missing) {
      console.error(message);
    }
    return;
  }
  spawnSync("apt-get", ["update", "-q"], { stdio: "inherit" });
  const packages = missing.map(({ debian }) => debian);
  // Nobody is there to answer questions.
  spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}
