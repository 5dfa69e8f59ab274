"""Patch 0203: attributes by the thread's cache are what the general functions give.

getattr() and setattr() take the general way in C, so each instruction is compared with them
while classes and objects change in every way that decides where an attribute is.
"""

import faulthandler
import random
import threading
import types
import unittest

faulthandler.dump_traceback_later(240, exit=True)

NAMES = ["alpha", "beta", "gamma", "method", "slot"]


def compiled(template):
    """One function for each name: the name has to be in the code to get into the instruction."""
    functions = {}
    for name in NAMES:
        exec(template.format(name=name), scope := {})
        functions[name] = scope["function"]
    return functions


LOAD = compiled("def function(owner): return owner.{name}")
CALL = compiled("def function(owner): return owner.{name}()")
STORE = compiled("def function(owner, value): owner.{name} = value")
AGAIN = compiled("def function(owner, value): owner.{name} += value")


def outcome(function, *args):
    try:
        return "value", function(*args)
    except Exception as error:
        return type(error), str(error)


class Descriptor:
    def __get__(self, owner, cls):
        return "described", owner is None, cls.__name__


class DataDescriptor(Descriptor):
    def __set__(self, owner, value):
        raise AttributeError("stays")


class Callable:
    def __call__(self, *args):
        return "called", len(args)


def class_values():
    """What a class can have under a name."""
    return [
        lambda: 7,
        lambda: "default",
        lambda: (lambda *args: ("function", len(args))),
        lambda: property(lambda self: "property"),
        lambda: staticmethod(lambda *args: ("static", len(args))),
        lambda: classmethod(lambda cls, *args: ("class", cls.__name__)),
        Descriptor,
        DataDescriptor,
        Callable,
    ]


class SameAsGeneral(unittest.TestCase):
    def compare(self, owner):
        for name in NAMES:
            # The first fills the cache, the second uses it.
            for _ in range(2):
                got = outcome(LOAD[name], owner)
                wanted = outcome(getattr, owner, name)
                if isinstance(wanted[1], types.MethodType):
                    self.assertEqual(got, wanted)
                else:
                    self.assertEqual((got[0], repr(got[1])), (wanted[0], repr(wanted[1])), (owner, name))
                self.assertEqual(outcome(CALL[name], owner), outcome(lambda: getattr(owner, name)()), (owner, name))

    def test_numbers_of_c_structures(self):
        from _testcapi import _test_structmembersType_NewAPI

        names = [name for name in vars(_test_structmembersType_NewAPI) if name.startswith("T_")]
        self.assertLess({"T_BOOL", "T_UBYTE", "T_INT", "T_ULONG", "T_PYSSIZET", "T_FLOAT", "T_DOUBLE", "T_LONGLONG"}, set(names))

        for name in [*names, "real", "imag", "start"]:
            exec(f"def function(owner): return owner.{name}", scope := {})
            owners = [_test_structmembersType_NewAPI(), complex(1.5, -0.0), slice(1), 7, 2.5]
            for owner in owners:
                for _ in range(3):
                    self.assertEqual(repr(outcome(scope["function"], owner)), repr(outcome(getattr, owner, name)), (owner, name))

        owner = _test_structmembersType_NewAPI()
        for value in (3, -4, 1 << 20):
            owner.T_INT = value
            self.assertEqual(owner.T_INT, value)

        class Number(complex):
            pass

        number = Number(1, 2)
        number.__dict__["real"] = "not asked"
        for _ in range(3):
            self.assertEqual((number.real, number.imag), (1.0, 2.0))
        Number.real = "of the class"
        self.assertEqual(number.real, "not asked")
        del number.__dict__["real"]
        self.assertEqual(number.real, "of the class")
        del Number.real
        self.assertEqual(number.real, 1.0)

    def test_random_changes(self):
        for seed in range(12):
            choose = random.Random(seed)

            class Base:
                pass

            class Other:
                pass

            class Plain(Base):
                pass

            class Slotted(Base):
                __slots__ = ("slot", "alpha")

            class Pure:
                __slots__ = ("slot", "beta", "__weakref__")

            class OfBuiltin(dict):
                pass

            classes = [Base, Other, Plain, Slotted, Pure, OfBuiltin]
            owners = [cls() for cls in classes for _ in range(2)]
            for step in range(600):
                name = choose.choice(NAMES)
                match choose.randrange(10):
                    case 0 | 1:
                        setattr(choose.choice(classes), name, choose.choice(class_values())())
                    case 2:
                        cls = choose.choice(classes)
                        if name in vars(cls) and name not in getattr(cls, "__slots__", ()):
                            delattr(cls, name)
                    case 3 | 4 | 5:
                        owner, value = choose.choice(owners), object()
                        before = repr(outcome(getattr, owner, name))
                        stored = outcome(STORE[name], owner, value)
                        if stored[0] == "value":
                            self.assertEqual(outcome(getattr, owner, name), ("value", value))
                        else:
                            self.assertEqual(repr(outcome(getattr, owner, name)), before)
                            self.assertEqual(outcome(setattr, owner, name, value), stored)
                    case 6:
                        outcome(delattr, choose.choice(owners), name)
                    case 7:
                        owner = choose.choice(owners)
                        if hasattr(owner, "__dict__"):
                            owner.__dict__[choose.choice([name, f"more{step}"])] = step
                    case 8:
                        owner = choose.choice(owners)
                        if type(owner) in (Base, Other, Plain):
                            owner.__class__ = choose.choice([Base, Other, Plain])
                    case 9:
                        if choose.random() < 0.3:
                            Plain.__bases__ = (choose.choice([Base, Other]),)
                        else:
                            owner = choose.choice(owners)
                            if hasattr(owner, "__dict__") and not isinstance(owner, dict):
                                owner.__dict__ = dict(owner.__dict__)
                self.compare(choose.choice(owners))
                self.compare(choose.choice(classes))

    def test_order_and_kinds_of_stores(self):
        class Point:
            def __init__(self, first, *others):
                setattr(self, first, 1)
                for name in others:
                    STORE[name](self, name)
                self.last = self

        self.assertEqual(list(vars(Point("alpha", "beta", "gamma"))), ["alpha", "beta", "gamma", "last"])
        self.assertEqual(list(vars(Point("gamma", "beta", "alpha"))), ["gamma", "beta", "alpha", "last"])
        point = Point("alpha")
        for name in ("alpha", "beta"):
            vars(point)[name] = 1
            for _ in range(3):
                AGAIN[name](point, 1)
        self.assertEqual((point.alpha, point.beta, vars(point)["alpha"]), (4, 4, 4))

    def test_attributes_come_and_go_while_init_runs(self):
        class Kept:
            def __init__(self, again):
                self.alpha = 1
                if again:
                    self.__dict__["beta"] = 2
                self.beta = 3
                kept.append(self)
                self.gamma = 4
                del self.alpha
                self.alpha = 5

        for again in (False, True) * 3:
            kept = []
            self.assertEqual(list(vars(Kept(again)).items()), [("beta", 3), ("gamma", 4), ("alpha", 5)])
            self.assertIs(type(kept[0]), Kept)

    def test_hooks(self):
        class Watched:
            alpha = 1

        owner = Watched()
        self.assertEqual([LOAD["alpha"](owner) for _ in range(3)], [1] * 3)
        Watched.__getattr__ = lambda self, name: f"missing {name}"
        self.assertEqual(LOAD["beta"](owner), "missing beta")
        Watched.__getattribute__ = lambda self, name: f"every {name}"
        self.assertEqual(LOAD["alpha"](owner), "every alpha")
        del Watched.__getattribute__
        self.assertEqual(LOAD["alpha"](owner), 1)
        seen = []
        STORE["gamma"](owner, 1)
        Watched.__setattr__ = lambda self, name, value: seen.append((name, value))
        STORE["gamma"](owner, 2)
        self.assertEqual((seen, vars(owner)["gamma"]), ([("gamma", 2)], 1))

    def test_nothing_stays_alive(self):
        """The cache refers to what it knows, but does not keep it."""
        import gc
        import weakref

        class Short:
            def method(self):
                return self

        method, owner = weakref.ref(Short.method), Short()
        self.assertIs(CALL["method"](owner), owner)
        Short.method = lambda self: 2
        gc.collect()
        self.assertIsNone(method())
        self.assertEqual(CALL["method"](owner), 2)


class Modules(unittest.TestCase):
    """Patch 0220: what a module has is found where the thread found it last."""

    def test_values_come_and_go(self):
        module = types.ModuleType("module")
        general = lambda name: outcome(getattr, module, name)
        choose = random.Random(3)
        for step in range(2000):
            name = choose.choice(NAMES)
            change = choose.randrange(4)
            if change == 0:
                setattr(module, name, lambda step=step: step)
            elif change == 1 and hasattr(module, name):
                delattr(module, name)
            elif change == 2:
                # Other tables, in which names are elsewhere.
                vars(module).update({f"other{choose.randrange(200)}": step})
            elif change == 3 and step % 50 == 0:
                vars(module)[step] = step
            self.assertEqual(outcome(LOAD[name], module), general(name))
            if general(name)[0] == "value":
                self.assertEqual(CALL[name](module), getattr(module, name)())

    def test_what_the_class_has(self):
        module = types.ModuleType("module", "text")
        vars(module)["__dict__"] = vars(module)["__class__"] = vars(module)["__annotations__"] = 7
        self.assertIs(module.__dict__, vars(module))
        self.assertIs(module.__class__, types.ModuleType)
        self.assertEqual(module.__annotations__, 7)
        self.assertEqual((module.__name__, module.__doc__), ("module", "text"))
        vars(module)["__repr__"] = 8
        self.assertEqual(module.__repr__, 8)

    def test_hooks(self):
        module = types.ModuleType("module")
        module.__getattr__ = lambda name: f"missing {name}"
        module.alpha = 1
        self.assertEqual([LOAD["alpha"](module), LOAD["beta"](module)], [1, "missing beta"])

        class Watched(types.ModuleType):
            def __getattribute__(self, name):
                return f"every {name}"

        module.__class__ = Watched
        self.assertEqual([LOAD["alpha"](module), LOAD["beta"](module)], ["every alpha", "every beta"])

        class Property(types.ModuleType):
            @property
            def alpha(self):
                return "property"

        module = types.ModuleType("module")
        module.alpha = 1
        self.assertEqual(LOAD["alpha"](module), 1)
        module.__class__ = Property
        self.assertEqual(LOAD["alpha"](module), "property")


class Threads(unittest.TestCase):
    def run_all(self, *works):
        errors = []
        barrier = threading.Barrier(len(works))

        def run(work):
            barrier.wait(60)
            try:
                work()
            except Exception as error:
                errors.append(repr(error))

        threads = [threading.Thread(target=run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])

    def test_modules_that_change(self):
        module = types.ModuleType("module")
        module.alpha = (0, 0)
        stop = threading.Event()
        wrong = []

        def change():
            try:
                for n in range(5000, 25_000):
                    module.alpha = (n, n)
                    setattr(module, f"other{n % 300}", n)
                    if n % 100 == 0:
                        delattr(module, f"other{n % 300}")
            finally:
                stop.set()

        def look():
            while not stop.is_set():
                one, other = module.alpha
                if one != other:
                    wrong.append((one, other))

        self.run_all(change, look, look, look)
        self.assertEqual(wrong, [])

    def test_methods_that_are_replaced(self):
        class Changing:
            __slots__ = ("slot", "__dict__")

        def make(number):
            def method(self):
                return "method", number
            return method

        owner = Changing()
        Changing.method = make(0)
        Changing.alpha = ["alpha", 0]

        def change():
            for number in range(3000):
                Changing.method = make(number)
                Changing.alpha = ["alpha", number]

        def read():
            last = -1
            for _ in range(6000):
                name, number = CALL["method"](owner)
                if name != "method" or number < last:
                    raise AssertionError((name, number, last))
                last = number
                if LOAD["alpha"](owner)[0] != "alpha" or LOAD["alpha"](Changing)[0] != "alpha":
                    raise AssertionError("another value")

        self.run_all(change, read, read)

    def test_values_that_are_replaced(self):
        class Plain:
            pass

        class Slotted:
            __slots__ = ("alpha",)

        for cls in (Plain, Slotted):
            owner = cls()
            owner.alpha = ["value", 0]

            def change():
                for number in range(8000):
                    STORE["alpha"](owner, ["value", number])

            def read():
                for _ in range(8000):
                    if LOAD["alpha"](owner)[0] != "value":
                        raise AssertionError("another value")

            self.run_all(change, change, read, read)

    def test_dictionaries_that_are_made_meanwhile(self):
        class Plain:
            pass

        # Enough for each round: a dictionary that has its own table stays that way.
        owners = [Plain() for _ in range(4000)]
        for owner in owners:
            owner.alpha = owner.beta = 0

        def store():
            for number, owner in enumerate(owners):
                STORE["alpha"](owner, number)
                STORE["beta"](owner, LOAD["alpha"](owner))

        def take():
            for number, owner in enumerate(owners):
                vars(owner)[f"more{number}"] = number

        self.run_all(store, store, take)
        for number, owner in enumerate(owners):
            self.assertEqual(vars(owner), {"alpha": number, "beta": number, f"more{number}": number})


class BecomesDescriptor(unittest.TestCase):
    """The class of what a class has changes, which the version of the latter does not tell."""

    def check(self, owner_has, method):
        class Value:
            def __call__(self, *args):
                return "called"

        class Owner:
            pass

        Owner.alpha = Value()
        owner = Owner()
        if owner_has:
            owner.alpha = Value()
        for _ in range(3):
            self.assertIsInstance(LOAD["alpha"](owner), Value)
            self.assertIsInstance(LOAD["alpha"](Owner), Value)
            self.assertEqual(CALL["alpha"](owner), "called")
            if owner_has:
                STORE["alpha"](owner, Value())
        setattr(Value, method, lambda self, *args: (lambda *_: "described"))
        for _ in range(3):
            for load in (lambda: LOAD["alpha"](owner), lambda: LOAD["alpha"](Owner)):
                self.assertEqual(isinstance(load(), Value), method == "__set__", (owner_has, method))
            self.assertEqual(CALL["alpha"](owner), "called" if method == "__set__" else "described")
            if method == "__set__":
                STORE["alpha"](owner, 1)
                self.assertNotEqual(vars(owner).get("alpha"), 1)

    def test_set(self):
        self.check(False, "__set__")
        self.check(True, "__set__")

    def test_get(self):
        self.check(False, "__get__")

    def test_both(self):
        class Value:
            pass

        class Owner:
            alpha = Value()

        owner = Owner()
        owner.alpha = "own"
        for _ in range(3):
            self.assertEqual(LOAD["alpha"](owner), "own")
        Value.__get__ = lambda self, *args: "described"
        self.assertEqual(LOAD["alpha"](owner), "own")
        Value.__set__ = lambda self, *args: None
        self.assertEqual(LOAD["alpha"](owner), "described")
        STORE["alpha"](owner, "other")
        self.assertEqual(vars(owner), {"alpha": "own"})


if __name__ == "__main__":
    unittest.main()
