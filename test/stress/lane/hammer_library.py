"""What CPython's documentation gives threads to share: none of it may fail under any schedule."""

import collections
import concurrent.futures
import contextvars
import functools
import heapq
import itertools
import json
import logging
import queue
import re
import string
import threading
import weakref


class HammerQueue:
    """Everything that is put is got once."""

    def setup(self):
        return {"queue": queue.Queue(maxsize=2), "got": []}

    def op(self, state, index):
        for number in range(10):
            state["queue"].put((index, number))
            state["got"].append(state["queue"].get())

    def check(self, state):
        assert len(state["got"]) == len(set(state["got"])), "an item came twice"
        assert state["queue"].empty()


class HammerCondition:
    def setup(self):
        return {"condition": threading.Condition(), "turn": 0, "threads": 0}

    def op(self, state, index):
        condition = state["condition"]
        with condition:
            state["threads"] += 1
        for _ in range(5):
            with condition:
                state["turn"] += 1
                condition.notify_all()
                condition.wait(timeout=0.01)

    def check(self, state):
        assert state["turn"] == 5 * state["threads"]


class HammerSemaphore:
    def setup(self):
        return {"semaphore": threading.BoundedSemaphore(2), "inside": 0, "most": 0, "lock": threading.Lock()}

    def op(self, state, index):
        for _ in range(5):
            with state["semaphore"]:
                with state["lock"]:
                    state["inside"] += 1
                    state["most"] = max(state["most"], state["inside"])
                with state["lock"]:
                    state["inside"] -= 1

    def check(self, state):
        assert state["most"] <= 2


class HammerDictionary:
    """Each operation on a dict or a list is one step."""

    def setup(self):
        return {"shared": {}, "list": [], "deque": collections.deque(maxlen=50), "winners": []}

    def op(self, state, index):
        for key in range(30):
            mine = object()
            if state["shared"].setdefault(key, mine) is mine:
                state["winners"].append(key)
            state["list"].append(index)
            state["deque"].append(index)
            list(state["shared"].items())

    def check(self, state):
        assert sorted(state["winners"]) == list(range(30)), "a key was set twice"
        assert len(state["list"]) % 30 == 0


class HammerLruCache:
    def setup(self):
        return functools.lru_cache(maxsize=8)(lambda key: (key, object()))

    def op(self, cached, index):
        for number in range(60):
            assert cached(number % 12)[0] == number % 12

    def check(self, cached):
        information = cached.cache_info()
        assert information.currsize <= 8


class HammerCachedProperty:
    def setup(self):
        class Thing:
            @functools.cached_property
            def value(self):
                return 42

        return [Thing() for _ in range(200)]

    def op(self, things, index):
        for thing in things:
            assert thing.value == 42


class HammerExecutor:
    def op(self, state, index):
        with concurrent.futures.ThreadPoolExecutor(max_workers=2) as executor:
            assert list(executor.map(lambda x: x * x, range(5))) == [0, 1, 4, 9, 16]


class HammerContext:
    variable = contextvars.ContextVar("variable", default=None)
    local = threading.local()

    def op(self, state, index):
        self.variable.set(index)
        self.local.value = index
        for _ in range(20):
            assert self.variable.get() == index
            assert self.local.value == index


class HammerTexts:
    """Caches inside of modules: of patterns, of templates, of scanners."""

    def op(self, state, index):
        for number in range(5):
            assert re.fullmatch(rf"a{{{number}}}b", "a" * number + "b")
            assert json.loads(json.dumps({"key": [number, None]})) == {"key": [number, None]}
            assert string.Template("$x").substitute(x=number) == str(number)


class HammerLogging:
    def setup(self):
        records = []

        class Handler(logging.Handler):
            def emit(self, record):
                records.append(record.getMessage())

        logger = logging.Logger("hammer")
        logger.addHandler(Handler())
        return {"logger": logger, "records": records}

    def op(self, state, index):
        for number in range(10):
            state["logger"].warning("%s %s", index, number)

    def check(self, state):
        assert len(state["records"]) == len(set(state["records"]))


class HammerWeak:
    class Thing:
        pass

    def setup(self):
        return {"values": weakref.WeakValueDictionary(), "strong": [self.Thing() for _ in range(8)]}

    def op(self, state, index):
        for number in range(20):
            state["values"][number % 8] = state["strong"][number % 8]
            assert state["values"].get(number % 8) is state["strong"][number % 8]


class HammerHeap:
    """A heap has no lock of its own."""

    def setup(self):
        return {"heap": [], "lock": threading.Lock(), "numbers": itertools.count()}

    def op(self, state, index):
        for _ in range(10):
            with state["lock"]:
                heapq.heappush(state["heap"], next(state["numbers"]))

    def check(self, state):
        assert [heapq.heappop(state["heap"]) for _ in range(len(state["heap"]))] == sorted(range(next(state["numbers"])))
