import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedWeft } from "../python/harness.js";
import { api } from "../python/package.js";
import { makeWheel, refusalOf } from "../python/wheels.js";

const shared = sharedWeft({ network: true });
const folder = mkdtempSync(join(tmpdir(), "weft-packages-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Writes a file below the tests' folder; its path. */
function put(path: string, data: Uint8Array | string): string {
  const target = join(folder, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, data);
  return target;
}

describe("a wheel's file", () => {
  test("another file than its hash says", async () => {
    const { name, data } = await makeWheel(shared.weft, { name: "hashed", version: "1.0" });
    const path = put(name, data);
    expect(await refusalOf(shared.weft, `${pathToFileURL(path)}#sha256=${"0".repeat(64)}`)).toMatch(/has the sha256 hash [0-9a-f]{64} instead of 0000/);
    expect(await shared.weft.install(`${pathToFileURL(path)}#sha256=${sha256(data)}`)).toEqual([{ name: "hashed", version: "1.0" }]);
  });

  test("a hash that nobody may rely on", async () => {
    expect(await refusalOf(shared.weft, `https://example.org/hashed-1.0-py3-none-any.whl#md5=00`)).toMatch(/ends in #md5=00, which is no hash that could be checked/);
  });

  test("a file that is not there", async () => {
    expect(await refusalOf(shared.weft, join(folder, "absent-1.0-py3-none-any.whl"))).toMatch(/ENOENT.*absent-1\.0/);
  });
});

describe("a lock file", () => {
  let hash = "";
  beforeAll(async () => {
    for (const name of ["locked_one", "locked_two"]) {
      const { data } = await makeWheel(shared.weft, { name, version: "1.0", files: { [`${name}.py`]: "" } });
      put(`locks/wheels/${name}-1.0-py3-none-any.whl`, data);
      hash = sha256(data);
    }
  });

  function lock(name: string, text: string): string {
    return put(`locks/${name}.toml`, `lock-version = "1.0"\ncreated-by = "test"\n${text}`);
  }
  /** An entry; the hash is that of locked_two. */
  const entry = (name: string, more = "", wheel = `{ path = "wheels/${name}-1.0-py3-none-any.whl", hashes = { sha256 = "${hash}" } }`): string =>
    `[[packages]]\nname = "${name.replace("_", "-")}"\nversion = "1.0"\n${more}\nwheels = [${wheel}]\n`;

  test("installs what this environment needs, by hash", async () => {
    const path = lock("good", `requires-python = ">=3.9"\nenvironments = ["sys_platform == 'emscripten'", "sys_platform == 'linux'"]\n${entry("locked_two")}${entry("absent", "marker = \"sys_platform == 'win32'\"")}`);
    expect(await shared.weft.install(path)).toEqual([{ name: "locked_two", version: "1.0" }]);
    expect(await shared.weft.eval("__import__('locked_two').__name__")).toBe("locked_two");
  });

  test.each([
    ["wrong hash", () => entry("locked_one"), /locked_one-1\.0-py3-none-any\.whl has the sha256 hash/],
    ["no hash", () => entry("locked_two", "", '{ path = "wheels/locked_two-1.0-py3-none-any.whl" }'), /has no hash for locked_two/],
    ["native only", () => entry("numpy", "", '{ url = "https://example.org/numpy-2.1.0-cp313-cp313t-win_amd64.whl", hashes = { sha256 = "00" } }'), /numpy 1\.0 .*no wheel of pure Python.*ABI cp313t on win_amd64/],
    ["sources only", () => '[[packages]]\nname = "src"\nversion = "2.0"\nsdist = { url = "https://example.org/src-2.0.tar.gz", hashes = { sha256 = "00" } }\n', /src 2\.0 .*only sources/],
    ["other environments", () => `environments = ["sys_platform == 'win32'"]\n${entry("locked_two")}`, /is for other environments: sys_platform == 'win32'/],
    ["another Python", () => `requires-python = ">=3.99"\n${entry("locked_two")}`, /is for Python >=3\.99/],
    ["twice", () => entry("locked_two") + entry("locked_two"), /has locked-two twice/],
    ["no TOML", () => "?", /is no TOML/],
    ["no name", () => '[[packages]]\nversion = "1.0"', /no lock file that is understood .*KeyError\('name'\)/],
    ["a marker that is none", () => entry("locked_two", 'marker = "?"'), /no lock file that is understood .*InvalidMarker/],
    ["packages that are none", () => "packages = 3", /no lock file that is understood .*TypeError/],
  ])("refuses: %s", async (what, text, message) => {
    expect(await refusalOf(shared.weft, lock(what.replaceAll(" ", "-"), text()))).toMatch(message);
  });

  test("that has another hash is refused", async () => {
    expect(await refusalOf(shared.weft, `${pathToFileURL(lock("hashed", entry("locked_two")))}#sha256=${"0".repeat(64)}`)).toMatch(/hashed\.toml has the sha256 hash/);
  });

  test("of another format is refused", async () => {
    expect(await refusalOf(shared.weft, put("locks/later.toml", 'lock-version = "2.0"\npackages = []'))).toMatch(/no lock file that is understood .*lock-version is 2\.0/);
    expect(await refusalOf(shared.weft, put("locks/project.toml", '[project]\nname = "x"'))).toMatch(/lock-version is missing/);
  });
});

describe("over the network", () => {
  const served = new Map<string, Uint8Array | string>();
  // What is not there: one address that never answers, and those that do not exist.
  const server = createServer(({ url = "" }, response) => {
    const data = served.get(url);
    if (data !== undefined) {
      response.end(data);
    } else if (!url.startsWith("/never")) {
      response.writeHead(404).end();
    }
  });
  let origin = "";
  beforeAll(async () => {
    const { name, data } = await makeWheel(shared.weft, { name: "served", version: "1.0", files: { "served.py": "value = 5" } });
    served.set(`/${name}`, data);
    served.set("/pylock.toml", `lock-version = "1.0"\n[[packages]]\nname = "served"\nversion = "1.0"\nwheels = [{ url = "${name}", hashes = { sha256 = "${sha256(data)}" } }]`);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test("by the host", async () => {
    expect(await shared.weft.install(`${origin}/pylock.toml`)).toEqual([{ name: "served", version: "1.0" }]);
    expect(await shared.weft.eval("__import__('served').value")).toBe(5);
    expect(await refusalOf(shared.weft, `${origin}/absent-1.0-py3-none-any.whl`)).toMatch(new RegExp(`${origin}/absent.* could not be read: the server answered 404 Not Found`));
    expect(await refusalOf(shared.weft, "http://127.0.0.1:1/absent-1.0-py3-none-any.whl")).toMatch(/http:\/\/127\.0\.0\.1:1\/absent.* could not be read: fetch failed/);
  });

  test("with a signal that gives up", async () => {
    const abort = new AbortController();
    const installing = shared.weft.install(`${origin}/never-1.0-py3-none-any.whl`, { signal: abort.signal });
    abort.abort(new Error("given up"));
    await expect(installing).rejects.toThrow("given up");
    await expect(shared.weft.install(`${origin}/pylock.toml`, { signal: abort.signal })).rejects.toThrow("given up");
  });

  test("by Python, where it may use the network", async () => {
    const code = `from weft import packages; names = [one.name for one in packages.install(${JSON.stringify(`${origin}/pylock.toml`)})]`;
    await shared.weft.run(code);
    expect(await shared.weft.eval("names")).toEqual(["served"]);
    await expect(shared.weft.run(code.replace("pylock", "absent"))).rejects.toThrow(/absent\.toml could not be read: .*404/);
    const other = await api.loadWeft();
    try {
      await expect(other.run(code)).rejects.toThrow(/could not be read: .*network: true/);
    } finally {
      await other.terminate();
    }
  });
});

test("the error for a module that is missing names its file of native code, where there is one", async () => {
  put("native/fast/__init__.py", "");
  const inside = put("native/fast/_speed.cpython-313-x86_64-linux-gnu.so", "");
  put("native/_top.pyd", "");
  const weft = await api.loadWeft({ mounts: [{ host: join(folder, "native"), guest: "/native", readOnly: true }], env: { PYTHONPATH: "/native" } });
  try {
    await expect(weft.run("import fast._speed")).rejects.toThrow(
      `No module named 'fast._speed': /native/fast/${basename(inside)} has native code, which cannot be loaded here`,
    );
    await expect(weft.run("from fast import _speed")).rejects.toThrow(/has native code/);
    await expect(weft.run("from fast import absent")).rejects.toThrow(/cannot import name 'absent' from 'fast'/);
    await expect(weft.run("import _top")).rejects.toThrow("No module named '_top': /native/_top.pyd has native code, which cannot be loaded here");
    await expect(weft.run("import _to")).rejects.toThrow(/No module named '_to'$/m);
    // What tries and goes on without, as most packages do.
    await weft.run("try:\n    import fast._speed\nexcept ModuleNotFoundError as error:\n    name = error.name");
    expect(await weft.eval("name")).toBe("fast._speed");
  } finally {
    await weft.terminate();
  }
});
