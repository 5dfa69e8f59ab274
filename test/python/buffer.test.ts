import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, expectTypeOf, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { expectNoLeak } from "./leaks.js";
import { api, type Py, type PyAny, type PyBuffer, type PyByteArray, type Python, type ReadonlyTypedArray, type TypedArray } from "./package.js";

const { ConversionError, DetachedError, loadWeft } = api;

const LIMIT = 60_000;
const shared = sharedWeft();

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

describe("a buffer of a Python object", () => {
  test.each<[string, new (...values: never[]) => TypedArray, (number | bigint)[]]>([
    ["array('b', [-1, 2])", Int8Array, [-1, 2]],
    ["array('B', [255])", Uint8Array, [255]],
    ["array('h', [-300])", Int16Array, [-300]],
    ["array('H', [60000])", Uint16Array, [60000]],
    ["array('i', [-70000])", Int32Array, [-70000]],
    ["array('l', [1])", Int32Array, [1]],
    ["array('I', [2**32 - 1])", Uint32Array, [2 ** 32 - 1]],
    ["array('q', [-2**62])", BigInt64Array, [-(2n ** 62n)]],
    ["array('Q', [2**64 - 1])", BigUint64Array, [2n ** 64n - 1n]],
    ["array('f', [1.5])", Float32Array, [1.5]],
    ["array('d', [0.1, 0.2])", Float64Array, [0.1, 0.2]],
    ["bytearray(b'xyz')", Uint8Array, [120, 121, 122]],
    ["memoryview(bytearray(2)).cast('?')", Uint8Array, [0, 0]],
    ["(ctypes.c_int16 * 3)(1, 2, 3)", Int16Array, [1, 2, 3]],
  ])("%s is a typed array", (code, type, items) => {
    shared.weft.attach((py) => {
      const space = py.dict([["array", py.import("array").getAttr("array")], ["ctypes", py.import("ctypes")]]);
      using buffer = py.eval(code, space).buffer();
      expect(buffer.array).toBeInstanceOf(type);
      expect([...buffer.array]).toEqual(items);
      expect([...buffer.copy()]).toEqual(items);
      expect(buffer.get(0)).toBe(items[0]);
      expect({ length: buffer.length, readonly: buffer.readonly, contiguous: buffer.contiguous, shape: buffer.shape }).toEqual({
        length: items.length,
        readonly: false,
        contiguous: true,
        shape: [items.length],
      });
    });
  });

  test("both sides see what the other writes", () => {
    shared.weft.attach((py) => {
      const object = py.eval("bytearray(4)");
      using buffer = object.buffer(Uint8Array);
      buffer.array[1] = 9;
      object.setItem(2, 8);
      expect(object.toString()).toBe(String.raw`bytearray(b'\x00\t\x08\x00')`);
      expect([...buffer.array]).toEqual([0, 9, 8, 0]);
      buffer.set(7, -1);
      expect(object.getItem(3).toJs()).toBe(7);
      // The array works while the thread is detached.
      py.detach(() => {
        buffer.array[0] = 6;
      });
      expect(object.getItem(0).toJs()).toBe(6);
      expect(buffer.object(py).is(object)).toBe(true);
    });
  });

  test("exporting pins the object, and releasing twice releases once", () => {
    shared.weft.attach((py) => {
      const object = py.eval("bytearray(b'abc')");
      const first = object.buffer(Uint8Array);
      const second = object.buffer(Uint8Array);
      expect(() => object.callMethod("append", 1)).toThrow("BufferError: Existing exports");
      first.release();
      first.release();
      first[Symbol.dispose]();
      expect(first.released).toBe(true);
      expect(() => object.callMethod("append", 1)).toThrow("BufferError");
      second.release();
      object.callMethod("append", 1);
      expect(object.length()).toBe(4);
    });
  });

  test("after the release every use is an error", () => {
    shared.weft.attach((py) => {
      const buffer = py.eval("bytearray(2)").buffer();
      void buffer.array;
      buffer.release();
      for (const use of [() => buffer.array, () => buffer.view, () => buffer.get(0), () => { buffer.set(1, 0); }, () => buffer.copy(), () => buffer.bytes(), () => buffer.object(py), () => py.memoryview(buffer)]) {
        expect(use).toThrow(DetachedError);
      }
      expect(buffer.length).toBe(2);
    });
  });

  test("read-only memory is shown to be read, or copied", () => {
    shared.weft.attach((py) => {
      const object = py.bytes(new Uint8Array([1, 2, 3]));
      using buffer = object.buffer(Uint8Array);
      expect(buffer.readonly).toBe(true);
      expect(() => buffer.array).toThrow("read-only");
      expect(() => { buffer.set(1, 0); }).toThrow(ConversionError);
      expect([...buffer.view]).toEqual([1, 2, 3]);
      const copy = buffer.copy();
      copy[0] = 100;
      expect(object.value()).toEqual(new Uint8Array([1, 2, 3]));
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
    });
  });

  test("strides, dimensions, other byte orders and structures", () => {
    shared.weft.attach((py) => {
      const space = py.dict();
      py.run("import ctypes\nclass P(ctypes.Structure): _fields_ = [('x', ctypes.c_int), ('y', ctypes.c_double)]\npoints = (P * 2)()\nbig = (ctypes.c_int.__ctype_be__ * 2)(1, 258)", space);
      using grid = py.eval("memoryview(bytearray(range(12))).cast('B', (3, 4))").buffer(Uint8Array);
      expect([grid.shape, grid.strides, grid.get(1, 2), grid.get(-1, -1)]).toEqual([[3, 4], [4, 1], 6, 11]);
      expect([...grid.array]).toEqual(Array.from({ length: 12 }, (_, i) => i));
      expect(() => grid.get(3, 0)).toThrow("index 3 of dimension 0, which has 3 items");
      expect(() => grid.get(1)).toThrow("an index of 1 numbers for a buffer of 2 dimensions");
      using back = py.eval("memoryview(bytearray(range(6)))[::-2]").buffer();
      expect(back.contiguous).toBe(false);
      expect([...back.copy()]).toEqual([5, 3, 1]);
      expect(back.bytes()).toEqual(new Uint8Array([5, 3, 1]));
      expect(() => back.array).toThrow("strides (-2)");
      back.set(50, 0);
      expect(back.get(0)).toBe(50);
      using big = space.getItem("big").buffer();
      expect(big.format).toBe(">l");
      expect([...big.copy()]).toEqual([1, 258]);
      expect(() => big.array).toThrow("other order");
      big.set(-2, 0);
      expect(space.getItem("big").getItem(0).toJs()).toBe(-2);
      using points = space.getItem("points").buffer();
      expect(() => points.array).toThrow("no plain numbers");
      expect(points.bytes().length).toBe(32);
      using empty = py.eval("bytearray()").buffer(Uint8Array);
      expect(empty.array.length).toBe(0);
      using single = py.eval("memoryview(b'ab').cast('H', ())").buffer();
      expect([single.shape, single.get()]).toEqual([[], 0x6261]);
      // A bytes object's content begins at no multiple of 8.
      using odd = py.eval("memoryview(bytes(16)).cast('d')").buffer(Float64Array);
      expect(() => odd.view).toThrow("no multiple of 8");
      expect([...odd.copy()]).toEqual([0, 0]);
    });
  });

  test("half floats are read and written one by one, and copied as wider ones", () => {
    shared.weft.attach((py) => {
      const space = py.dict();
      py.run("import struct\ndata = bytearray(2 * 65536)\nstruct.pack_into('65536H', data, 0, *range(65536))\nhalves = memoryview(data).cast('e')\ndef packed(x): return struct.unpack('H', struct.pack('e', x))[0]", space);
      using halves = space.getItem("halves").buffer(Float32Array);
      const copy = halves.copy();
      expect(copy).toBeInstanceOf(Float32Array);
      // Every half float there is, as Python reads it.
      expect([...copy]).toEqual(py.eval("halves.tolist()", space).toJs());
      expect(halves.get(0x3c00)).toBe(1);
      expect(() => halves.array).toThrow("half floats");
      // As Python writes them: halves of the last place, subnormal numbers, the largest ones, and all halves themselves.
      const numbers = [0, -0, 1, 1 / 3, 65504, 65519, 2 ** -24, 2 ** -25, 2 ** -25 * 1.01, 3 * 2 ** -25, 2 ** -14 - 2 ** -26, 2049, 2051, 4095.9, -1e-9, Infinity, -Infinity, 2.0 ** -14];
      for (const value of [...numbers, ...copy.filter((half, i) => i % 37 === 0 && !Number.isNaN(half))]) {
        halves.set(value, 5);
        expect([value, py.eval("data[10] + 256 * data[11]", space).toJs()]).toEqual([value, py.eval("packed", space).call(py.float(value)).toJs()]);
      }
      halves.set(NaN, 5);
      expect(py.eval("halves[5] != halves[5]", space).toJs()).toBe(true);
      halves.set(1e9, 5);
      expect(halves.get(5)).toBe(Infinity);
    });
  });

  test("test_get_buffer_errors: what has no buffer, and items of another type", () => {
    shared.weft.attach((py) => {
      expect(() => py.eval("3").buffer()).toThrow("TypeError: memoryview: a bytes-like object is required, not 'int'");
      const object = py.eval("bytearray(4)");
      expect(() => object.buffer(Int32Array)).toThrow("a buffer of format 'B' is no Int32Array: ask for Uint8Array");
      // That one has released its export.
      object.callMethod("append", 1);
    });
  });

  test("test_pybuffer_drop_without_interpreter", async () => {
    const weft = await loadWeft();
    const buffer = weft.attach((py) => py.eval("bytearray(b'abc')").buffer(Uint8Array));
    expect(await weft.finalize()).toBe(0);
    buffer.release();
    expect(buffer.released).toBe(true);
    const other = await loadWeft();
    const kept = other.attach((py) => py.eval("bytearray(b'abc')").buffer(Uint8Array));
    await other.terminate();
    kept.release();
    expect(() => kept.array).toThrow(DetachedError);
  });

  test("test_releasebuffer_unraisable_error: a release that raises goes to sys.unraisablehook", () => {
    shared.weft.attach((py) => {
      const space = py.dict();
      py.run(
        "import sys\nseen = []\nclass Raises:\n def __buffer__(self, flags): return memoryview(bytearray(b'ok'))\n def __release_buffer__(self, view): raise ValueError('no')\nobject = Raises()\nhook = sys.unraisablehook\nsys.unraisablehook = lambda u: seen.append(str(u.exc_value))",
        space,
      );
      try {
        const buffer = space.getItem("object").buffer(Uint8Array);
        expect([...buffer.array]).toEqual([111, 107]);
        buffer.release();
        expect(space.getItem("seen").toJs()).toEqual(["no"]);
      } finally {
        py.run("sys.unraisablehook = hook", space);
      }
    });
  });

  test("leaves no reference, released in whatever way", async () => {
    const make = (object: Py<PyAny>, py: Python): PyAny => {
      const array = py.eval("type('B', (bytearray,), {})").call(8);
      array.setAttr("keeps", object.bind(py));
      return array;
    };
    await expectNoLeak(shared.weft, (object, py) => {
      make(object, py).buffer().release();
      const array = make(object, py);
      expect(() => array.buffer(Float64Array)).toThrow(ConversionError);
      const detached = array.buffer(Uint8Array);
      py.detach(() => { detached.release(); });
      using view = py.memoryview(array);
      view.buffer(Uint8Array)[Symbol.dispose]();
    });
  });
});

describe("memory of both sides", () => {
  test("allocateBuffer gives a typed array and an object with the buffer protocol", () => {
    shared.weft.attach((py) => {
      using buffer = py.allocateBuffer(Float64Array, 3);
      expect([...buffer.array]).toEqual([0, 0, 0]);
      buffer.array.set([1.5, 2.5, 3.5]);
      const object = buffer.object(py);
      expect(object.repr()).toBe("<weft.Buffer of 3 items of format 'd'>");
      expect([object.length(), object.getItem(1).toJs(), [...object].map((item) => item.toJs())]).toEqual([3, 2.5, [1.5, 2.5, 3.5]]);
      object.setItem(2, 9);
      expect(buffer.array[2]).toBe(9);
      expect(() => object.setItem(2, "x")).toThrow("TypeError");
      expect(() => object.delItem(0)).toThrow("TypeError");
      expect(py.memoryview(buffer).callMethod("tolist").toJs()).toEqual([1.5, 2.5, 9]);
      expect(py.builtin("bytes").call(object).length()).toBe(24);
      for (const type of [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, BigInt64Array, BigUint64Array, Float32Array, Float64Array] as const) {
        using one = py.allocateBuffer(type, 2);
        expect(one.array).toBeInstanceOf(type);
        expect(one.array.length).toBe(2);
      }
      expect(py.allocateBuffer(Int8Array, 0).array.length).toBe(0);
      expect(() => py.allocateBuffer(Int8Array, -1)).toThrow("-1 is no number of items");
      expect(() => py.allocateBuffer(Float64Array, 0x7fffffff)).toThrow("MemoryError");
      expect(() => py.allocateBuffer(Array as never, 1)).toThrow("no class of typed arrays");
    });
  });

  test("a typed array over the guest's memory is a memoryview without a copy, and keeps the memory", () => {
    shared.weft.attach((py) => {
      const buffer = py.allocateBuffer(Int16Array, 8);
      const { array } = buffer;
      const whole = py.memoryview(array);
      const part = py.memoryview(array.subarray(2, 4));
      const bytes = py.memoryview(new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset + 4, 3));
      array[2] = 258;
      expect(whole.callMethod("tolist").toJs()).toEqual([0, 0, 258, 0, 0, 0, 0, 0]);
      expect(part.callMethod("tolist").toJs()).toEqual([258, 0]);
      expect(bytes.callMethod("tolist").toJs()).toEqual([2, 1, 0]);
      const ref = py.weakref(buffer.object(py));
      part.setItem(1, 5);
      expect(array[3]).toBe(5);
      buffer.release();
      expect(() => py.memoryview(array)).toThrow("it was released");
      expect(part.callMethod("tolist").toJs()).toEqual([258, 5]);
      expect(ref.call().isNone()).toBe(false);
    });
  });

  test("other memory is refused with what to do instead", () => {
    shared.weft.attach((py) => {
      expect(() => py.memoryview(new Float32Array(2))).toThrow("use py.allocateBuffer(Float32Array, 2)");
      expect(() => py.memoryview(new Uint8Array(new SharedArrayBuffer(4)))).toThrow(ConversionError);
      expect(() => py.from(new Float32Array(2))).toThrow("t.typedArray(Float32Array).into(py, value)");
      // Bytes are copied where they are converted.
      expect(py.memoryview(py.from(new Uint8Array([1]))).callMethod("tolist").toJs()).toEqual([1]);
      using buffer = py.eval("bytearray(b'abc')").buffer(Uint8Array);
      const bytes = py.from(buffer.array);
      buffer.array[0] = 0;
      expect(bytes.repr()).toBe("b'abc'");
    });
  });

  test.each([1, 1023, 1024, 1025, 65_535, 65_536, 65_537, 200_001])("%i bytes are copied whole, however they are aligned", (length) => {
    shared.weft.attach((py) => {
      const all = Uint8Array.from({ length: length + 8 }, (_, i) => (i * 7919) >>> 3);
      for (let offset = 0; offset < 8; offset++) {
        const part = all.subarray(offset, offset + length);
        const bytes = py.bytes(part);
        expect(sameBytes(bytes.value(), part)).toBe(true);
        expect(sameBytes(py.bytearray(part).value(), part)).toBe(true);
        using view = py.memoryview(bytes).getItem(py.slice(Math.min(offset, length - 1))).buffer(Uint8Array);
        expect(sameBytes(view.copy(), part.subarray(Math.min(offset, length - 1)))).toBe(true);
      }
    });
  });
});

describe("on several threads", () => {
  test("two host threads and two of Python's write one buffer while others collect garbage", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    const TIMES = 20_000;
    const { buffer, objects, join } = weft.attach((py) => {
      const made = py.allocateBuffer(Int32Array, 8);
      // Four come: two of each kind.
      made.array[2] = 4;
      const space = py.dict([["view", py.memoryview(made)], ["times", TIMES], ["numbers", made.object(py)]]);
      py.run(
        `
import gc, threading
lock = threading.Lock()
done = threading.Event()
def write(own):
    with lock:
        view[3] += 1
    for i in range(times):
        view[own] += 1
        if i % 1000 == 0:
            numbers[own] = numbers[own]
def collect():
    while not done.is_set():
        gc.collect()
threads = [threading.Thread(target=write, args=(own,)) for own in (4, 5)]
collector = threading.Thread(target=collect)
def start():
    for thread in [*threads, collector]: thread.start()
def join():
    for thread in threads: thread.join()
    done.set()
    collector.join()
`,
        space,
      );
      space.getItem("start").call();
      return { buffer: made, objects: [made.object(py).unbind(), made.object(py).unbind()], join: space.getItem("join").unbind() };
    });
    const { array } = buffer;
    const ends = objects.map((object, i) => weft.spawn<number>(threadModule("buffer.mjs"), "add", object, TIMES, 6 + i).join());
    // The host realm may not wait; it comes for the other two.
    Atomics.add(array, 1, 2);
    Atomics.notify(array, 1);
    expect(await Promise.all(ends)).toEqual([TIMES, TIMES]);
    (await weft.call((py) => ({ callable: join.bind(py), positional: [] }))).drop();
    join.drop();
    expect([...array]).toEqual([2 * TIMES, 4, 4, 2, TIMES, TIMES, TIMES, TIMES]);
    buffer.release();
  });

  test("an array stays right while another thread grows the memory, and reaches into the new part", { timeout: LIMIT }, async () => {
    const weft = await loadWeft();
    try {
      const { buffer, object } = weft.attach((py) => {
        const made = py.allocateBuffer(Int32Array, 4);
        return { buffer: made, object: made.object(py).unbind() };
      });
      const { array } = buffer;
      array[0] = 11;
      const size = array.buffer.byteLength;
      const end = await weft.spawn<{ seen: number; before: number; far: Py<PyAny> }>(threadModule("buffer.mjs"), "grow", object, 256 << 20).join();
      expect(end.before).toBe(size);
      expect(end.seen).toBe(11);
      // Made before the growth.
      expect([...array]).toEqual([11, 22, 0, 0]);
      expect(buffer.get(1)).toBe(22);
      weft.attach((py) => {
        using far = end.far.intoBound(py).buffer(Float64Array);
        expect(far.array.length).toBe(100_000);
        expect(far.array.byteOffset).toBeGreaterThanOrEqual(size);
        expect(far.array[99_999]).toBe(1.5);
        // Arrays of the old and of the new object are both the guest's memory.
        array[2] = 33;
        expect(py.memoryview(array).callMethod("tolist").toJs()).toEqual([11, 22, 33, 0]);
        expect(py.memoryview(far.array.subarray(99_998)).callMethod("tolist").toJs()).toEqual([0, 1.5]);
        expect(py.memoryview(buffer).getItem(2).toJs()).toBe(33);
      });
      buffer.release();
    } finally {
      await weft.terminate();
    }
  });

  test("buffers are freed on whatever thread their last reference goes, and not before", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    const [kept, refs] = weft.attach((py) => [py.list().unbind(), py.list().unbind()]) as [Py<PyAny>, Py<PyAny>];
    const ends = Array.from({ length: 4 }, () => {
      const [list, weak] = weft.attach((py) => [kept.cloneRef(py), refs.cloneRef(py)]) as [Py<PyAny>, Py<PyAny>];
      return weft.spawn(threadModule("buffer.mjs"), "churn", list, weak, 300).join();
    });
    await Promise.all(ends);
    kept.drop();
    await expect
      .poll(() => weft.attach((py) => {
        py.import("gc").callMethod("collect");
        return py.eval("len(refs), sum(ref() is not None for ref in refs)", py.dict([["refs", refs.bind(py)]])).toJs();
      }), { timeout: 30_000 })
      .toEqual([1200, 0]);
    refs.drop();
  });

  test("every export of one object is released exactly once", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    // CPython 3.13 counts a bytearray's exports without a lock; this class counts them under one.
    const space = weft.attach((py) => {
      const dict = py.dict();
      py.run(
        `
import threading
class Counted:
    def __init__(self):
        self.lock, self.given, self.back = threading.Lock(), 0, 0
    def __buffer__(self, flags):
        with self.lock: self.given += 1
        return memoryview(bytearray(b'\\x07'))
    def __release_buffer__(self, view):
        with self.lock: self.back += 1
object = Counted()
`,
        dict,
      );
      return dict.unbind();
    });
    const ends = Array.from({ length: 3 }, () =>
      weft.spawn(threadModule("buffer.mjs"), "export_", weft.attach((py) => space.bind(py).getItem("object").unbind()), 500).join(),
    );
    await Promise.all(ends);
    await expect
      .poll(() => weft.attach((py) => py.eval("object.given, object.back", space.bind(py)).toJs()), { timeout: 30_000 })
      .toEqual([1500, 1500]);
    space.drop();
  });

  test("extend against copy", { timeout: LIMIT }, async () => {
    const { weft } = shared;
    const space = weft.attach((py) => {
      const dict = py.dict();
      py.run(
        `
import threading
object, lock, done, counts = bytearray(), threading.Lock(), threading.Event(), [0, 0]
def extend():
    # A bytearray is not safe by itself in 3.13: the lock is for what counts its exports and resizes it.
    while not done.is_set():
        with lock:
            try:
                if len(object) >= 100_000: object.clear()
                object.extend(range(256))
                counts[0] += 1
            except BufferError:
                counts[1] += 1
thread = threading.Thread(target=extend)
thread.start()
def join():
    done.set()
    thread.join()
    object.extend(b"free again")
    return counts
`,
        dict,
      );
      return dict.unbind();
    });
    const ends = weft.attach((py) => Array.from({ length: 2 }, () => {
      const given = ["object", "lock", "counts"].map((name) => space.bind(py).getItem(name).unbind());
      return weft.spawn<number>(threadModule("buffer.mjs"), "copyExtended", ...given, 100).join();
    }));
    try {
      expect(Math.max(...(await Promise.all(ends)))).toBeGreaterThan(0);
    } finally {
      (await weft.call((py) => ({ callable: space.bind(py).getItem("join"), positional: [] }))).drop();
      expect(weft.attach((py) => space.bind(py).getItem("object").callMethod("endswith", new TextEncoder().encode("free again")).toJs())).toBe(true);
      space.drop();
    }
  });

  test("a buffer is not sent to another thread; its object is", async () => {
    const { weft } = shared;
    using buffer = weft.attach((py) => py.allocateBuffer(Int32Array, 1));
    await expect(weft.spawn(threadModule("buffer.mjs"), "add", buffer).join()).rejects.toThrow("send its object");
  });

  test("what was forgotten is released, but not while somebody has its array", { timeout: LIMIT }, () => {
    const script = fileURLToPath(threadModule("forget-buffers.mjs"));
    expect(execFileSync(process.execPath, ["--expose-gc", script], { encoding: "utf8", timeout: LIMIT })).toBe("1 alive, 33\n");
  });
});

test("types", () => {
  shared.weft.attach((py) => {
    const object = py.bytearray(new Uint8Array(8));
    expectTypeOf(object.buffer(Uint8Array)).toEqualTypeOf<PyBuffer<Uint8Array, PyByteArray>>();
    expectTypeOf(object.buffer(Uint8Array).object(py)).toEqualTypeOf<PyByteArray>();
    expectTypeOf(object.buffer()).toEqualTypeOf<PyBuffer<TypedArray, PyByteArray>>();
    const longs = py.allocateBuffer(BigInt64Array, 1);
    expectTypeOf(longs.get(0)).toEqualTypeOf<bigint>();
    expectTypeOf(longs.view).toEqualTypeOf<ReadonlyTypedArray<BigInt64Array>>();
    longs.array[0] = 1n;
    // @ts-expect-error: only to be read.
    longs.view[0] = 2n;
    // @ts-expect-error: only to be read.
    expect(longs.view.fill).toBeDefined();
    // @ts-expect-error: bigints.
    expect(() => { longs.set(1.5, 0); }).toThrow(RangeError);
  });
});
