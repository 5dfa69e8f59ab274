/**
 * Makes a realm's clocks stand still and its chance the same every time, so that whoever builds from the same inputs gets the
 * same snapshot. Imported before anything that looks at either. Nothing of a snapshot's chance is used for secrets: the hash
 * seed is made again in every program, and the allocator's is for layouts that it does not have here.
 */

/** Milliseconds; when files are made that are in the snapshot. */
let now = Number(process.env["SOURCE_DATE_EPOCH"] ?? 0) * 1000;
let chance = 1;

Date.now = () => now;
Object.defineProperty(globalThis, "performance", { value: { get timeOrigin() { return now; }, now: () => 0 } });
Object.defineProperty(globalThis, "crypto", { value: { getRandomValues: (array: Uint8Array) => array.fill(chance) } });

/** Calls `use` at another time, with other chance. */
export async function elsewhere<T>(use: () => Promise<T>): Promise<T> {
  const before = { now, chance };
  now += 0x123456789;
  chance = 0xfe;
  try {
    return await use();
  } finally {
    ({ now, chance } = before);
  }
}
