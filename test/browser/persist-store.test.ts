import { expect, test } from "vitest";
import { errno } from "../../src/abi/errno.js";
import { CONSTANTS } from "../../src/abi/layout.js";
import { Channel, CAPACITY } from "../../src/hosts/browser/persist/channel.js";
import { FsError } from "../../src/hosts/browser/persist/records.js";
import { Store } from "../../src/hosts/browser/persist/store.js";
import { FakeDisk } from "./fake-opfs.js";

const { O_CREAT, O_EXCL } = CONSTANTS;
const RDWR = 2;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function write(store: Store, path: readonly string[], text: string): Promise<void> {
  const file = await store.openFile(path, RDWR | O_CREAT, 0o644);
  store.resize(file, 0);
  store.write(file, bytes(text), 0);
  await store.closeFile(file);
}

async function read(store: Store, path: readonly string[]): Promise<string> {
  const file = await store.openFile(path, 0, 0);
  const { size } = await store.statFile(file);
  const data = new Uint8Array(size);
  expect(store.read(file, data, 0)).toBe(size);
  await store.closeFile(file);
  return new TextDecoder().decode(data);
}

async function failure(call: () => unknown): Promise<number> {
  try {
    await call();
  } catch (error) {
    if (error instanceof FsError) {
      return error.errno;
    }
    throw error;
  }
  return 0;
}

/** Everything below a directory, with the contents of files. */
async function describeTree(store: Store, path: readonly string[] = []): Promise<unknown> {
  const found: Record<string, unknown> = {};
  for (const { name } of store.list(path)) {
    const stat = await store.stat([...path, name]);
    const type = stat.mode & 0o170000;
    found[name] =
      type === 0o040000 ? await describeTree(store, [...path, name]) : type === 0o120000 ? `-> ${store.linkTarget([...path, name])}` : [stat.mode & 0o777, stat.links, await read(store, [...path, name])];
  }
  return found;
}

test("what was made is there when the folder is opened again", async () => {
  const disk = new FakeDisk();
  const store = await Store.open(disk.root);
  store.makeDirectory(["d"], 0o755);
  store.makeDirectory(["d", "e"], 0o700);
  await write(store, ["d", "e", "ä"], "one");
  await write(store, ["b"], "two");
  store.link(["b"], ["d", "b2"]);
  store.makeLink(["l"], "d/e");
  store.changeMode(["b"], 0o600);
  store.changeTimes(["b"], 1000, 2000);
  await store.rename(["d", "e"], ["moved"]);
  await write(store, ["gone"], "x");
  await store.unlink(["gone"]);
  const before = await describeTree(store);
  expect(before).toEqual({ d: { b2: [0o600, 2, "two"] }, b: [0o600, 2, "two"], l: "-> d/e", moved: { ä: [0o644, 1, "one"] } });
  disk.crash();
  const again = await Store.open(disk.root);
  expect(await describeTree(again)).toEqual(before);
  expect(await again.stat(["b"])).toMatchObject({ atime: 1000, mtime: 2000, links: 2 });
  // Contents of files that are gone do not stay.
  expect(disk.names("contents")).toHaveLength(2);
});

test("operations fail as POSIX says", async () => {
  const store = await Store.open(new FakeDisk().root);
  store.makeDirectory(["d"], 0o755);
  await write(store, ["d", "f"], "x");
  await write(store, ["g"], "y");
  expect(await failure(() => store.openFile(["none"], 0, 0))).toBe(errno.ENOENT);
  expect(await failure(() => store.openFile(["g", "x"], 0, 0))).toBe(errno.ENOTDIR);
  expect(await failure(() => store.openFile(["g"], RDWR | O_CREAT | O_EXCL, 0))).toBe(errno.EEXIST);
  expect(await failure(() => store.openFile(["d"], 0, 0))).toBe(errno.EISDIR);
  expect(await failure(() => { store.removeDirectory(["d"]); })).toBe(errno.ENOTEMPTY);
  expect(await failure(() => { store.removeDirectory(["g"]); })).toBe(errno.ENOTDIR);
  expect(await failure(() => store.unlink(["d"]))).toBe(errno.EISDIR);
  expect(await failure(() => store.rename(["d"], ["d", "inside"]))).toBe(errno.EINVAL);
  expect(await failure(() => store.rename(["d"], ["g"]))).toBe(errno.ENOTDIR);
  expect(await failure(() => store.rename(["g"], ["d"]))).toBe(errno.EISDIR);
  expect(await failure(() => { store.link(["d"], ["e"]); })).toBe(errno.EPERM);
  expect(await failure(() => { store.makeDirectory(["n".repeat(256)], 0o755); })).toBe(errno.ENAMETOOLONG);
  store.changeMode(["g"], 0o400);
  expect(await failure(() => store.openFile(["g"], RDWR, 0))).toBe(errno.EACCES);
  store.changeMode(["d"], 0o500);
  expect(await failure(() => store.unlink(["d", "f"]))).toBe(errno.EACCES);
  expect(await failure(() => { store.read(77, new Uint8Array(1), 0); })).toBe(errno.EBADF);
});

test("a file that is open when it loses its name stays until it is closed, or the browser ends", async () => {
  const disk = new FakeDisk();
  const store = await Store.open(disk.root);
  await write(store, ["a"], "old");
  await write(store, ["b"], "new");
  const file = await store.openFile(["a"], RDWR, 0);
  await store.rename(["b"], ["a"]);
  const data = new Uint8Array(3);
  store.read(file, data, 0);
  expect(new TextDecoder().decode(data)).toBe("old");
  expect(await read(store, ["a"])).toBe("new");
  expect((await store.statFile(file)).links).toBe(0);
  await store.closeFile(file);
  expect(disk.names("contents")).toHaveLength(1);
  await store.openFile(["a"], RDWR, 0);
  await store.unlink(["a"]);
  expect(disk.names("contents")).toHaveLength(1);
  disk.crash();
  const again = await Store.open(disk.root);
  expect(again.list([])).toEqual([]);
  expect(disk.names("contents")).toEqual([]);
});

/** What a program does that saves: a new file under another name, then renamed over the old one. */
async function save(store: Store, text: string): Promise<void> {
  await write(store, ["data.tmp"], text);
  await store.rename(["data.tmp"], ["data"]);
}

test("ended at any moment, the folder has the state before or after each change, and a saved file is old or new", async () => {
  // Counts what there is to interrupt.
  const whole = new FakeDisk();
  const first = await Store.open(whole.root);
  await save(first, "old contents");
  const begin = whole.written;
  await save(first, "new");
  const end = whole.written;
  expect(end).toBeGreaterThan(begin);
  for (let budget = begin; budget <= end; budget++) {
    const disk = new FakeDisk();
    const store = await Store.open(disk.root);
    await save(store, "old contents");
    expect(disk.written).toBe(begin);
    disk.endAfter(budget);
    await save(store, "new").catch(() => undefined);
    disk.crash();
    const again = await Store.open(disk.root);
    const text = await read(again, ["data"]);
    expect(["old contents", "new"]).toContain(text);
    expect(text).toBe(budget === end ? "new" : text);
    // It goes on from there.
    await save(again, "after");
    expect(await read(again, ["data"])).toBe("after");
  }
});

/** Leaves a file, and a journal of which little else is true any more. */
async function outdate(disk: FakeDisk): Promise<void> {
  const store = await Store.open(disk.root);
  await write(store, ["kept"], "kept");
  for (let i = 0; i < 1200; i++) {
    store.makeDirectory([`d${i}`], 0o755);
    store.removeDirectory([`d${i}`]);
  }
  disk.crash();
}

test("a journal that is mostly outdated is written anew; ended meanwhile, the old one counts", async () => {
  const whole = new FakeDisk();
  await outdate(whole);
  const large = whole.size("journal-a") + whole.size("journal-b");
  const begin = whole.written;
  await Store.open(whole.root);
  expect(whole.size("journal-a") + whole.size("journal-b")).toBeLessThan(large / 10);
  const end = whole.written;
  expect(end).toBeGreaterThan(begin);
  for (let budget = begin; budget < end; budget += 41) {
    const disk = new FakeDisk();
    await outdate(disk);
    disk.endAfter(budget);
    await Store.open(disk.root).catch(() => undefined);
    disk.crash();
    const again = await Store.open(disk.root);
    expect(again.list([]).map(({ name }) => name)).toEqual(["kept"]);
    expect(await read(again, ["kept"])).toBe("kept");
  }
});

test("a journal that is mostly outdated is read also where there is no room for a new one", async () => {
  const disk = new FakeDisk();
  await outdate(disk);
  disk.fullAfter(disk.written);
  const again = await Store.open(disk.root);
  expect(await read(again, ["kept"])).toBe("kept");
  disk.crash();
  disk.fullAfter(Infinity);
  expect(await read(await Store.open(disk.root), ["kept"])).toBe("kept");
});

test("without room a change fails whole, and the next one succeeds when there is room", async () => {
  const disk = new FakeDisk();
  const store = await Store.open(disk.root);
  await write(store, ["a"], "a");
  disk.fullAfter(disk.written + 10);
  expect(() => { store.makeDirectory(["a-long-enough-name"], 0o755); }).toThrow(/quota/i);
  expect(store.list([]).map(({ name }) => name)).toEqual(["a"]);
  disk.fullAfter(Infinity);
  store.makeDirectory(["b"], 0o755);
  disk.crash();
  expect((await Store.open(disk.root)).list([]).map(({ name }) => name)).toEqual(["a", "b"]);
});

test("many files: those nobody has open are closed again, and all keep their contents", async () => {
  const disk = new FakeDisk();
  const store = await Store.open(disk.root);
  for (let i = 0; i < 200; i++) {
    await write(store, [`f${i}`], String(i));
  }
  expect(disk.open).toBeLessThan(60);
  for (let i = 0; i < 200; i++) {
    expect(await read(store, [`f${i}`])).toBe(String(i));
  }
});

test("a second owner is refused by the browser's exclusive handles", async () => {
  const disk = new FakeDisk();
  await Store.open(disk.root);
  await expect(Store.open(disk.root)).rejects.toMatchObject({ name: "NoModificationAllowedError" });
});

test("Channel: four threads ask one owner, and each gets its own answers", async () => {
  const { Worker } = await import("node:worker_threads");
  const { build } = await import("esbuild");
  const bundle = await build({
    stdin: {
      contents: `
        import { workerData, parentPort } from "node:worker_threads";
        import { Channel } from "./src/hosts/browser/persist/channel.ts";
        const channel = new Channel(workerData.buffer);
        if (workerData.owner) {
          for (;;) {
            const { operation, numbers, data } = channel.receive();
            const copy = data.slice().map((byte) => byte ^ operation);
            channel.room.set(copy);
            channel.answer(numbers[0] + numbers[1], copy.length);
          }
        }
        let wrong = 0;
        for (let i = 0; i < 3000; i++) {
          const data = new Uint8Array(1 + (i % 50)).fill(workerData.id);
          const result = channel.call(3, [workerData.id, i], data, workerData.id !== 0, (_, answer) => {
            if (answer.length !== data.length || answer.some((byte) => byte !== (workerData.id ^ 3))) { wrong++; }
          });
          if (result !== workerData.id + i) { wrong++; }
        }
        parentPort.postMessage(wrong);`,
      resolveDir: process.cwd(),
    },
    bundle: true, write: false, format: "esm", platform: "node",
  });
  const url = new URL(`data:text/javascript,${encodeURIComponent(bundle.outputFiles[0]!.text)}`);
  const { buffer } = new Channel();
  expect(buffer.byteLength).toBeGreaterThan(CAPACITY);
  const owner = new Worker(url, { workerData: { buffer, owner: true } });
  try {
    const results = await Promise.all(
      [0, 1, 2, 3].map((id) => new Promise((resolve, reject) => {
        const worker = new Worker(url, { workerData: { buffer, id } });
        worker.once("message", resolve);
        worker.once("error", reject);
      })),
    );
    expect(results).toEqual([0, 0, 0, 0]);
  } finally {
    await owner.terminate();
  }
}, 60_000);
