// Writes the archive that wasm-smoke.c expects: one deflated member, and one in a folder
// of its own that is stored.
import { writeFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

function crc(data) {
  let value = 0xffffffff;
  for (const byte of data) {
    value ^= byte;
    for (let i = 0; i < 8; i++) {
      value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
    }
  }
  return (value ^ 0xffffffff) >>> 0;
}

const parts = [];
const central = [];
let offset = 0;
for (const { name, text, method } of [
  { name: "package/module.txt", text: "hello world\n", method: 8 },
  { name: "stored.bin", text: "abc".repeat(1000), method: 0 },
]) {
  const raw = Buffer.from(text);
  const data = method === 8 ? deflateRawSync(raw) : raw;
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(method, 8);
  local.writeUInt16LE(name.length, 26);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(method, 10);
  entry.writeUInt16LE((40 << 9) | (1 << 5) | 1, 14);
  entry.writeUInt32LE(crc(raw), 16);
  entry.writeUInt32LE(data.length, 20);
  entry.writeUInt32LE(raw.length, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(offset, 42);
  parts.push(local, Buffer.from(name), data);
  central.push(entry, Buffer.from(name));
  offset += 30 + name.length + data.length;
}
const directory = Buffer.concat(central);
const end = Buffer.alloc(22);
end.writeUInt32LE(0x06054b50, 0);
end.writeUInt16LE(2, 8);
end.writeUInt16LE(2, 10);
end.writeUInt32LE(directory.length, 12);
end.writeUInt32LE(offset, 16);
writeFileSync(process.argv[2], Buffer.concat([...parts, directory, end]));
