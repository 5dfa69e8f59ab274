import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { FileBytes, readWhole } from "../../src/hosts/node/file-bytes.js";
import { RuntimeFilesError } from "../../src/hosts/shared/runtime-files-error.js";

const folder = mkdtempSync(join(tmpdir(), "weft-bytes-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const path = join(folder, "file");

test("a file's bytes are there until they are given back", () => {
  const content = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  writeFileSync(path, content);
  const file = new FileBytes(path);
  expect(Buffer.compare(file.bytes, content)).toBe(0);
  file.free();
  file.free();
  expect(file.bytes.length).toBe(0);
  expect(file.bytes.buffer.byteLength).toBe(0);
});

test("their memory is used again for another file, if it is large enough", () => {
  writeFileSync(path, Buffer.alloc(100, 1));
  const first = new FileBytes(path);
  writeFileSync(path, Buffer.alloc(60, 2));
  const second = new FileBytes(path, first);
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
  expect([...second.bytes]).toEqual(Array<number>(60).fill(2));
  writeFileSync(path, Buffer.alloc(101, 3));
  const third = new FileBytes(path, second);
  expect([...third.bytes]).toEqual(Array<number>(101).fill(3));
  expect(second.bytes.length).toBe(0);
  third.free();
});

test("a module is compiled from them, and does not need them as soon as that has begun", async () => {
  // (module (func (export "seven") (result i32) i32.const 7))
  const code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f, 3, 2, 1, 0, 7, 9, 1, 5, ...Buffer.from("seven"), 0, 0, 10, 6, 1, 4, 0, 0x41, 7, 0x0b];
  writeFileSync(path, Uint8Array.from(code));
  const file = new FileBytes(path);
  const compiled = WebAssembly.compile(file.bytes);
  file.bytes.fill(0);
  file.free();
  const module = await compiled;
  expect(((await WebAssembly.instantiate(module, {})).exports["seven"] as () => number)()).toBe(7);
});

test("a file that ends too early is an error that names it", () => {
  writeFileSync(path, "short");
  const file = openSync(path, "r");
  try {
    expect(() => {
      readWhole(file, path, new Uint8Array(6));
    }).toThrow(new RuntimeFilesError(`${path} ended after 5 of 6 bytes; run "weft build --force" to build the runtime again`));
  } finally {
    closeSync(file);
  }
});
