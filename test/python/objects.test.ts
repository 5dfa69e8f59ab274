import { describe, expect, test } from "vitest";
import { sharedWeft } from "./harness.js";
import { api, type PyAny, type PyClass, type Python } from "./package.js";

const {
  ConversionError, DetachedError, PyBool, PyBuiltinFunction, PyByteArray, PyBytes, PyComplex, PyDate, PyDateTime, PyDict, PyErr, PyFloat,
  PyFrozenSet, PyFunction, PyInt, PyList, PyModule, PySet, PySlice, PyString, PyTime, PyTimeDelta, PyTuple, PyType, PyTzInfo, PyWeakref,
  PyWeakrefProxy,
} = api;

const shared = sharedWeft();

/** Runs attached. */
function attached(call: (py: Python) => void): void {
  shared.weft.attach(call);
}

/** The namespace after statements, its own. */
function space(py: Python, code: string): PyAny {
  const globals = py.dict();
  py.run(code, globals);
  return globals;
}

describe("cast", () => {
  const CASES: readonly (readonly [PyClass<PyAny>, string])[] = [
    [PyList, "[]"],
    [PyTuple, "(1,)"],
    [PyDict, "{}"],
    [PySet, "{1}"],
    [PyFrozenSet, "frozenset({1})"],
    [PyString, "'x'"],
    [PyBytes, "b'x'"],
    [PyByteArray, "bytearray()"],
    [PyInt, "10**30"],
    [PyBool, "True"],
    [PyFloat, "1.5"],
    [PyComplex, "1j"],
    [PySlice, "slice(1)"],
    [PyType, "int"],
    [PyModule, "__import__('sys')"],
    [PyFunction, "lambda: 1"],
    [PyBuiltinFunction, "len"],
    [PyWeakref, "__import__('weakref').ref(int)"],
    [PyWeakrefProxy, "__import__('weakref').proxy(int)"],
    [PyWeakrefProxy, "__import__('weakref').proxy(_keep)"],
    [PyDate, "__import__('datetime').date(2000, 1, 2)"],
    [PyTime, "__import__('datetime').time(1)"],
    [PyDateTime, "__import__('datetime').datetime(2000, 1, 2)"],
    [PyTimeDelta, "__import__('datetime').timedelta(1)"],
  ];

  test.each(CASES)("%o takes %s, exactly", (cls, code) => {
    attached((py) => {
      const globals = py.dict([["_keep", py.set()]]);
      const object = py.eval(code, globals);
      const own = object.castExact(cls);
      expect(own).toBeInstanceOf(cls);
      expect(own.is(object)).toBe(true);
      expect(py.eval("object()").instanceOf(cls)).toBe(false);
      const others = CASES.filter(([other]) => other !== cls && object.exactInstanceOf(other));
      expect(others).toEqual([]);
    });
  });

  test("takes subclasses, castExact does not", () => {
    attached((py) => {
      const made = space(py, "class Mine(list): pass\nx = Mine([1])").getItem("x");
      expect(made.cast(PyList).at(0)!.toJs()).toBe(1);
      expect(() => made.castExact(PyList)).toThrow(new ConversionError("an object of type Mine is not exactly an object of type list"));
      expect(py.eval("True").cast(PyInt).value()).toBe(1);
      expect(PyDateTime.create(py, 2000, 1, 2).cast(PyDate).day).toBe(2);
    });
  });

  test("says both types when it refuses", () => {
    attached((py) => {
      const dict = py.eval("__import__('collections').OrderedDict()");
      let error: unknown;
      try {
        dict.cast(PyList);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(ConversionError);
      expect(error).toBeInstanceOf(TypeError);
      expect((error as Error).message).toBe("an object of type collections.OrderedDict is not an object of type list");
      expect(dict.tryCast(PyList)).toBeUndefined();
      expect(dict.tryCast(PyDict)!.length()).toBe(0);
    });
  });

  test("looks at the real type, whatever the object or the builtins module say", () => {
    attached((py) => {
      const liar = py.eval("type('Liar', (), {'__class__': list})()");
      expect(liar.isInstance(py.builtin("list"))).toBe(true);
      expect(liar.instanceOf(PyList)).toBe(false);
    });
  });

  test("castInto moves the reference, unless it refuses", () => {
    attached((py) => {
      const object = py.eval("[1]");
      expect(() => object.castInto(PyDict)).toThrow(ConversionError);
      const list = object.castInto(PyList);
      expect(() => object.str()).toThrow(DetachedError);
      expect(list.str()).toBe("[1]");
    });
  });

  test("casts neither leak nor lose references", () => {
    attached((py) => {
      const object = py.eval("['x' * 100]");
      const count = py.import("sys").getAttr("getrefcount");
      const before = count.call(object).toJs();
      py.scoped(() => {
        for (let i = 0; i < 100; i++) {
          object.cast(PyList);
          object.tryCast(PyDict);
          expect(() => object.cast(PySet)).toThrow(ConversionError);
        }
        object.cast(PyList).castInto(PyList);
      });
      expect(count.call(object).toJs()).toBe(before);
    });
  });

  test("keeps its class in an owned reference", () => {
    const owned = shared.weft.attach((py) => py.list([1]).unbind());
    attached((py) => {
      expect(owned.intoBound(py).at(0)!.toJs()).toBe(1);
    });
  });

  test("extract gives the value of the right type only", () => {
    attached((py) => {
      expect(py.eval("10**20").extract(PyInt)).toBe(10n ** 20n);
      expect(py.eval("'a'").extract(PyString)).toBe("a");
      expect(() => py.eval("1").extract(PyString)).toThrow("an object of type int is not an object of type str");
    });
  });
});

describe("scalars", () => {
  test("constructors make exactly their type", () => {
    attached((py) => {
      expect(py.int(5).repr()).toBe("5");
      expect(py.int(-0).repr()).toBe("0");
      expect(py.int(1n << 70n).bigint()).toBe(1n << 70n);
      expect(py.int(1e21).repr()).toBe("1000000000000000000000");
      expect(() => py.int(1.5)).toThrow(RangeError);
      expect(py.float(3).repr()).toBe("3.0");
      expect(py.float(-0).value()).toBe(-0);
      expect(py.complex(1, -2).value()).toEqual({ real: 1, imag: -2 });
      expect([py.bool(true).value(), py.bool(false).value()]).toEqual([true, false]);
      expect(py.bool(true).isInstance(py.builtin("int"))).toBe(true);
      expect(py.slice(1, undefined, 2).repr()).toBe("slice(1, None, 2)");
      expect(py.slice(undefined, -1).indices(5)).toEqual({ start: 0, stop: 4, step: 1 });
    });
  });

  test("ints of subclasses have their int value", () => {
    attached((py) => {
      const made = space(py, "class I(int):\n def __or__(s, o): return 7\n __ror__ = __int__ = __index__ = __or__\nx = I(3)").getItem("x");
      expect(made.extract(PyInt)).toBe(3);
      expect(py.eval("True").cast(PyInt).bigint()).toBe(1n);
    });
  });

  test("str counts code points, keeps marks and lone surrogates, and encodes", () => {
    attached((py) => {
      expect(py.str("a😀").length()).toBe(2);
      const long = `\ufeff${"x".repeat(50)}`;
      expect(py.str(long).value()).toBe(long);
      const lone = `\ud800${"y".repeat(300_000)}`;
      expect(py.str(lone).value()).toBe(lone);
      expect([...py.str("é").encode().value()]).toEqual([0xc3, 0xa9]);
      expect([...py.str("é").encode("latin-1").value()]).toEqual([0xe9]);
      expect(() => py.str("é").encode("ascii")).toThrow("UnicodeEncodeError");
    });
  });

  test("interned strs of equal text are one object", () => {
    attached((py) => {
      for (const text of ["weft interned text", "with\0null", "\ud800 lone", ""]) {
        expect(py.intern(text).value()).toBe(text);
        expect(py.intern(text).is(py.intern(text))).toBe(true);
        expect(py.import("sys").callMethod("intern", text).is(py.intern(text))).toBe(true);
      }
      const object = space(py, "class A: pass\nx = A()").getItem("x");
      object.setAttr("\ud800", 1);
      expect(object.getAttr("\ud800").toJs()).toBe(1);
      expect(object.hasAttr("\ufffd")).toBe(false);
    });
  });

  test("bytes and bytearray copy", () => {
    attached((py) => {
      const data = new Uint8Array([1, 2, 0, 255]);
      const bytes = py.bytes(data);
      const array = py.bytearray(data);
      data[0] = 9;
      expect([...bytes.value()]).toEqual([1, 2, 0, 255]);
      const copy = array.value();
      array.callMethod("append", 7);
      expect([...copy]).toEqual([1, 2, 0, 255]);
      expect([...array.value()]).toEqual([1, 2, 0, 255, 7]);
      expect([py.bytes().length(), py.bytearray().value().length]).toEqual([0, 0]);
    });
  });
});

describe("list", () => {
  test("does what a list does", () => {
    attached((py) => {
      const list = py.list([1, 2, 3]);
      expect(list.length()).toBe(3);
      expect([list.at(0), list.at(-1)].map((item) => item!.toJs())).toEqual([1, 3]);
      expect([list.at(3), list.at(-4), list.at(2 ** 32), list.at(Infinity)]).toEqual([undefined, undefined, undefined, undefined]);
      expect(() => list.at(0.5)).toThrow(RangeError);
      list.set(-1, "c");
      list.set(0, "a");
      expect(() => list.set(2 ** 32, 1)).toThrow("IndexError");
      expect(() => list.set(-4, 1)).toThrow("IndexError");
      list.append(4);
      list.insert(0, "first");
      list.insert(Infinity, "last");
      list.extend(py.tuple([5]));
      list.extend(new Set([6]));
      expect(list.toJs()).toEqual(["first", "a", 2, "c", 4, "last", 5, 6]);
      expect(list.slice(1, 3).toJs()).toEqual(["a", 2]);
      expect(list.slice(-2).toJs()).toEqual([5, 6]);
      expect(list.slice(-100, -6).toJs()).toEqual(["first", "a"]);
      expect(list.toTuple().length()).toBe(8);
      const numbers = py.list([3, 1, 2]);
      numbers.sort();
      numbers.reverse();
      expect(numbers.copy().toJs()).toEqual([3, 2, 1]);
      numbers.clear();
      expect(numbers.length()).toBe(0);
      expect(() => py.list([1, "x"]).sort()).toThrow("TypeError");
    });
  });

  test("iteration ends with the list as it was at first, or earlier when it got shorter", () => {
    attached((py) => {
      const growing = py.list([1, 2, 3]);
      let steps = 0;
      for (const item of growing) {
        growing.append(item);
        steps++;
      }
      expect(steps).toBe(3);
      const shrinking = py.list([1, 2, 3, 4]);
      const seen: unknown[] = [];
      for (const item of shrinking) {
        seen.push(item.toJs());
        shrinking.callMethod("pop");
      }
      expect(seen).toEqual([1, 2]);
    });
  });

  test("lockedForEach visits, clamps, and lets go of the lock when the callback throws", () => {
    attached((py) => {
      const list = py.list(["a", "b", "c"]);
      const seen: unknown[] = [];
      list.lockedForEach((item, index) => {
        seen.push([item.str(), index]);
        if (index === 1) {
          list.clear();
        }
      });
      expect(seen).toEqual([["a", 0], ["b", 1]]);
      list.append(1);
      const stack = py.realm.functions.emscripten_stack_get_current();
      expect(() => {
        list.lockedForEach(() => {
          throw new RangeError("mine");
        });
      }).toThrow("mine");
      expect(py.realm.functions.emscripten_stack_get_current()).toBe(stack);
      list.append(2);
      // The last reference goes while the lock is held.
      const dying = py.list([1]);
      dying.lockedForEach(() => {
        dying[Symbol.dispose]();
      });
    });
  });
});

describe("tuple", () => {
  test("does what a tuple does", () => {
    attached((py) => {
      const tuple = py.tuple([1, "b", [3]]);
      expect(tuple.length()).toBe(3);
      expect(tuple.at(-2)!.toJs()).toBe("b");
      expect([tuple.at(3), tuple.at(-4)]).toEqual([undefined, undefined]);
      expect(tuple.slice(1).toJs()).toEqual(["b", [3]]);
      expect([...tuple].map((item) => item.toJs())).toEqual([1, "b", [3]]);
      expect(py.tuple().length()).toBe(0);
    });
  });
});

describe("dict", () => {
  test("does what a dict does", () => {
    attached((py) => {
      const dict = py.dict([["a", 1], ["b", 2]]);
      expect(dict.get("a")!.toJs()).toBe(1);
      expect(dict.get("z")).toBeUndefined();
      expect(() => dict.get(py.list())).toThrow("TypeError");
      expect([dict.has("a"), dict.has("z"), dict.length()]).toEqual([true, false, 2]);
      expect(dict.setDefault("a", 9).inserted).toBe(false);
      const inserted = dict.setDefault("c", 3);
      expect([inserted.inserted, inserted.value.toJs()]).toEqual([true, 3]);
      expect(dict.pop("c")!.toJs()).toBe(3);
      expect(dict.pop("c")).toBeUndefined();
      expect([dict.delete("b"), dict.delete("b")]).toEqual([true, false]);
      dict.set("d", undefined);
      expect(dict.get("d")!.isNone()).toBe(true);
      dict.update({ a: 5, e: 6 }, false);
      dict.update(new Map([["e", 7]]));
      expect(dict.toJs()).toEqual({ a: 1, d: undefined, e: 7 });
      expect([dict.keys().toJs(), dict.values().toJs()]).toEqual([["a", "d", "e"], [1, undefined, 7]]);
      expect(dict.items().at(0)!.toJs()).toEqual(["a", 1]);
      expect([...dict].map(String)).toEqual(["a", "d", "e"]);
      expect([...dict.entries()].map(([key, value]) => `${key}=${value}`)).toEqual(["a=1", "d=None", "e=7"]);
      const copy = dict.copy();
      dict.clear();
      expect([dict.length(), copy.length()]).toEqual([0, 3]);
    });
  });

  test("iteration throws when the size or the keys change", () => {
    attached((py) => {
      for (const iterate of [
        (dict: InstanceType<typeof PyDict>, step: () => void) => {
          for (const _ of dict.entries()) step();
        },
        (dict: InstanceType<typeof PyDict>, step: () => void) => {
          dict.lockedForEach(step);
        },
      ]) {
        const sized = py.dict([[1, 1]]);
        expect(() => iterate(sized, () => sized.set(2, 2))).toThrow("RuntimeError: dictionary changed size during iteration");
        const changed = py.dict([[1, 1]]);
        expect(() => iterate(changed, () => {
          changed.delete(1);
          changed.set(2, 2);
        })).toThrow("RuntimeError: dictionary keys changed during iteration");
        // Values may be replaced.
        const valued = py.dict([[1, 1], [2, 2]]);
        let steps = 0;
        iterate(valued, () => {
          valued.set(1, ++steps);
        });
        expect(steps).toBe(2);
      }
    });
  });

  test("the lock survives nesting, detaching and throwing", () => {
    attached((py) => {
      const dict = py.dict([[1, 1], [2, 2]]);
      const list = py.list([1, 2]);
      const steps: unknown[] = [];
      expect(() => {
        dict.lockedForEach((key) => {
          list.lockedForEach((item) => {
            py.detach(() => {
              shared.weft.attach(() => undefined);
            });
            // The same object once more.
            dict.lockedForEach(() => undefined);
            steps.push([key.toJs(), item.toJs()]);
            if (steps.length === 3) {
              throw new RangeError("mine");
            }
          });
        });
      }).toThrow("mine");
      expect(steps).toEqual([[1, 1], [1, 2], [2, 1]]);
      dict.set(3, 3);
      list.append(3);
    });
  });

  test("iterates over the attributes of an object", () => {
    attached((py) => {
      const object = space(py, "class A: pass\nx = A()\nx.b = 1\nx.a = 2").getItem("x");
      expect([...object.getAttr("__dict__").cast(PyDict).entries()].map(([key, value]) => `${key}${value}`)).toEqual(["b1", "a2"]);
    });
  });
});

test("set and frozenset do what they do", () => {
  attached((py) => {
    const set = py.set([1]);
    set.add(2);
    expect([set.has(1), set.has(3), set.length()]).toEqual([true, false, 2]);
    expect([set.delete(1), set.delete(1)]).toEqual([true, false]);
    expect(set.pop().toJs()).toBe(2);
    expect(() => set.pop()).toThrow("KeyError");
    set.add(1);
    expect(() => {
      for (const _ of set) set.add(5);
    }).toThrow("Set changed size during iteration");
    set.clear();
    expect(set.length()).toBe(0);
    const frozen = py.frozenset([1, 1, 2]);
    expect([frozen.length(), frozen.has(2), frozen.toJs()]).toEqual([2, true, new Set([1, 2])]);
  });
});

test("weak references upgrade while the object lives", () => {
  attached((py) => {
    const object = space(py, "class A: pass\nx = A()").callMethod("pop", "x");
    const died: unknown[] = [];
    const weak = py.weakref(object, (gone: unknown) => died.push(gone));
    const proxy = PyWeakrefProxy.create(py, object);
    py.scoped(() => {
      expect(weak.upgrade()!.is(object)).toBe(true);
      expect(proxy.upgrade()!.is(object)).toBe(true);
      expect(weak.cast(PyWeakref).is(weak)).toBe(true);
    });
    object[Symbol.dispose]();
    expect(weak.upgrade()).toBeUndefined();
    expect(proxy.upgrade()).toBeUndefined();
    expect(died.length).toBe(1);
    expect(() => py.weakref(py.int(1))).toThrow(PyErr);
  });
});

test("types and modules describe themselves", () => {
  attached((py) => {
    const type = py.eval("__import__('collections').OrderedDict").cast(PyType);
    expect([type.name(), type.qualifiedName(), type.fullName()]).toEqual(["OrderedDict", "OrderedDict", "collections.OrderedDict"]);
    expect(type.isSubtypeOf(py.builtin("dict").cast(PyType))).toBe(true);
    expect(type.mro().length()).toBe(3);
    expect(type.bases().at(0)!.is(py.builtin("dict"))).toBe(true);
    const module = PyModule.create(py, "weft_objects_test");
    module.setAttr("answer", 42);
    expect([module.name(), module.dict().get("answer")!.toJs()]).toEqual(["weft_objects_test", 42]);
  });
});

describe("datetime", () => {
  test("fields, and moments as Date", () => {
    attached((py) => {
      const date = PyDate.create(py, 2024, 2, 29);
      expect([date.year, date.month, date.day]).toEqual([2024, 2, 29]);
      expect(() => PyDate.create(py, 2023, 2, 29)).toThrow("ValueError");
      const time = PyTime.create(py, { hour: 1, minute: 2, second: 3, microsecond: 4 });
      expect([time.hour, time.minute, time.second, time.microsecond]).toEqual([1, 2, 3, 4]);
      const delta = PyTimeDelta.create(py, -1, 1, 500_000);
      expect([delta.days, delta.seconds, delta.microseconds, delta.value()]).toEqual([-1, 1, 500_000, -86_398.5]);
      for (const moment of [0, -1, 1_700_000_000_123, -62_135_596_800_000 + 1]) {
        expect(PyDateTime.fromDate(py, new Date(moment)).value().getTime()).toBe(moment);
      }
      const zone = PyTzInfo.fixedOffset(py, PyTimeDelta.create(py, 0, 3600));
      const moment = PyDateTime.create(py, 2020, 1, 1, { tzinfo: zone, hour: 1 });
      expect(moment.value().toISOString()).toBe("2020-01-01T00:00:00.000Z");
      expect(moment.zone()!.is(zone)).toBe(true);
      expect(PyDateTime.create(py, 2020, 1, 1).zone()).toBeUndefined();
      expect(PyTzInfo.utc(py).str()).toBe("UTC");
      expect([moment.date().str(), moment.time().str()]).toEqual(["2020-01-01", "01:00:00+01:00"]);
    });
  });
});
