"""jinja2: the cache of templates, which locks what writes it, and templates that threads load and render together."""

import jinja2
from jinja2.utils import LRUCache


class HammerLRUCacheItems:
    """items() looks keys up that it has read before, without the lock."""

    def setup(self):
        cache = LRUCache(4)
        for key in range(4):
            cache[key] = key
        return cache

    def op(self, cache, index):
        for i in range(12):
            if index % 2:
                cache[4 + i] = i
            else:
                cache.items()


class HammerLRUCacheKeys:
    def setup(self):
        cache = LRUCache(4)
        for key in range(4):
            cache[key] = key
        return cache

    def op(self, cache, index):
        for i in range(30):
            if index % 2:
                cache[i % 7] = i
            else:
                list(cache)


class HammerLRUCacheSetDefault:
    """dict.setdefault() gives all threads the same value."""

    def setup(self):
        self.got = []
        return LRUCache(50)

    def op(self, cache, index):
        for key in range(10):
            self.got.append((key, id(cache.setdefault(key, object()))))

    def check(self, cache):
        assert len(set(self.got)) == 10, f"{len(set(self.got))} values for 10 keys"


class HammerLRUCacheGetAndSet:
    def setup(self):
        return LRUCache(4)

    def op(self, cache, index):
        for i in range(20):
            cache[(index + i) % 8] = i
            cache.get(i % 8)

    def check(self, cache):
        assert sorted(cache._mapping) == sorted(cache._queue), f"{sorted(cache._mapping)} but {sorted(cache._queue)}"
        assert len(cache) <= 4


class HammerTemplates:
    def setup(self):
        texts = {f"t{i}": "{% for n in numbers %}{{ n + " + str(i) + " }},{% endfor %}" for i in range(3)}
        return jinja2.Environment(loader=jinja2.DictLoader(texts), cache_size=2)

    def op(self, environment, index):
        for i in range(3):
            text = environment.get_template(f"t{(index + i) % 3}").render(numbers=[1, 2])
            n = (index + i) % 3
            assert text == f"{1 + n},{2 + n},", text
