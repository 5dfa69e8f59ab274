// Three Python classes that many threads use at once. Plain JavaScript, which every thread's realm loads by itself:
//   await weft.addModule(new URL("collections.mjs", import.meta.url)), and in Python: import collections_js
import { arg, field, pyClass, pyException, pyModule, t } from "weft-python";

export const Missing = pyException("Missing", { base: "KeyError", doc: "The cache has no such key." });

/** Locked: threads wait for each other, and no method fails because another one is under way. */
export const LruCache = pyClass("LruCache", {
  doc: "Keeps the values that were used last.",
  locked: true,
  generic: true,
  fields: { capacity: field.i32({ get: true }), hits: field.i32({ get: true }), misses: field.i32({ get: true }), entries: field.object() },
})
  .constructs({ args: [arg("capacity", t.int.between(1, 1_000_000))] }, (self, capacity) => {
    self.capacity = capacity;
    // A dict keeps its order: the first key is the one that was not used for the longest time.
    self.entries = self.py.dict();
  })
  .methodMut("get", { args: [arg("key", t.py)], doc: "The value of a key. Raises Missing." }, (self, owned) => {
    const key = owned.intoBound(self.py);
    if (!self.entries.contains(key)) {
      self.misses += 1;
      throw Missing.error(self.py, key);
    }
    self.hits += 1;
    const value = self.entries.callMethod("pop", key);
    self.entries.setItem(key, value);
    return value;
  })
  .methodMut("put", { args: [arg("key", t.py), arg("value", t.py)], returns: t.none }, (self, ownedKey, ownedValue) => {
    const key = ownedKey.intoBound(self.py);
    const value = ownedValue.intoBound(self.py);
    self.entries.callMethod("pop", key, undefined);
    self.entries.setItem(key, value);
    if (self.entries.length() > self.capacity) {
      const [oldest] = self.entries;
      self.entries.delItem(oldest);
    }
  })
  .method("__len__", { returns: t.int }, (self) => self.entries.length())
  .method("__contains__", { args: [arg("key", t.py)], returns: t.bool }, (self, key) => self.entries.contains(key.intoBound(self.py)));

/** Frozen: nothing is borrowed, and any number of threads count at once, by atomic operations on shared memory. */
export const Histogram = pyClass("Histogram", {
  doc: "Counts values in bins of equal width.",
  frozen: true,
  fields: { low: field.f64({ get: true }), high: field.f64({ get: true }), bins: field.i32({ get: true }), counts: field.object() },
})
  .constructs({ args: [arg("low", t.float), arg("high", t.float), arg("bins", t.int.between(1, 10_000), { default: 10 })] }, (self, low, high, bins) => {
    if (!(low < high)) {
      throw self.py.error(self.py.builtin("ValueError"), "low must be below high");
    }
    self.low = low;
    self.high = high;
    self.bins = bins;
    const memory = self.py.allocateBuffer(Int32Array, bins);
    self.counts = memory.object(self.py);
    memory.release();
  })
  .method("add", { args: [arg("values", t.list(t.float))], returns: t.none, doc: "Counts values; those outside are left out." }, (self, values) => {
    const memory = self.counts.buffer(Int32Array);
    const { low, high, bins } = self;
    for (const value of values) {
      if (value >= low && value < high) {
        Atomics.add(memory.array, Math.floor(((value - low) / (high - low)) * bins), 1);
      }
    }
    memory.release();
  })
  .method("counts", { returns: t.list(t.int) }, (self) => {
    const memory = self.counts.buffer(Int32Array);
    const counts = Array.from(memory.array, (_, i) => Atomics.load(memory.array, i));
    memory.release();
    return counts;
  });

/** A buffer: memoryview(), and NumPy where there is one, see the numbers without a copy. */
export const Matrix = pyClass("Matrix", {
  doc: "Numbers in rows that never change.",
  frozen: true,
  fields: { rows: field.i32({ get: true }), columns: field.i32({ get: true }), data: field.object() },
})
  .constructs({ args: [arg("rows", t.list(t.list(t.float)))] }, (self, rows) => {
    const columns = rows[0]?.length ?? 0;
    if (columns === 0 || rows.some(({ length }) => length !== columns)) {
      throw self.py.error(self.py.builtin("ValueError"), "a matrix needs rows of the same length, and not of 0");
    }
    self.rows = rows.length;
    self.columns = columns;
    const memory = self.py.allocateBuffer(Float64Array, rows.length * columns);
    rows.forEach((row, i) => {
      memory.array.set(row, i * columns);
    });
    self.data = memory.object(self.py);
    memory.release();
  })
  .method("__getitem__", { args: [arg("place", t.tuple(t.int, t.int))], returns: t.float }, (self, [row, column]) => {
    if (row < 0 || row >= self.rows || column < 0 || column >= self.columns) {
      throw self.py.error(self.py.builtin("IndexError"), `there is no (${row}, ${column}) in ${self.rows} rows of ${self.columns}`);
    }
    const memory = self.data.buffer(Float64Array);
    const value = memory.array[row * self.columns + column];
    memory.release();
    return value;
  })
  .method("__matmul__", { args: [arg("vector", t.list(t.float))], returns: t.list(t.float) }, (self, vector) => {
    if (vector.length !== self.columns) {
      throw self.py.error(self.py.builtin("ValueError"), `the vector has ${vector.length} numbers, the matrix ${self.columns} columns`);
    }
    const memory = self.data.buffer(Float64Array);
    const { array } = memory;
    const result = Array.from({ length: self.rows }, (_, row) => vector.reduce((sum, x, i) => sum + x * array[row * vector.length + i], 0));
    memory.release();
    return result;
  })
  .method("__buffer__", { args: [arg("flags", t.int)] }, (self) =>
    // With the shape; nobody can write through it.
    self.py.memoryview(self.data).callMethod("toreadonly").callMethod("cast", "B").callMethod("cast", "d", [self.rows, self.columns]));

export const collections = pyModule("collections_js", { doc: "Containers for many threads." })
  .exception(Missing)
  .add(LruCache)
  .add(Histogram)
  .add(Matrix);
