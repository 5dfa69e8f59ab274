import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { sharedWeft } from "../python/harness.js";
import { makeWheel } from "../python/wheels.js";
import { Pages } from "./harness.js";

const contents: Record<string, { body: string | Uint8Array }> = {};
const pages = new Pages({ contents });
const maker = sharedWeft();

beforeAll(async () => {
  const { name, data } = await makeWheel(maker.weft, { name: "in_page", version: "1.0", files: { "in_page.py": "value = 6" } });
  const hash = createHash("sha256").update(data).digest("hex");
  contents[`/packages/${name}`] = { body: data };
  contents["/packages/pylock.toml"] = {
    body: `lock-version = "1.0"\n[[packages]]\nname = "in-page"\nversion = "1.0"\nwheels = [{ path = "${name}", hashes = { sha256 = "${hash}" } }]`,
  };
});

test("a page installs what a lock file beside it names, and finds it again in a folder that stays", async () => {
  const result = await pages.run(async () => {
    const said: unknown[] = [];
    for (const code of ["import in_page", "import weft.packages, in_page"]) {
      const weft = await weftPython.loadWeft({ persist: "/home/weft" });
      if (said.length === 0) {
        said.push(await weft.install("packages/pylock.toml"));
      }
      await weft.run(code);
      said.push(await weft.eval("in_page.value"));
      await weft.terminate();
    }
    return said;
  });
  expect(result).toEqual([[{ name: "in_page", version: "1.0" }], 6, 6]);
});

test("a wheel that is not there, and one that somebody chose", async () => {
  const result = await pages.run(async () => {
    const weft = await weftPython.loadWeft();
    const refusal = await weft.install("packages/absent-1.0-py3-none-any.whl").then(String, (error: unknown) => (error as Error).message);
    const name = "in_page-1.0-py3-none-any.whl";
    const file = new File([await (await fetch(`packages/${name}`)).blob()], name);
    const installed = await weft.install({ name: file.name, data: new Uint8Array(await file.arrayBuffer()) });
    await weft.terminate();
    return { refusal, installed };
  });
  expect(result.refusal).toMatch(/packages\/absent-1\.0-py3-none-any\.whl could not be read: the server answered 404/);
  expect(result.installed).toEqual([{ name: "in_page", version: "1.0" }]);
});
