import { expect, test } from "vitest";
import { FirefoxPages } from "../browser/firefox-pages.js";
import { Pages } from "../browser/harness.js";
import { answer, CASES, importPackage, type TestPage } from "./cases.js";
import { ISOLATION } from "../browser/server.js";
import { ON_ALL_HOSTS } from "../portable/extent.js";

const chromium = new Pages({ handle: answer });
const firefox = new FirefoxPages({ handle: answer });

/** Addresses of functions differ. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll(/ at 0x[0-9a-f]+>/g, " at 0x0>"));
}

test.each(CASES)("Chromium: $name", async ({ run, expected }) => {
  const other = await chromium.serve({ headers: ISOLATION, handle: answer });
  const result = await chromium.with(async (page) => {
    await importPackage(page as unknown as TestPage);
    return run(page as unknown as TestPage, { own: chromium.server.url, other: other.url });
  });
  expect(plain(result)).toEqual(expected);
});

test.each(CASES.filter(({ byBrowser = false }) => byBrowser || ON_ALL_HOSTS))("Firefox: $name", async ({ run, expected }) => {
  const other = await chromium.serve({ headers: ISOLATION, handle: answer });
  const result = await firefox.with(async (page) => {
    await importPackage(page as unknown as TestPage);
    return run(page as unknown as TestPage, { own: firefox.server.url, other: other.url });
  });
  expect(plain(result)).toEqual(expected);
});
