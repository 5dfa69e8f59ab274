import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium, type BrowserContext } from "playwright-core";
import { findBrowser } from "../../scripts/browsers.mjs";
import { CompressedSite, type Transfer } from "./compressed-site.js";
import { BenchError } from "./error.js";

/** What was measured of one subject in pages. */
export interface PageMeasurements {
  readonly name: string;
  /** Milliseconds from the navigation to the first line that Python prints, one of each round. */
  readonly first: readonly number[];
  /** The same in a browser that was started again with the profile of the first visit. */
  readonly second: readonly number[];
  readonly firstTransfer: Transfer;
  readonly secondTransfer: Transfer;
}

export interface PageResult {
  readonly browser: string;
  readonly weft: PageMeasurements;
  readonly pyodide: PageMeasurements;
}

/** Before the time in what a page says. */
const MARK = "first output after ";

const page = (script: string): string =>
  `<!doctype html><title>start</title><link rel="icon" href="data:,"><script type="module">\nlet said = false;\nconst stdout = () => { const time = performance.now(); if (!said) { said = true; console.log("${MARK}" + time); } };\n${script}</script>`;

const PAGES = {
  "/weft": page('import { loadWeft } from "/weft/browser/index.js";\nconst weft = await loadWeft({ stdout, runtime: "/runtime/" });\nawait weft.run(\'print("hi")\');'),
  "/pyodide": page('import { loadPyodide } from "/pyodide/pyodide.mjs";\n(await loadPyodide({ stdout })).runPython(\'print("hi")\');'),
};

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const DEADLINE = 120_000;
/** How long a browser is left alone before the visit: its own start takes processor time for some seconds, and is not what is measured. */
const REST = 4000;
/** How long a visitor stays: browsers store compiled code some time after it ran. */
const STAY = 3000;

interface Site {
  readonly root: string;
  readonly runtime: string;
}

/**
 * Measures visits of pages with Weft and with npm's pyodide, in turns, each round with a new profile.
 * @throws BenchError when there is no Chromium, or a page fails.
 */
export async function measurePages({ root, runtime }: Site, rounds: number, say: (text: string) => void): Promise<PageResult> {
  let executablePath: string;
  try {
    executablePath = findBrowser("chromium");
  } catch (error) {
    throw new BenchError((error as Error).message, { cause: error });
  }
  const pyodide = dirname(createRequire(join(root, "package.json")).resolve("pyodide/package.json"));
  const site = await CompressedSite.start({ weft: join(root, "dist"), runtime, pyodide }, PAGES);
  const measured = (["weft", "pyodide"] as const).map((name) => ({ name, first: [] as number[], second: [] as number[], firstTransfer: NONE, secondTransfer: NONE }));
  let browser = "";
  try {
    say("compressing the files that pages load");
    // The first round is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const one of round % 2 === 0 ? measured : measured.toReversed()) {
        const profile = mkdtempSync(join(tmpdir(), "weft-bench-"));
        try {
          const visit = async (): Promise<number> => {
            const context = await chromium.launchPersistentContext(profile, { executablePath, args: ARGUMENTS, headless: true, timeout: DEADLINE });
            browser = context.browser()?.version() ?? browser;
            try {
              return await firstOutput(context, `${site.url}/${one.name}`);
            } finally {
              await context.close();
            }
          };
          site.takeTransfer();
          const first = await visit();
          one.firstTransfer = site.takeTransfer();
          const second = await visit();
          one.secondTransfer = site.takeTransfer();
          if (round > 0) {
            one.first.push(first);
            one.second.push(second);
          }
        } finally {
          rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        }
      }
      say(round === 0 ? "pages: every file was loaded once" : `pages: round ${round} of ${rounds}: ${measured.map(({ name, first, second }) => `${name} ${first.at(-1)!.toFixed(0)} and ${second.at(-1)!.toFixed(0)} ms`).join(", ")}`);
    }
  } finally {
    site.close();
  }
  return { browser, weft: measured[0]!, pyodide: measured[1]! };
}

const NONE: Transfer = { gzip: 0, brotli: 0 };

/** Milliseconds from the navigation to Python's first line. */
async function firstOutput(context: BrowserContext, url: string): Promise<number> {
  const page = await context.newPage();
  await page.waitForTimeout(REST);
  const failed = new Promise<never>((_, reject) => {
    page.on("pageerror", (error) => {
      reject(new BenchError(`${url} failed: ${error.message}`, { cause: error }));
    });
  });
  failed.catch(() => undefined);
  // The page tells by itself: asked by the driver, it would first read the driver's script, which took 28 ms of its thread.
  const output = page.waitForEvent("console", { predicate: (message) => message.text().startsWith(MARK), timeout: DEADLINE });
  output.catch(() => undefined);
  await page.goto(url, { timeout: DEADLINE });
  const said = await Promise.race([output, failed]);
  await page.waitForTimeout(STAY);
  return Number(said.text().slice(MARK.length));
}
