"""boltons: LRU and LRI have a lock; the other structures say nothing about threads."""

from boltons.cacheutils import LRI, LRU, MinIDMap, ThresholdCounter, cached, cachedproperty
from boltons.dictutils import OrderedMultiDict
from boltons.queueutils import HeapPriorityQueue
from boltons.setutils import IndexedSet


def linked_keys(cache):
    return [key for key, _ in cache._get_flattened_ll()[1:]]


class HammerLRU:
    def setup(self):
        return LRU(max_size=4)

    def op(self, cache, index):
        for i in range(12):
            cache[(index + i) % 8] = i
            cache.get(i % 8)

    def check(self, cache):
        assert sorted(linked_keys(cache)) == sorted(cache) and len(cache) <= 4, f"{linked_keys(cache)} but {sorted(cache)}"


class HammerSoftMisses:
    """get() counts what it does not find, outside of the lock."""

    def setup(self):
        return LRI(max_size=4)

    def op(self, cache, index):
        for i in range(20):
            cache.get(i)

    def check(self, cache):
        assert cache.soft_miss_count == cache.miss_count, f"{cache.miss_count} misses, {cache.soft_miss_count} of them counted in get()"


class HammerCached:
    def setup(self):
        @cached(LRU(max_size=4))
        def double(n):
            return 2 * n

        return double

    def op(self, double, index):
        for i in range(12):
            assert double((index + i) % 8) == 2 * ((index + i) % 8)


class HammerCachedProperty:
    """"the wrapped method is only called once"."""

    def setup(self):
        self.calls = []
        calls = self.calls

        class Thing:
            @cachedproperty
            def value(self):
                calls.append(1)
                return object()

        return [Thing() for _ in range(10)]

    def op(self, things, index):
        for thing in things:
            thing.value

    def check(self, things):
        assert len(self.calls) == len(things), f"{len(self.calls)} calls for {len(things)} objects"


class HammerThresholdCounter:
    def setup(self):
        return ThresholdCounter(threshold=0.1)

    def op(self, counter, index):
        for i in range(30):
            counter.add(i % 3)

    def check(self, counter):
        assert counter.total % 30 == 0, f"{counter.total} additions"


class HammerMinIDMap:
    """Objects that are there at the same time have different numbers."""

    def setup(self):
        self.objects = []
        self.numbers = []
        return MinIDMap()

    def op(self, numbers, index):
        class Thing:
            pass

        for _ in range(6):
            thing = Thing()
            self.objects.append(thing)
            self.numbers.append(numbers.get(thing))

    def check(self, numbers):
        assert len(set(self.numbers)) == len(self.objects), f"{len(set(self.numbers))} numbers for {len(self.objects)} objects"


class HammerIndexedSet:
    def setup(self):
        return IndexedSet()

    def op(self, things, index):
        for i in range(10):
            things.add((index, i))

    def check(self, things):
        assert len(set(things.item_list)) == len(things.item_index_map) and [*things.item_index_map.values()] == [*range(len(things))], "two things at one index"


class HammerOrderedMultiDict:
    def setup(self):
        return OrderedMultiDict()

    def op(self, many, index):
        for i in range(8):
            many.add(i % 3, index)

    def check(self, many):
        assert len(many.items(multi=True)) % 8 == 0, f"{len(many.items(multi=True))} items"


class HammerHeapPriorityQueue:
    def setup(self):
        self.got = []
        return HeapPriorityQueue()

    def op(self, queue, index):
        for i in range(8):
            queue.add((index, i), i)
            self.got.append(queue.pop())

    def check(self, queue):
        assert len(set(self.got)) == len(self.got), f"{len(self.got) - len(set(self.got))} tasks were given out twice"
