import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { errno } from "../../src/abi/errno.js";
import { CONSTANTS } from "../../src/abi/layout.js";
import { OutputBudget } from "../../src/hosts/browser/output-budget.js";
import { CAPACITY, Channel } from "../../src/hosts/browser/persist/channel.js";
import { realmHostFor } from "../../src/hosts/browser/persist/realm-host.js";

/** The realm's functions as C calls them. */
type Host = Readonly<Record<string, (...values: number[]) => number>>;

const channel = new Channel();
const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
const bytes = new Uint8Array(memory.buffer);
let owner: Worker;
let host: Host;

beforeAll(async () => {
  const bundle = await build({
    stdin: {
      contents: `
        import { workerData } from "node:worker_threads";
        import { Channel } from "./src/hosts/browser/persist/channel.ts";
        import { serve } from "./src/hosts/browser/persist/server.ts";
        import { Store } from "./src/hosts/browser/persist/store.ts";
        import { FakeDisk } from "./test/browser/fake-opfs.ts";
        Store.open(new FakeDisk().root).then((store) => serve(store, new Channel(workerData), async () => ({ quota: 4096 * 100, usage: 4096 * 30 }), (error) => { throw error; }));`,
      resolveDir: process.cwd(),
    },
    bundle: true, write: false, format: "esm", platform: "node",
  });
  owner = new Worker(new URL(`data:text/javascript,${encodeURIComponent(bundle.outputFiles[0]!.text)}`), { workerData: channel.buffer });
  const made = realmHostFor("http://localhost/", new OutputBudget(), true, channel);
  made.bind(memory, {} as never);
  host = made as unknown as Host;
});

afterAll(async () => {
  await owner.terminate();
});

/** A C string at a place of its own. */
function text(value: string, address = 1024): number {
  bytes.set(new TextEncoder().encode(`${value}\0`), address);
  return address;
}

function stat(path: string): bigint[] {
  expect(host["fsLstat"]!(text(path), 8192)).toBe(0);
  return [...new BigInt64Array(memory.buffer, 8192, 11)];
}

const { O_CREAT, O_EXCL, O_APPEND } = CONSTANTS;

test("files, large ones in parts, and places beyond the end", () => {
  const file = host["fsOpen"]!(text("/a"), 2 | O_CREAT | O_EXCL, 0o640);
  expect(file).toBeGreaterThan(0);
  const length = 2 * CAPACITY + 1000;
  const [from, to] = [64 * 1024, 64 * 1024 + length];
  for (let i = 0; i < length; i++) {
    bytes[from + i] = (i * 7) % 251;
  }
  expect(host["fsWrite"]!(file, from, length, 10)).toBe(length);
  expect(host["fsRead"]!(file, to, length + 500, 10)).toBe(length);
  expect(Buffer.compare(bytes.slice(from, from + length), bytes.slice(to, to + length))).toBe(0);
  expect(host["fsRead"]!(file, to, 10, length + 10)).toBe(0);
  expect(host["fsFtruncate"]!(file, 5)).toBe(0);
  expect(host["fsFstat"]!(file, 8192)).toBe(0);
  expect(new BigInt64Array(memory.buffer, 8192, 11)[4]).toBe(5n);
  expect(host["fsFsync"]!(file)).toBe(0);
  expect(host["fsClose"]!(file)).toBe(0);
  expect(host["fsClose"]!(file)).toBe(-errno.EBADF);
  const appending = host["fsOpen"]!(text("/a"), 1 | O_APPEND, 0);
  expect(host["fsWrite"]!(appending, text("xyz", 2048), 3, -1)).toBe(3);
  expect(host["fsClose"]!(appending)).toBe(0);
  const [mode, links, uid, , size] = stat("/a");
  expect([mode, links, uid, size]).toEqual([0o100640n, 1n, 1000n, 8n]);
});

test("names: directories, links, renaming, times, and failures", () => {
  expect(host["fsMkdir"]!(text("/d"), 0o755)).toBe(0);
  expect(host["fsMkdir"]!(text("/d"), 0o755)).toBe(-errno.EEXIST);
  expect(host["fsSymlink"]!(text("../ä"), text("/d/link", 2048))).toBe(0);
  expect(host["fsReadlink"]!(text("/d/link"), 4096, 100)).toBe(5);
  expect(new TextDecoder().decode(bytes.slice(4096, 4101))).toBe("../ä");
  expect(host["fsReadlink"]!(text("/d/link"), 4096, 2)).toBe(2);
  expect(host["fsLink"]!(text("/a"), text("/d/b", 2048))).toBe(0);
  expect(stat("/a")[1]).toBe(2n);
  expect(host["fsRename"]!(text("/d/b"), text("/c", 2048))).toBe(0);
  expect(host["fsUnlink"]!(text("/d/b"))).toBe(-errno.ENOENT);
  expect(host["fsChmod"]!(text("/c"), 0o400)).toBe(0);
  expect([host["fsAccess"]!(text("/c"), 4), host["fsAccess"]!(text("/c"), 2)]).toEqual([0, -errno.EACCES]);
  expect(host["fsUtimes"]!(text("/c"), 5000, 0, 0, -1)).toBe(0);
  expect(stat("/c")[8]).toBe(5_000_000_000n);
  expect(host["fsChmod"]!(text("/c"), 0o600)).toBe(0);
  expect(host["fsTruncate"]!(text("/c"), 2)).toBe(0);
  expect(stat("/a")[4]).toBe(2n);
  expect(host["fsRmdir"]!(text("/d"))).toBe(-errno.ENOTEMPTY);
  bytes.set([0x2f, 0xff, 0], 1024);
  expect(host["fsMkdir"]!(1024, 0o755)).toBe(-errno.EILSEQ);
  expect(host["fsStatfs"]!(text("/"), 8192)).toBe(0);
  expect([...new Float64Array(memory.buffer, 8192, 4)]).toEqual([4096, 100, 70, 70]);
});

test("listings, of more than one answer's size too", () => {
  expect(host["fsMkdir"]!(text("/many"), 0o755)).toBe(0);
  const name = (i: number): string => `${i}-${"n".repeat(200)}`;
  const count = 1500;
  for (let i = 0; i < count; i++) {
    expect(host["fsMkdir"]!(text(`/many/${name(i)}`), 0o755)).toBe(0);
  }
  const needed = host["fsReaddir"]!(text("/many"), 64 * 1024, 100);
  expect(needed).toBeGreaterThan(CAPACITY);
  expect(host["fsReaddir"]!(text("/many"), 64 * 1024, needed)).toBe(needed);
  const names: string[] = [];
  for (let at = 64 * 1024; at < 64 * 1024 + needed;) {
    const length = bytes[at + 9]!;
    expect(bytes[at + 8]).toBe(CONSTANTS.DT_DIR);
    names.push(new TextDecoder().decode(bytes.slice(at + 10, at + 10 + length)));
    at += 10 + length;
  }
  expect(names.sort()).toEqual(Array.from({ length: count }, (_, i) => name(i)).sort());
});
