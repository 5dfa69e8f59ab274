import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Cache, cacheFolder } from "../../src/build/cache.js";
import { ensure, type CachedStage } from "../../src/build/ensure.js";
import { temporaryFolder, testContext } from "./fixture.js";

function entryWith(cache: Cache, text: string): string {
  const folder = cache.temporary("stage");
  mkdirSync(join(folder, "lib"));
  writeFileSync(join(folder, "lib/file"), text);
  return cache.commit("stage", "key", folder, "hashes", { fact: text }).folder;
}

function stage(make: (folder: string) => Promise<void>): CachedStage<undefined> {
  return {
    name: "stage",
    key: "key",
    what: "making",
    check: "hashes",
    needs: async () => undefined,
    make: async (folder) => {
      await make(folder);
      return {};
    },
  };
}

describe("Cache", () => {
  test("finds what was committed, with its facts", () => {
    const cache = new Cache(temporaryFolder());
    const folder = entryWith(cache, "content");
    expect(cache.find("stage", "key", () => undefined)).toEqual({ folder, facts: { fact: "content" } });
    expect(cache.find("stage", "other", () => undefined)).toBeUndefined();
  });

  for (const [name, damage, problem] of [
    ["changed content of the same size", (folder: string) => writeFileSync(join(folder, "lib/file"), "cOntent"), "the content of lib/file has changed"],
    ["a truncated file", (folder: string) => truncateSync(join(folder, "lib/file"), 3), "lib/file has 3 bytes instead of 7"],
    ["a missing file", (folder: string) => rmSync(join(folder, "lib/file")), "lib/file is missing"],
    ["a missing record", (folder: string) => rmSync(join(folder, ".weft-entry.json")), "its record is missing or unreadable"],
  ] as const) {
    test(`detects ${name} and removes the entry`, () => {
      const cache = new Cache(temporaryFolder());
      const folder = entryWith(cache, "content");
      damage(folder);
      const problems: string[] = [];
      expect(cache.find("stage", "key", (text) => problems.push(text))).toBeUndefined();
      expect(problems).toEqual([problem]);
      expect(existsSync(folder)).toBe(false);
    });
  }

  test("keeps the first of two commits of the same entry", () => {
    const cache = new Cache(temporaryFolder());
    const [first, second] = [cache.temporary("stage"), cache.temporary("stage")];
    writeFileSync(join(first, "file"), "first");
    writeFileSync(join(second, "file"), "second");
    cache.commit("stage", "key", first, "hashes");
    const { folder } = cache.commit("stage", "key", second, "hashes");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("first");
    expect(cache.find("stage", "key", () => undefined)).toBeDefined();
    expect(readdirSync(join(cache.folder, "temporary"))).toEqual([]);
  });

  test("sweeps what dead processes left and nothing else", () => {
    const cache = new Cache(temporaryFolder());
    const mine = cache.temporary("mine");
    // Linux gives no process a number above 2^22.
    mkdirSync(join(cache.folder, "temporary/dead-4999999-abc"));
    cache.sweep();
    expect(readdirSync(join(cache.folder, "temporary"))).toEqual([mine.split("/").at(-1)]);
  });

  test("prunes what was used longest ago, but nothing that may be in use", () => {
    const cache = new Cache(temporaryFolder());
    for (const [key, used] of [["a", 3], ["b", 1], ["c", 2]] as const) {
      const { folder } = cache.commit("stage", key, cache.temporary("stage"), "hashes");
      utimesSync(join(folder, ".weft-entry.json"), used, used);
    }
    cache.commit("other", "a", cache.temporary("other"), "hashes");
    expect(cache.prune("stage", 1, 3000 + 60_000)).toBe(0);
    expect(cache.find("stage", "b", () => undefined)).toBeDefined();
    expect(cache.prune("stage", 2)).toBe(1);
    expect(readdirSync(cache.folder).filter((name) => /-[abc]$/.test(name)).sort()).toEqual(["other-a", "stage-a", "stage-b"]);
  });

  test("is where WEFT_CACHE, XDG_CACHE_HOME or the home folder say", () => {
    expect(cacheFolder({ WEFT_CACHE: "/a", XDG_CACHE_HOME: "/b" })).toBe("/a");
    expect(cacheFolder({ XDG_CACHE_HOME: "/b" })).toBe("/b/weft");
    expect(cacheFolder({})).toMatch(/\/\.cache\/weft$/);
    expect(() => cacheFolder({ WEFT_CACHE: "relative" })).toThrow("absolute");
  });
});

describe("ensure", () => {
  test("makes a stage once and finds it afterwards", async () => {
    const { context } = testContext();
    let made = 0;
    const once = stage(async () => void made++);
    const first = await ensure(context, once);
    expect(await ensure(context, once)).toEqual(first);
    expect(made).toBe(1);
  });

  test("makes a damaged stage again and says so", async () => {
    const { context, said } = testContext();
    const twice = stage(async (folder) => writeFileSync(join(folder, "file"), "content"));
    const { folder } = await ensure(context, twice);
    writeFileSync(join(folder, "file"), "damaged");
    await ensure(context, twice);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("content");
    expect(said.join("")).toContain("damaged in the cache and made again: the content of file has changed");
  });

  test("of two at a time makes one; the other waits for it", async () => {
    const { context, said } = testContext();
    let running = 0;
    let made = 0;
    const slow = stage(async () => {
      expect(++running).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 300));
      running--;
      made++;
    });
    const [a, b] = await Promise.all([ensure(context, slow), ensure(context, slow)]);
    expect(a).toEqual(b);
    expect(made).toBe(1);
    expect(said.join("")).toContain(`waits for process ${process.pid}`);
  });

  test("leaves nothing behind when a stage fails, and can be tried again", async () => {
    const { context } = testContext();
    await expect(ensure(context, stage(async (folder) => {
      writeFileSync(join(folder, "half"), "");
      throw new Error("no luck");
    }))).rejects.toThrow("no luck");
    expect(readdirSync(context.cache.folder).filter((name) => name.startsWith("stage"))).toEqual([]);
    expect(readdirSync(join(context.cache.folder, "temporary"))).toEqual([]);
    await ensure(context, stage(async () => undefined));
  });

  test("does not keep the output of an interrupted stage", async () => {
    const abort = new AbortController();
    const { context } = testContext({ signal: abort.signal });
    await expect(ensure(context, stage(async () => abort.abort()))).rejects.toThrow();
    expect(existsSync(context.cache.path("stage", "key"))).toBe(false);
  });

  test("takes over from a process that died with the lock", async () => {
    const { context } = testContext();
    writeFileSync(join(context.cache.folder, "stage-key.lock"), "4999999");
    await ensure(context, stage(async () => undefined));
    expect(existsSync(join(context.cache.folder, "stage-key.lock"))).toBe(false);
  });
});
