// Runs wasm-smoke.c: node --import wasm-smoke-host.mjs wasm-smoke.mjs MODULE FOLDER ZIP
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [moduleFile, folder, zipFile] = process.argv.slice(2);
const { default: create } = await import(pathToFileURL(moduleFile).href);
const module = await create({ noExitRuntime: true, onExit: (status) => process.exit(status) });
const put = (data) => {
  const address = module._malloc(data.length);
  new Uint8Array(module.wasmMemory.buffer).set(data, address);
  return address;
};
const text = (value) => put(new TextEncoder().encode(`${value}\0`));
const check = (result, what) => {
  if (result < 0) {
    throw new Error(`${what}: errno ${-result}`);
  }
};
const zip = readFileSync(zipFile);
check(module._weft_archive_mount(text("/usr/lib/archive"), put(zip), zip.length), "archive");
check(module._weft_host_mount(text("/host"), text(folder), 0), "folder");
for (const fd of [0, 1, 2]) {
  check(module._weft_stdio_configure(fd, 2), "stdio");
}
module._weft_smoke_start();
setTimeout(() => {
  const line = new TextEncoder().encode("from the host\n");
  module._weft_stdin_push(put(line), line.length);
  module._weft_stdin_close();
}, 50);
setTimeout(() => {
  console.error("wasm smoke: no end after 50 s");
  process.exit(1);
}, 50_000);
