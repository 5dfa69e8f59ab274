import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HostWeft, LoadAbortedError as AbortedError, LoadOptions } from "../../src/node.js";
import { api } from "../python/package.js";

const { loadWeft, LoadAbortedError } = api;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weft-loading-"));
  mkdirSync(join(folder, "site"));
  writeFileSync(
    join(folder, "site/sitecustomize.py"),
    "import threading\nopen('/site/reached', 'w').close()\ndef wait():\n    threading.Event().wait()\nwait()\n",
  );
  writeFileSync(join(folder, "endless.mjs"), "globalThis.weftTestReached = true;\nawait new Promise(() => undefined);\n");
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** How loading ends that is given up as soon as `when()` is true. */
async function givenUp(options: LoadOptions, when: () => boolean): Promise<AbortedError> {
  const abort = new AbortController();
  const loading = loadWeft({ ...options, signal: abort.signal });
  const ended = loading.then(
    async (weft: HostWeft) => {
      await weft.terminate();
      return "loaded";
    },
    (error: unknown) => error,
  );
  await expect.poll(when, { timeout: 30_000 }).toBe(true);
  abort.abort(new Error("enough"));
  const error = await ended;
  expect(error).toBeInstanceOf(LoadAbortedError);
  expect((error as AbortedError).cause).toBe(abort.signal.reason);
  return error as AbortedError;
}

describe("a signal gives up loading", () => {
  test("at once", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    const error = (await loadWeft({ signal }).catch((reason: unknown) => reason)) as AbortedError;
    expect(error).toBeInstanceOf(LoadAbortedError);
    expect(error.cause).toBe(signal.reason);
    expect([error.stage, error.threads, error.message]).toEqual(["files", [], "loading Python was given up (enough): the runtime's files were not read and compiled yet"]);
    // As timeouts are.
    const late = (await loadWeft({ signal: AbortSignal.timeout(0) }).catch((reason: unknown) => reason)) as AbortedError;
    expect([late.name, (late.cause as Error).name]).toEqual(["LoadAbortedError", "TimeoutError"]);
  });

  test("while Python is initialized: where it is, is said", async () => {
    const error = await givenUp(
      { mounts: [{ host: join(folder, "site"), guest: "/site", readOnly: false }], env: { PYTHONPATH: "/site" } },
      () => existsSync(join(folder, "site/reached")),
    );
    expect(error.stage).toBe("python");
    expect(error.message).toMatch(/^loading Python was given up \(enough\): Python was not initialized yet\nThread 0x[0-9a-f]+ .*\n {2}File "/);
    expect(error.message).toContain('File "/site/sitecustomize.py", line 5, in <module>');
    expect(error.threads.length).toBe(1);
  });

  test("while one of the modules is imported, which is named", async () => {
    const url = pathToFileURL(join(folder, "endless.mjs")).href;
    const error = await givenUp({ modules: [url] }, () => "weftTestReached" in globalThis);
    expect(error.stage).toBe("modules");
    expect(error.message).toContain(`a module that Python was to begin with was not imported yet: ${url}\nThread 0x`);
  });

  test("and does nothing afterwards", async () => {
    const abort = new AbortController();
    const weft = await loadWeft({ signal: abort.signal });
    abort.abort();
    expect(await weft.eval("6 * 7")).toBe(42);
    await weft.run("import threading\nthread = threading.Thread(target=int)\nthread.start()\nthread.join()");
    await weft.terminate();
  });
});
