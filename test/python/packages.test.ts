import { describe, expect, test } from "vitest";
import { sharedWeft } from "./harness.js";
import { makeWheel, refusalOf, versions, type WheelParts } from "./wheels.js";

const shared = sharedWeft();

describe("a wheel", () => {
  test("is importable by all threads, and known to importlib.metadata", async () => {
    const wheel = await makeWheel(shared.weft, {
      name: "First_Package",
      version: "1.5",
      files: { "first/__init__.py": "from first.deep import value", "first/deep.py": "value = 42", "first/data.txt": "text" },
      metadata: ["Requires-Dist: absent_one >= 2", "Requires-Dist: other; sys_platform == 'win32'", "Requires-Dist: extra_one; extra == 'more'"],
    });
    expect(await shared.weft.install(wheel)).toEqual([{ name: "First_Package", version: "1.5" }]);
    await shared.weft.run(`
import threading
found = []
def use():
    import first, importlib.resources
    found.append((first.value, importlib.resources.files(first).joinpath("data.txt").read_text()))
threads = [threading.Thread(target=use) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`);
    expect(await shared.weft.eval("found")).toEqual(Array.from({ length: 4 }, () => [42, "text"]));
    expect((await versions(shared.weft))["First_Package"]).toBe("1.5");
    expect(await shared.weft.eval("__import__('weft.packages').packages.missing()")).toEqual(["First_Package 1.5 needs absent_one>=2"]);
  });

  test("takes the place of an earlier version, whose files are gone", async () => {
    await shared.weft.install(await makeWheel(shared.weft, { name: "changing", version: "1.0", files: { "changing/__init__.py": "", "changing/old/__init__.py": "", "changing/same.py": "version = 1" } }));
    await shared.weft.run("import changing.old, changing.same");
    await shared.weft.install(await makeWheel(shared.weft, { name: "changing", version: "2.0", files: { "changing/__init__.py": "", "changing/same.py": "version = 2" } }));
    const left = await shared.weft.eval("sorted(__import__('os').listdir(__import__('os').path.dirname(changing.__file__)))");
    expect(left).toEqual(["__init__.py", ...((left as string[]).includes("__pycache__") ? ["__pycache__"] : []), "same.py"]);
    expect((await versions(shared.weft))["changing"]).toBe("2.0");
    expect(await shared.weft.eval("(__import__('importlib').reload(changing.same)).version")).toBe(2);
  });

  test("may be a module where the earlier version was a package, and the other way round, but takes no place of others", async () => {
    const as = async (version: string, file: string): Promise<unknown> => {
      await shared.weft.install(await makeWheel(shared.weft, { name: "shaped", version, files: { [file]: `version = ${version}` } }));
      return shared.weft.eval("(__import__('sys').modules.pop('shaped', None), __import__('shaped').version)[1]");
    };
    expect([await as("1.0", "shaped/__init__.py"), await as("2.0", "shaped.py"), await as("3.0", "shaped/__init__.py")]).toEqual([1, 2, 3]);
    const inTheWay = /cannot be written: .* is in its place, which is not the earlier version's/;
    expect(await refusalOf(shared.weft, await makeWheel(shared.weft, { name: "other", version: "1.0", files: { shaped: "" } }))).toMatch(inTheWay);
    expect(await refusalOf(shared.weft, await makeWheel(shared.weft, { name: "other", version: "1.0", files: { "shaped/__init__.py/x.py": "" } }))).toMatch(inTheWay);
  });

  test("shares a namespace with another one", async () => {
    await shared.weft.install([
      await makeWheel(shared.weft, { name: "space.one", version: "1.0", files: { "space/one.py": "value = 1" } }),
      await makeWheel(shared.weft, { name: "space.two", version: "1.0", files: { "space/two.py": "value = 2" } }),
    ]);
    expect(await shared.weft.eval("[__import__('space.one').one.value, __import__('space.two').two.value]")).toEqual([1, 2]);
  });

  test("brings scripts, data and path files to where they belong", async () => {
    await shared.weft.install(
      await makeWheel(shared.weft, {
        name: "placed",
        version: "1.0",
        files: { "placed-1.0.data/purelib/placed.py": "value = 3", "placed-1.0.data/scripts/placed-it": "#!python\n", "placed-1.0.data/data/share/placed.txt": "text", "placed.pth": "import sys; sys.placed = True\n" },
      }),
    );
    expect(await shared.weft.eval("__import__('placed').value")).toBe(3);
    expect(await shared.weft.eval("__import__('sys').placed")).toBe(true);
    expect(await shared.weft.eval("__import__('os').access(__import__('os').path.expanduser('~/.local/bin/placed-it'), 1)")).toBe(true);
    expect(await shared.weft.eval("open(__import__('os').path.expanduser('~/.local/share/placed.txt')).read()")).toBe("text");
    await shared.weft.install(await makeWheel(shared.weft, { name: "placed", version: "2.0" }));
    expect(await shared.weft.eval("__import__('os').path.exists(__import__('os').path.expanduser('~/.local/share/placed.txt'))")).toBe(false);
  });

  test("by several threads at once, also the same one", async () => {
    const wheels = await Promise.all(Array.from({ length: 4 }, (_, i) => makeWheel(shared.weft, { name: `at_once${i}`, version: "1.0", files: { "at_once/__init__.py": "", [`at_once/part${i}.py`]: `value = ${i}` } })));
    const paths = wheels.map(({ name, data }) => ({ name, data: Array.from(data) }));
    await shared.weft.run("names = []");
    for (const { name, data } of paths) {
      await shared.weft.globals.set("data", new Uint8Array(data));
      await shared.weft.run(`name = ${JSON.stringify(`/tmp/${name}`)}\nopen(name, 'wb').write(data)\nnames.append(name)`);
    }
    await shared.weft.run(`
import threading
from weft import packages
errors = []
def add():
    try:
        for name in names:
            packages.install(name)
    except BaseException as error:
        errors.append(repr(error))
threads = [threading.Thread(target=add) for _ in range(6)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`);
    expect(await shared.weft.eval("errors")).toEqual([]);
    expect(await shared.weft.eval("[__import__(f'at_once.part{i}', fromlist=['value']).value for i in range(4)]")).toEqual([0, 1, 2, 3]);
  });
});

describe("is refused, and nothing of it or of others is installed:", () => {
  const good: WheelParts = { name: "refused", version: "1.0", files: { "refused.py": "" } };
  const cases: [what: string, parts: Partial<WheelParts>, message: RegExp][] = [
    ["native code", { tag: "cp313-cp313t-manylinux_2_28_x86_64" }, /native code for the ABI cp313t on manylinux_2_28_x86_64.*none-any/],
    ["another Python", { tag: "py2-none-any" }, /is for another Python \(py2\), this is 3\.13/],
    ["a later Python", { metadata: ["Requires-Python: >=3.99"] }, /is for Python >=3\.99, this is 3\.13/],
    ["a changed file", { tamper: { "refused.py": "import evil" } }, /refused\.py in .* is not what its RECORD says/],
    ["a file that is not listed", { unlisted: { "more.py": "" } }, /contains more\.py, for which its RECORD has no hash/],
    ["a path that leads out", { files: { "../../outside.py": "" } }, /path '\.\.\/\.\.\/outside\.py'/],
    ["an absolute path", { files: { "/outside.py": "" } }, /path '\/outside\.py'/],
    ["another package inside", { inside: "other" }, /contains another package/],
    ["a format of the future", { format: "2.0" }, /wheel format 2\.0/],
    ["data of an unknown kind", { files: { "refused-1.0.data/odd/x": "" } }, /no place is known/],
  ];
  test.each(cases)("%s", async (_, parts, message) => {
    expect(await refusalOf(shared.weft, await makeWheel(shared.weft, { ...good, ...parts }))).toMatch(message);
  });

  test("what is no wheel", async () => {
    const wheel = await makeWheel(shared.weft, good);
    expect(await refusalOf(shared.weft, { ...wheel, data: wheel.data.subarray(0, wheel.data.length / 2) })).toMatch(/is damaged/);
    expect(await refusalOf(shared.weft, { ...wheel, name: "refused-2.0-py3-none-any.whl" })).toMatch(/contains another package: refused 1\.0/);
    expect(await refusalOf(shared.weft, { ...wheel, name: "refused.whl" })).toMatch(/is no wheel's name/);
    expect(await refusalOf(shared.weft, { ...wheel, name: "refused-1.0.zip" })).toMatch(/is no wheel's name/);
  });
});
