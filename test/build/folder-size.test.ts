import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderSize } from "../../src/build/folder-size.js";
import { temporaryFolder } from "./fixture.js";

/** Makes and removes a folder with files again and again, as a build does at its end; says when it has begun. */
const CHURN = `
const { mkdirSync, rmSync, writeFileSync } = require("node:fs");
process.on("disconnect", () => process.exit());
for (let i = 0; i < 10; i++) turn();
process.send("begun");
(function again() { for (let i = 0; i < 50; i++) turn(); setImmediate(again); })();
function turn() {
  mkdirSync(process.argv[1] + "/a/b", { recursive: true });
  for (let i = 0; i < 20; i++) writeFileSync(process.argv[1] + "/a/b/" + i, "x");
  rmSync(process.argv[1] + "/a", { recursive: true });
}`;

test("a folder's size is that of its files, without what links lead to", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "a/b"), { recursive: true });
  writeFileSync(join(folder, "a/b/large"), Buffer.alloc(1500));
  writeFileSync(join(folder, "small"), Buffer.alloc(60));
  const without = folderSize(folder);
  expect(without).toBe(1560);
  const link = "a";
  symlinkSync(link, join(folder, "again"));
  expect(folderSize(folder)).toBe(without + link.length);
});

test("a folder's size is found while a build adds and removes files", async () => {
  const folder = temporaryFolder();
  const build = spawn(process.execPath, ["-e", CHURN, folder], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    await once(build, "message");
    // Until the build was seen in the middle of its work often. Nothing else could end this loop.
    const deadline = Date.now() + 60_000;
    let seen = 0;
    for (; seen < 100 && Date.now() < deadline; seen += readdirSync(folder).length) {
      expect(folderSize(folder)).toBeLessThanOrEqual(20);
    }
    expect(seen).toBeGreaterThanOrEqual(100);
  } finally {
    build.disconnect();
    await once(build, "exit");
  }
});
