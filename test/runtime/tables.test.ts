import { expect, test } from "vitest";
import { damagedRuntime, run, withFolder } from "./harness.js";

test("modules find their tables, whichever thread asks for them first", async () => {
  await withFolder(
    {
      "main.py": `
import threading
from importlib import import_module

# Of each set of tables: what a module makes of them, which without them is something else or fails.
USES = [
    lambda: import_module("unicodedata").name("\\u00e9"),
    lambda: import_module("unicodedata").lookup("SNOWMAN"),
    lambda: import_module("unicodedata").normalize("NFC", "e\\u0301 \\uac00"),
    lambda: "\\u65e5\\u672c".encode("shift_jis").hex(),
    lambda: b"\\xce\\xc4\\xd7\\xd6".decode("gb18030"),
    lambda: "\\ud55c".encode("cp949").hex(),
    lambda: "\\u6c34".encode("big5").hex(),
    lambda: "\\u6c34".encode("big5hkscs").hex(),
    lambda: "\\u65e5".encode("iso2022_jp").hex(),
]
results = [None] * len(USES)
start = threading.Barrier(len(USES))

def work(i):
    start.wait()
    results[i] = USES[i]()

threads = [threading.Thread(target=work, args=(i,)) for i in range(len(USES))]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(ascii(results))`,
    },
    async (folder) => {
      const expected = ["LATIN SMALL LETTER E WITH ACUTE", "\\u2603", "\\xe9 \\uac00", "93fa967b", "\\u6587\\u5b57", "c7d1", "a4f4", "a4f4", "1b2442467c1b2842"];
      for (let i = 0; i < 3; i++) {
        expect(await run("weft", ["run", "main.py"], { cwd: folder })).toMatchObject({ stdout: `[${expected.map((one) => `'${one}'`).join(", ")}]\n`, stderr: "", status: 0 });
      }
    },
  );
});

test("tables that are not those of the build are an error of the import, and of nothing else", async () => {
  await withFolder(
    {
      "main.py": `
for module in ["unicodedata", "_codecs_jp"] * 2:
    try:
        __import__(module)
    except OSError as error:
        print(type(error).__name__, error.filename)
print("\\u00e9".upper().isalpha(), "\\u00e9".encode("latin-1"))`,
    },
    async (folder) => {
      const runtime = damagedRuntime(folder, "python313-tables.zip");
      const files = ["unicodedata", "cjkcodecs"].map((set) => `OSError /usr/lib/python3.13t/lib-dynload/${set}.tables`);
      expect(await run("weft", ["run", "main.py"], { cwd: folder, env: { WEFT_RUNTIME: runtime } })).toMatchObject({
        stdout: [...files, ...files, "True b'\\xe9'", ""].join("\n"),
        stderr: expect.stringContaining("weft: python313-tables.zip is not the file that the runtime was built with"),
        status: 0,
      });
    },
  );
});
