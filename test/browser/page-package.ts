import type * as Package from "../../src/browser.js";

/** What a page of the tests has in its global scope. */
declare global {
  /** The package, as pages import it. */
  var weftPython: typeof Package;
}

/** A page of either browser's driver. */
interface Evaluates {
  evaluate(code: string): Promise<unknown>;
}

/** Milliseconds that a page's thread has to say what it does. */
const PATIENCE = 5000;

/** Imports the package into a page, so that {@link threadsOf} finds what is loaded by it. */
export async function importPackage(page: Evaluates, url = "/dist/browser/index.js"): Promise<void> {
  // As text: the test runner rewrites imports in functions.
  await page.evaluate(`import(${JSON.stringify(url)}).then((module) => {
    globalThis.loadedWefts = [];
    const loadWeft = async (options) => {
      const weft = await module.loadWeft(options);
      loadedWefts.push(weft);
      return weft;
    };
    globalThis.weftPython = { ...module, loadWeft };
  })`);
}

/** For the report of a page that hangs: what all threads of Python do there, or that its own thread does not say. */
export async function threadsOf(page: Evaluates): Promise<string> {
  const report = `(globalThis.loadedWefts ?? []).map((weft) => (weft.threads ? weft.lifecycle + "\\n" + weftPython.reportThreads(weft.threads()) : weft.profile)).join("\\n")`;
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, `the page's own thread did not answer in ${PATIENCE / 1000} s`);
  });
  try {
    return await Promise.race([page.evaluate(report).then((said) => String(said) || "no interpreter was loaded", String), silence]);
  } finally {
    clearTimeout(timer);
  }
}
