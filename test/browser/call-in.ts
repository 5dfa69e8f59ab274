import { FirefoxPages } from "./firefox-pages.js";
import type { Pages } from "./harness.js";
import { importPackage } from "./page-package.js";

/** Calls a function in a page of either browser that has loaded the package from a server. */
export function callIn<T>(browser: Pages | FirefoxPages, call: () => Promise<T>, url: string): Promise<T> {
  if (!(browser instanceof FirefoxPages)) {
    return browser.run(call, undefined, url);
  }
  return browser.with(async (page) => {
    await importPackage(page);
    return (await page.evaluate(call)) as T;
  }, url);
}
