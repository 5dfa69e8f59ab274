import type { Address, GuestModule } from "./module.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The guest's bytes as they are now. Never keep a view: any thread may grow the
 * memory, and an older view does not show the new part.
 */
export function bytes(module: Pick<GuestModule, "wasmMemory">): Uint8Array {
  return new Uint8Array(module.wasmMemory.buffer);
}

/** Copies `data` into a new allocation. The caller frees it with `free`. */
export function allocate(module: GuestModule, data: Uint8Array): Address {
  const address = module.functions.malloc(Math.max(data.length, 1)) >>> 0;
  if (address === 0) {
    throw new RangeError(`out of guest memory: could not allocate ${data.length} bytes`);
  }
  bytes(module).set(data, address);
  return address;
}

/**
 * Calls `use` with the addresses of NUL-terminated UTF-8 copies of `texts`, freed
 * when it returns.
 * @throws TypeError when a text contains a NUL character.
 */
export function withStrings<T>(
  module: GuestModule,
  texts: readonly string[],
  use: (...addresses: Address[]) => T,
): T {
  const addresses: Address[] = [];
  try {
    for (const text of texts) {
      if (text.includes("\0")) {
        throw new TypeError(`a NUL character cannot be passed to Python here: ${JSON.stringify(text)}`);
      }
      addresses.push(allocate(module, encoder.encode(`${text}\0`)));
    }
    return use(...addresses);
  } finally {
    for (const address of addresses) {
      module.functions.free(address);
    }
  }
}

/** Reads the NUL-terminated UTF-8 text at `address`. */
export function readString(module: Pick<GuestModule, "wasmMemory">, address: Address): string {
  const view = bytes(module);
  const end = view.indexOf(0, address);
  // A copy: TextDecoder refuses views of shared memory.
  return decoder.decode(view.slice(address, end));
}
