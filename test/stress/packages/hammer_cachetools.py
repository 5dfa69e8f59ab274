"""cachetools: its documentation says that caches are not thread-safe, and that decorators with a lock and those of
cachetools.func are."""

import threading

import cachetools
import cachetools.func


class HammerLRUCacheWithoutLock:
    """Documented as not thread-safe."""

    def setup(self):
        return cachetools.LRUCache(maxsize=4)

    def op(self, cache, index):
        for i in range(30):
            cache[(index + i) % 8] = i
            cache.get(i % 8)

    def check(self, cache):
        assert len(cache) == cache.currsize <= 4, f"{len(cache)} items, currsize {cache.currsize}"


class HammerLRUCacheInALock(HammerLRUCacheWithoutLock):
    def setup(self):
        self.lock = threading.Lock()
        return super().setup()

    def op(self, cache, index):
        for i in range(30):
            with self.lock:
                cache[(index + i) % 8] = i
                cache.get(i % 8)


class HammerCachedWithLock:
    def setup(self):
        @cachetools.cached(cachetools.LRUCache(maxsize=4), lock=threading.Lock(), info=True)
        def double(n):
            return 2 * n

        return double

    def op(self, double, index):
        for i in range(15):
            assert double((index + i) % 6) == 2 * ((index + i) % 6)

    def check(self, double):
        info = double.cache_info()
        assert info.hits + info.misses >= 15 and info.currsize <= 4, info


class HammerFuncLruCache:
    """`cachetools.func`: "all the decorators in this module are thread-safe by default"."""

    def setup(self):
        self.calls = 0

        @cachetools.func.lru_cache(maxsize=4)
        def double(n):
            return 2 * n

        return double

    def op(self, double, index):
        for i in range(15):
            assert double((index + i) % 6) == 2 * ((index + i) % 6)


class HammerCachedMethodWithLock:
    def setup(self):
        class Thing:
            def __init__(self):
                self.cache = cachetools.TTLCache(maxsize=4, ttl=1000)
                self.lock = threading.Lock()

            @cachetools.cachedmethod(lambda self: self.cache, lock=lambda self: self.lock)
            def double(self, n):
                return 2 * n

        return Thing()

    def op(self, thing, index):
        for i in range(10):
            assert thing.double((index + i) % 6) == 2 * ((index + i) % 6)
