"""Every C function must have the type that it is called with: wasm checks that.

A mismatch traps and ends the process. On other platforms nothing shows it.
"""

import collections
import faulthandler
import functools
import gc
import io
import itertools
import operator
import types
import unittest
import warnings
import weakref

faulthandler.dump_traceback_later(120, exit=True)


class SlotsOfTheCollector(unittest.TestCase):
    """tp_traverse, tp_clear and tp_dealloc, called by the garbage collector."""

    def collect_cycle(self, make):
        """Lets the collector find an object that `make` built around a list."""
        class Marker:
            pass

        marker = Marker()
        gone = weakref.ref(marker)
        cycle = [marker]
        cycle.append(make(cycle))
        del marker, cycle
        gc.collect()
        self.assertIsNone(gone())

    def test_methodcaller(self):
        # Without 0100-methodcaller-clear-signature: "null function or function
        # signature mismatch" in the collector.
        self.collect_cycle(lambda cycle: operator.methodcaller("f", cycle))
        self.collect_cycle(lambda cycle: operator.methodcaller("f", x=cycle))

    def test_methodcaller_after_a_call(self):
        # The first call adds the arguments of the fast path, which clear drops too.
        def make(cycle):
            caller = operator.methodcaller("count", cycle)
            self.assertEqual(caller([]), 0)
            return caller
        self.collect_cycle(make)

    def test_other_types(self):
        makers = {
            "attrgetter": lambda c: [operator.attrgetter("a.b"), c],
            "itemgetter": lambda c: operator.itemgetter(c),
            "partial": lambda c: functools.partial(print, c),
            "lru_cache": lambda c: functools.lru_cache(lambda x=c: x),
            "deque": lambda c: collections.deque([c]),
            "defaultdict": lambda c: collections.defaultdict(None, {1: c}),
            "OrderedDict": lambda c: collections.OrderedDict({1: c}),
            "SimpleNamespace": lambda c: types.SimpleNamespace(c=c),
            "MethodType": lambda c: types.MethodType(print, c),
            "mappingproxy": lambda c: types.MappingProxyType({1: c}),
            "slice": lambda c: slice(c),
            "enumerate": lambda c: enumerate(c),
            "reversed": lambda c: reversed(c),
            "map": lambda c: map(print, c),
            "filter": lambda c: filter(None, c),
            "zip": lambda c: zip(c, c),
            "chain": lambda c: itertools.chain(c),
            "cycle": lambda c: itertools.cycle(c),
            "tee": lambda c: itertools.tee(c),
            "groupby": lambda c: itertools.groupby(c),
            "product": lambda c: itertools.product([c]),
            "generator": lambda c: (x for x in c),
            "property": lambda c: property(lambda self, x=c: x),
            "exception": lambda c: ValueError(c),
            "set": lambda c: {(lambda x=c: x)},
            "cell": lambda c: types.CellType(c),
            "memoryview": lambda c: (memoryview(b"x"), c),
            "BytesIO": lambda c: self.with_attribute(io.BytesIO(), c),
            "StringIO": lambda c: self.with_attribute(io.StringIO(), c),
            "TextIOWrapper": lambda c: self.with_attribute(
                io.TextIOWrapper(io.BytesIO()), c),
        }
        for name, make in makers.items():
            with self.subTest(name):
                self.collect_cycle(make)

    @staticmethod
    def with_attribute(obj, value):
        obj.value = value
        return obj


class Getters(unittest.TestCase):
    def test_computed_attributes(self):
        """Reads every attribute that C code computes, of instances of many types."""
        def function(a, b=1):
            return a

        async def coroutine():
            pass

        def generator():
            yield

        async def async_generator():
            yield

        coro = coroutine()
        self.addCleanup(coro.close)
        try:
            raise KeyError("k")
        except KeyError as error:
            exception = error
        instances = [
            None, True, 1, 1.5, 1j, "s", b"b", bytearray(b"b"), (), [], {}, set(),
            frozenset(), range(3), slice(1), memoryview(b"m"), object(), type, int,
            function, function.__code__, exception, exception.__traceback__,
            exception.__traceback__.tb_frame, coro, generator(), async_generator(),
            len, [].append, types, types.MappingProxyType({}), property(), super(int, 1),
            functools.partial(print), functools.lru_cache(function), io.BytesIO(),
            io.StringIO(), io.TextIOWrapper(io.BytesIO()), weakref.ref(function),
            collections.deque(), collections.OrderedDict(), iter([]), iter({}),
            iter(set()), iter("s"), staticmethod(len), classmethod(len),
            int.__dict__["real"], str.__dict__["upper"], int.__dict__["__add__"],
            list[int], int | str, types.SimpleNamespace(),
        ]
        read = 0
        warnings.simplefilter("ignore", DeprecationWarning)
        for instance in instances:
            for cls in type(instance).__mro__:
                for name, attribute in vars(cls).items():
                    if isinstance(attribute, types.GetSetDescriptorType):
                        try:
                            attribute.__get__(instance, cls)
                        except (AttributeError, TypeError, ValueError,
                                io.UnsupportedOperation):
                            pass
                        read += 1
        self.assertGreaterEqual(read, 150)


if __name__ == "__main__":
    unittest.main()
