/** What a thread of collections.test.ts does with the example's objects. */
export function use(weft, ownedCache, ownedHistogram, n) {
  weft.attach((py) => {
    const [cache, histogram] = [ownedCache.intoBound(py), ownedHistogram.intoBound(py)];
    for (let i = 0; i < 200; i++) {
      cache.callMethod("put", `${n} ${i % 10}`, i);
      histogram.callMethod("add", [0.3, 1.5]);
    }
  });
}
