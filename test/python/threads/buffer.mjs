/** Functions that tests spawn; see buffer.test.ts. */

/** Adds 1 to the first number so many times, and signs in at place `own`. */
export function add(weft, object, times, own) {
  const buffer = weft.attach((py) => object.bind(py).buffer(Int32Array));
  object.drop();
  const { array } = buffer;
  // Waits until all are here; nobody is attached meanwhile.
  Atomics.add(array, 1, 1);
  Atomics.notify(array, 1);
  for (let here = Atomics.load(array, 1); here < array[2]; here = Atomics.load(array, 1)) {
    if (Atomics.wait(array, 1, here, 20_000) === "timed-out") {
      throw new Error(`only ${here} threads came`);
    }
  }
  for (let i = 0; i < times; i++) {
    Atomics.add(array, 0, 1);
    array[own] += 1;
  }
  buffer.release();
  return times;
}

/** Grows the memory by so many bytes while it holds an array, and puts another buffer's object beyond the old end. */
export function grow(weft, object, bytes) {
  const { functions, memory } = weft.realm;
  return weft.attach((py) => {
    const buffer = object.bind(py).buffer(Int32Array);
    object.drop();
    const { array } = buffer;
    const before = array.buffer.byteLength;
    const blocks = [];
    // Pieces of address space: nothing of them is touched.
    while (memory.bytes(blocks.at(-1) ?? 0, 1).buffer.byteLength <= before || blocks.at(-1) >>> 0 < before) {
      const block = functions.malloc(bytes);
      if (block === 0) {
        throw new RangeError("out of memory");
      }
      blocks.push(block);
    }
    array[1] = 22;
    const seen = array[0];
    const beyond = py.allocateBuffer(Float64Array, 100_000);
    beyond.array[99_999] = 1.5;
    const far = beyond.object(py).unbind();
    beyond.release();
    blocks.forEach((block) => functions.free(block));
    buffer.release();
    return { seen, before, far };
  });
}

/** Makes buffers, arrays over them and memoryviews, and drops them in all orders, here and by handing them to Python. */
export function churn(weft, kept, refs, rounds) {
  for (let i = 0; i < rounds; i++) {
    const buffer = weft.attach((py) => {
      const made = py.allocateBuffer(Uint16Array, 32);
      made.array.fill(i);
      refs.bind(py).callMethod("append", py.weakref(made.object(py)));
      kept.bind(py).callMethod("append", py.memoryview(made.array.subarray(8, 16)));
      return made;
    });
    if (i % 3 === 0) {
      weft.attach(() => buffer.release());
    } else {
      buffer.release();
    }
    const right = weft.attach((py) => {
      const list = kept.bind(py);
      // Whoever's it is by now.
      const view = list.callMethod("pop", 0);
      const items = view.callMethod("tolist").toJs();
      return items.length === 8 && items.every((item) => item === items[0]);
    });
    if (!right) {
      throw new Error("a memoryview shows freed memory");
    }
  }
  kept.drop();
  refs.drop();
}

/** Takes buffers of one object and releases them, attached and detached. */
export function export_(weft, object, rounds) {
  for (let i = 0; i < rounds; i++) {
    const buffer = weft.attach((py) => object.bind(py).buffer(Uint8Array));
    if (buffer.array[0] !== 7) {
      throw new Error("another object's memory");
    }
    if (i % 2 === 0) {
      buffer.release();
    } else {
      weft.attach(() => buffer.release());
    }
  }
  object.drop();
}

/** Copies a bytearray that Python code extends meanwhile; `lock` is held for the export and the release, not between. */
export function copyExtended(weft, object, lock, counts, rounds) {
  let longest = 0;
  const deadline = performance.now() + 20_000;
  weft.attach((py) => {
    const mutex = lock.bind(py);
    // Until it was both extended and refused because of an export.
    for (let i = 0; i < rounds || !counts.bind(py).toJs().every((count) => count > 0); i++) {
      if (performance.now() > deadline) {
        throw new Error(`extended and refused: ${counts.bind(py).repr()} times`);
      }
      mutex.callMethod("acquire");
      const buffer = object.bind(py).buffer(Uint8Array);
      mutex.callMethod("release");
      const before = buffer.copy();
      py.detach(() => undefined);
      const after = buffer.copy();
      mutex.callMethod("acquire");
      buffer.release();
      mutex.callMethod("release");
      if (before.length !== after.length || before.some((byte, at) => byte !== (at & 255) || after[at] !== byte)) {
        throw new Error("the memory moved or changed while it was exported");
      }
      longest = Math.max(longest, after.length);
    }
  });
  [object, lock, counts].forEach((one) => one.drop());
  return longest;
}

/** Run with --expose-gc: forgets buffers, and keeps an array of one. */
export async function forget(weft) {
  const { refs, array } = weft.attach((py) => {
    const list = py.list();
    for (let i = 0; i < 100; i++) {
      const made = py.allocateBuffer(Uint8Array, 16);
      list.append(py.weakref(made.object(py)));
    }
    const kept = py.allocateBuffer(Uint8Array, 16);
    kept.array[3] = 33;
    list.append(py.weakref(kept.object(py)));
    return { refs: list.unbind(), array: kept.array };
  });
  let alive = 101;
  for (let i = 0; i < 1000 && alive > 1; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    alive = weft.attach((py) => py.eval("sum(ref() is not None for ref in refs)", py.dict([["refs", refs.bind(py)]])).toJs());
  }
  refs.drop();
  return `${alive} alive, ${array[3]}`;
}
