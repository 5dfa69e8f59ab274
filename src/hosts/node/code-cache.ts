import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cachedDataVersionTag, setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";
import * as zlib from "node:zlib";
import { CODE_FOLDER } from "../../abi/runtime-files.js";
import { given, IS_NODE } from "./engine.js";
import { FileBytes } from "./file-bytes.js";

/**
 * The engine's machine code of a runtime's module, kept beside it. Node keeps none by itself, but its V8 has what it takes, for V8's own
 * tests. A file of code is trusted as the module is: whoever may write the one may write the other.
 *
 * A file begins with a header: the module's SHA-256, and CRC-32s of the module and of what follows, little-endian, which find damage in a
 * fifth of the time. V8's data follows.
 */

const HEADER_SIZE = 40;
const MODULE_CRC = 32;
const DATA_CRC = 36;

interface Natives {
  /** @returns undefined when the data is of another V8, another processor or other flags. */
  readonly deserialize: (data: ArrayBuffer, module: Uint8Array<ArrayBuffer>) => WebAssembly.Module | undefined;
  /** The optimised code that the module has so far. There must be some: V8 ends the process otherwise. */
  readonly serialize: (module: WebAssembly.Module) => ArrayBuffer;
}

/** The flag that V8's own tests have set; NODE_OPTIONS may not name it. */
const NATIVES = "allow-natives-syntax";

/** How often reading is tried while other threads of the process do the same. */
const ATTEMPTS = 30;

/**
 * V8's functions, which scripts may name only while a flag is set: no longer than it takes to read this one. The flag is the whole
 * process's: another thread that loads the runtime may take it back meanwhile, so this one tries again.
 * @throws SyntaxError where the engine has no such functions.
 */
function natives(): Natives {
  for (let left = ATTEMPTS - 1; ; left--) {
    try {
      return readNatives();
    } catch (error) {
      if (left === 0 || !(error instanceof SyntaxError)) {
        throw error;
      }
    }
  }
}

function readNatives(): Natives {
  setFlagsFromString(`--${NATIVES}`);
  try {
    // In parentheses, since functions without are read only when they are called.
    return runInThisContext(
      "({ deserialize: (function (data, module) { return %DeserializeWasmModule(data, module) }), serialize: (function (module) { return %SerializeWasmModule(module) }) })",
    ) as Natives;
  } finally {
    if (!given(NATIVES)) {
      setFlagsFromString(`--no-${NATIVES}`);
    }
  }
}

/** Whether this engine can keep code: the newest V8s have these functions in their own shell only, and the oldest Node 20 has no CRC-32. */
export function keepsCode(): boolean {
  try {
    return IS_NODE && "crc32" in zlib && natives() !== undefined;
  } catch {
    return false;
  }
}

/**
 * Where code for this engine is kept: versions, processors and flags have files of their own.
 * @param folder the runtime's.
 */
export function codePath(folder: string): string {
  const tag = cachedDataVersionTag().toString(16).padStart(8, "0");
  return join(folder, CODE_FOLDER, `node-${process.version}-${process.platform}-${process.arch}-${tag}`);
}

/** Whether there is a file with code for this engine as it is set up now; it may be of another module. */
export function hasCode(folder: string): boolean {
  return IS_NODE && existsSync(codePath(folder));
}

/**
 * A module whose code need not be made.
 * @param folder the runtime's.
 * @param bytes the module; the engine has a copy of them then.
 * @param sha256 the hash that they must have, in hexadecimal: the engine does not look whether they are a module that makes sense.
 * @returns undefined where no code is kept for this engine and this module.
 * @throws RangeError when the bytes are damaged.
 */
export function moduleFromCode(folder: string, bytes: Uint8Array<ArrayBuffer>, sha256: string): WebAssembly.Module | undefined {
  if (!IS_NODE) {
    return undefined;
  }
  const header = Buffer.alloc(HEADER_SIZE);
  let data: FileBytes;
  try {
    data = new FileBytes(codePath(folder), undefined, header);
  } catch {
    // There is none, as on engines that keep none, or less than a header of one: the code is made anew.
    return undefined;
  }
  try {
    if (header.toString("hex", 0, MODULE_CRC) !== sha256 || header.readUInt32LE(DATA_CRC) !== zlib.crc32(data.bytes)) {
      return undefined;
    }
    if (header.readUInt32LE(MODULE_CRC) !== zlib.crc32(bytes)) {
      throw new RangeError("the module is not the one of the manifest");
    }
    return natives().deserialize(data.bytes.buffer, bytes);
  } finally {
    data.free();
  }
}

/**
 * The content of the file with a module's code.
 * @param module some of its functions are optimised.
 * @param bytes what it was compiled of.
 */
export function codeOf(module: WebAssembly.Module, bytes: Uint8Array): Uint8Array {
  const data = new Uint8Array(natives().serialize(module));
  const header = Buffer.alloc(HEADER_SIZE);
  createHash("sha256").update(bytes).digest().copy(header);
  header.writeUInt32LE(zlib.crc32(bytes), MODULE_CRC);
  header.writeUInt32LE(zlib.crc32(data), DATA_CRC);
  return Buffer.concat([header, data]);
}
