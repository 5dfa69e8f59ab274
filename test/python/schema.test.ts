import { describe, expect, expectTypeOf, test } from "vitest";
import { sharedWeft, threadModule } from "./harness.js";
import { expectNoLeak } from "./leaks.js";
import { api, type Infer, type Py, type PyAny, type PyList, type Schema } from "./package.js";

const { ConversionError, PyDict, PyErr, PyList: List, SchemaError, t } = api;

const shared = sharedWeft();

const SETUP = `
import collections, datetime, decimal, enum, types
class MyInt(int): pass
class MyStr(str): pass
class Indexed:
    def __index__(self): return 3
class Floating:
    def __float__(self): return 1.5
class Level(enum.IntEnum): low = 1
class Point:
    def __init__(self, **parts): self.__dict__.update(parts)
class Fails:
    @property
    def x(self): raise RuntimeError("broken")
    def __repr__(self): raise RuntimeError("broken repr")
utc = datetime.timezone.utc
`;

/** A value of Python's, in a namespace of its own. */
function value(code: string, use: (object: PyAny) => void): void {
  shared.weft.attach((py) => {
    const space = py.dict();
    py.run(SETUP, space);
    use(py.eval(code, space));
  });
}

describe("extract", () => {
  test.each<[string, Schema<unknown>, unknown]>([
    ["1", t.int, 1],
    ["-2**53 + 1", t.int, -(2 ** 53) + 1],
    ["MyInt(5)", t.int, 5],
    ["Level.low", t.int, 1],
    ["255", t.int.between(0, 255), 255],
    ["2**100", t.bigint, 2n ** 100n],
    ["-1", t.bigint, -1n],
    ["1.5", t.float, 1.5],
    ["float('-inf')", t.float, -Infinity],
    ["3", t.float, 3],
    ["2**70", t.float, 2 ** 70],
    ["'añ\\ud800'", t.str, "añ\ud800"],
    ["MyStr('x')", t.str, "x"],
    ["b'\\x00\\xff'", t.bytes, new Uint8Array([0, 255])],
    ["bytearray(b'ab')", t.bytes, new Uint8Array([97, 98])],
    ["True", t.bool, true],
    ["None", t.none, undefined],
    ["[1, 2]", t.list(t.int), [1, 2]],
    ["(1, 2)", t.list(t.int), [1, 2]],
    ["range(3)", t.list(t.int), [0, 1, 2]],
    ["collections.deque([1.5])", t.list(t.float), [1.5]],
    ["[]", t.list(t.int), []],
    ["(1, 'a')", t.tuple(t.int, t.str), [1, "a"]],
    ["()", t.tuple(), []],
    ["{1, 2}", t.set(t.int), new Set([1, 2])],
    ["frozenset({'a'})", t.set(t.str), new Set(["a"])],
    ["{1}", t.frozenset(t.int), new Set([1])],
    ["{'a': 1.5}", t.dict(t.str, t.float), new Map([["a", 1.5]])],
    ["collections.OrderedDict(b=1, a=2)", t.dict(t.str, t.int), new Map([["b", 1], ["a", 2]])],
    ["None", t.optional(t.int), undefined],
    ["1", t.optional(t.int), 1],
    ["'x'", t.union(t.int, t.str), "x"],
    ["1", t.union(t.str, t.float, t.int), 1],
    ["'on'", t.literal("on", "off"), "on"],
    ["None", t.literal(undefined, 1), undefined],
    ["1", t.literal(1, true), 1],
    ["True", t.literal(1, true), true],
    ["1.5", t.literal(1.5), 1.5],
    ["2**70", t.literal(2n ** 70n), 2n ** 70n],
    ["Point(x=1, y=None)", t.object({ x: t.int, y: t.optional(t.int) }), { x: 1, y: undefined }],
    ["Point(x=1)", t.object({ x: t.int, y: t.optional(t.int) }), { x: 1 }],
    ["{'x': 1, 'other': 2}", t.record({ x: t.int }), { x: 1 }],
    ["{}", t.record({ x: t.optional(t.int) }), {}],
    ["{'a': [1, None]}", t.any, { a: [1, undefined] }],
    ["datetime.datetime(2020, 1, 2, 3, 4, 5, 6789, utc)", t.datetime, new Date("2020-01-02T03:04:05.006Z")],
    ["datetime.date(2020, 1, 2)", t.date, { year: 2020, month: 1, day: 2 }],
    ["datetime.time(23, 59, 0, 7)", t.time, { hour: 23, minute: 59, second: 0, microsecond: 7 }],
    ["datetime.timedelta(days=-1, microseconds=5)", t.timedelta, -86400 + 5e-6],
    ["memoryview(bytearray(b'ab'))", t.typedArray(Uint8Array), new Uint8Array([97, 98])],
    ["'12'", t.str.map(Number, String, "number"), 12],
  ])("%s", (code, schema, expected) => {
    value(code, (object) => {
      expect(object.extract(schema)).toEqual(expected);
      expect(schema.extract(object)).toEqual(expected);
    });
  });

  // PyO3 refuses most of these; it takes True for an int, and calls __index__ and __float__.
  test.each<[string, Schema<unknown>, string]>([
    ["1.0", t.int, "value: expected int, got float 1.0"],
    ["True", t.int, "value: expected int, got bool True"],
    ["True", t.bigint, "value: expected int, got bool True"],
    ["True", t.float, "value: expected float, got bool True"],
    ["1", t.bool, "value: expected bool, got int 1"],
    ["Indexed()", t.int, "value: expected int, got Indexed"],
    ["Floating()", t.float, "value: expected float, got Floating"],
    ["decimal.Decimal(1)", t.float, "value: expected float, got decimal.Decimal"],
    ["2**53", t.int, "value: expected int, got int 9007199254740992, which no number holds exactly: use t.bigint"],
    ["256", t.int.between(0, 255), "value: expected int from 0 to 255, got int 256"],
    ["-1", t.int.between(0, 255), "value: expected int from 0 to 255, got int -1"],
    ["10**5000", t.int, "value: expected int, got int, which no number holds exactly: use t.bigint"],
    ["10**400", t.float, "value: expected float, got an int that is too large for one"],
    ["'1'", t.int, "value: expected int, got str '1'"],
    ["b'a'", t.str, "value: expected str, got bytes b'a'"],
    ["'a'", t.bytes, "value: expected bytes, got str 'a'"],
    ["'x' * 1000", t.int, "value: expected int, got str of length 1000"],
    ["None", t.str, "value: expected str, got None"],
    ["0", t.none, "value: expected None, got int 0"],
    ["'ab'", t.list(t.str), "value: expected list[str], got str 'ab'"],
    ["b'ab'", t.list(t.int), "value: expected list[int], got bytes b'ab'"],
    ["{1}", t.list(t.int), "value: expected list[int], got set"],
    ["iter([1])", t.list(t.int), "value: expected list[int], got list_iterator"],
    ["[1, 2]", t.tuple(t.int, t.int), "value: expected tuple[int, int], got list"],
    ["(1, 2, 3)", t.tuple(t.int, t.int), "value: expected tuple[int, int], got a tuple of 3"],
    ["[1]", t.set(t.int), "value: expected set[int], got list"],
    ["types.MappingProxyType({})", t.dict(t.str, t.int), "value: expected dict[str, int], got mappingproxy"],
    ["1", t.optional(t.str), "value: expected str | None, got int 1"],
    ["[]", t.union(t.int, t.str), "value: expected int | str, got list"],
    ["'x'", t.literal("a", 1, undefined), 'value: expected Literal["a", 1, None], got str \'x\''],
    ["1.0", t.literal(1), "value: expected Literal[1], got float 1.0"],
    ["datetime.datetime(2020, 1, 2)", t.datetime, "value: expected datetime with a zone, got a naive one"],
    ["datetime.datetime(2020, 1, 2)", t.date, "value: expected date, got datetime.datetime"],
    ["datetime.date(2020, 1, 2)", t.datetime, "value: expected datetime with a zone, got datetime.date"],
    ["datetime.time(1, tzinfo=utc)", t.time, "value: expected time without a zone, got one with a zone"],
    ["datetime.datetime(2020, 1, 2)", t.time, "value: expected time without a zone, got datetime.datetime"],
    ["Fails()", t.int, "value: expected int, got Fails"],
    ["bytearray(8)", t.typedArray(Float64Array), "value: a buffer of format 'B' is no Float64Array: ask for Uint8Array, or cast a memoryview of it in Python"],
  ])("%s is refused", (code, schema, message) => {
    value(code, (object) => {
      let error: unknown;
      try {
        object.extract(schema);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(SchemaError);
      expect(error).toBeInstanceOf(ConversionError);
      expect((error as Error).message).toBe(message);
    });
  });

  test("errors name the place", () => {
    const argument = t.object({ items: t.list(t.object({ name: t.union(t.int, t.none) })) });
    value("Point(items=[Point(name=1), Point(name=None), Point(name=3), Point(name='x')])", (object) => {
      expect(() => argument.extract(object, "argument")).toThrow("argument.items[3].name: expected int | None, got str 'x'");
      try {
        argument.extract(object, "argument");
      } catch (error) {
        expect((error as InstanceType<typeof SchemaError>).path).toEqual(["argument", ".items", "[3]", ".name"]);
        expect((error as InstanceType<typeof SchemaError>).problem).toBe("expected int | None, got str 'x'");
      }
    });
    const failing: [string, Schema<unknown>, string][] = [
      ["{'a': {'b': (1, 2.5)}}", t.record({ a: t.dict(t.str, t.tuple(t.int, t.int)) }), 'value["a"]["b"][1]: expected int, got float 2.5'],
      ["{'a': 1, 2: 3}", t.dict(t.str, t.int), "value{key 1}: expected str, got int 2"],
      ["{1: 'x'}", t.dict(t.int, t.int), "value[1]: expected int, got str 'x'"],
      ["{'x'}", t.set(t.int), "value{member 0}: expected int, got str 'x'"],
      ["{}", t.record({ x: t.int }), 'value["x"]: no such key, expected int'],
      ["Point()", t.object({ x: t.list(t.int) }), "value.x: no such attribute, expected list[int]"],
      ["[1, 'x']", t.union(t.list(t.int), t.str), "value[1]: expected int, got str 'x'"],
      ["[1, 'x']", t.union(t.list(t.int), t.tuple(t.str), t.list(t.str)), "value: expected list[int] | tuple[str] | list[str], got list"],
      ["['2020', 'no']", t.list(t.str.map((text) => { if (!/^\d+$/.test(text)) { throw new ConversionError("no year"); } return Number(text); }, String)), "value[1]: no year"],
    ];
    for (const [code, schema, message] of failing) {
      value(code, (object) => {
        expect(() => object.extract(schema)).toThrow(expect.objectContaining({ message }));
      });
    }
  });

  test("what the object's own code raises comes through as it is", () => {
    value("Fails()", (object) => {
      expect(() => object.extract(t.union(t.object({ x: t.int }), t.any))).toThrow(PyErr);
      expect(() => object.extract(t.object({ x: t.optional(t.int) }))).toThrow("RuntimeError: broken");
    });
  });

  test("owned references are the receiver's", async () => {
    await expectNoLeak(shared.weft, (object, py) => {
      const tuple = py.tuple([object.bind(py), py.list([object.bind(py)])]);
      const [one, list] = tuple.extract(t.tuple(t.py, t.instance(List)));
      expect(one.is(object)).toBe(true);
      expect(list.bind(py).length()).toBe(1);
      one.drop();
      list.drop();
      expect(() => tuple.extract(t.tuple(t.int, t.py))).toThrow("value[0]: expected int, got Fresh");
      expect(() => tuple.extract(t.list(t.instance(PyDict)))).toThrow("value[0]: expected dict, got Fresh");
      (py.tuple([object.bind(py)]).extract(t.tuple(t.any))[0] as Py).drop();
      const any = py.dict([["a", object.bind(py)]]).extract(t.dict(t.str, t.py));
      any.get("a")!.drop();
    });
  });

  test("a schema that contains itself", () => {
    interface Tree { readonly value: number; readonly left?: Tree | undefined }
    const tree: Schema<Tree> = t.lazy(() => t.record({ value: t.int, left: t.optional(tree) }), "tree");
    value("{'value': 1, 'left': {'value': 2, 'left': None}}", (object) => {
      expect(object.extract(tree)).toEqual({ value: 1, left: { value: 2, left: undefined } });
    });
    value("(lambda x: (x.update(left=x), x)[1])({'value': 1})", (object) => {
      expect(() => object.extract(tree)).toThrow("nested deeper than 200 levels, or without end");
      // And the count is right again.
      expect(object.py.from(1).pointer).not.toBe(0);
      expect(() => object.extract(tree)).toThrow("200 levels");
    });
  });
});

describe("into", () => {
  test.each<[unknown, Schema<unknown>, string]>([
    [1, t.int, "1"],
    [5n, t.bigint, "5"],
    [1, t.float, "1.0"],
    ["a", t.str, "'a'"],
    [new Uint8Array([1]), t.bytes, "b'\\x01'"],
    [true, t.bool, "True"],
    [undefined, t.none, "None"],
    [[1, 2], t.list(t.float), "[1.0, 2.0]"],
    [[1, "a"], t.tuple(t.float, t.str), "(1.0, 'a')"],
    [new Set([1]), t.set(t.int), "{1}"],
    [new Set([1]), t.frozenset(t.int), "frozenset({1})"],
    [new Map([["a", 1]]), t.dict(t.str, t.float), "{'a': 1.0}"],
    [undefined, t.optional(t.int), "None"],
    [1.5, t.union(t.int, t.float), "1.5"],
    [1, t.union(t.int, t.float), "1"],
    ["on", t.literal("on", "off"), "'on'"],
    [{ x: 1, y: 2, z: 3 }, t.object({ x: t.int, y: t.float }), "namespace(x=1, y=2.0)"],
    [{ x: 1, z: 3 }, t.record({ x: t.int, y: t.optional(t.int) }), "{'x': 1}"],
    [{ a: [1] }, t.any, "{'a': [1]}"],
    [new Date("2020-01-02T03:04:05.006Z"), t.datetime, "datetime.datetime(2020, 1, 2, 3, 4, 5, 6000, tzinfo=datetime.timezone.utc)"],
    [{ year: 2020, month: 1, day: 2 }, t.date, "datetime.date(2020, 1, 2)"],
    [{ hour: 7, second: 9 }, t.time, "datetime.time(7, 0, 9)"],
    [-0.5, t.timedelta, "datetime.timedelta(days=-1, seconds=86399, microseconds=500000)"],
    [new Float32Array([1.5]), t.typedArray(Float32Array), "<weft.Buffer of 1 items of format 'f'>"],
    [12, t.str.map(Number, String), "'12'"],
  ])("%o", (js, schema, text) => {
    shared.weft.attach((py) => {
      const object = schema.into(py, js);
      expect(object.repr()).toBe(text);
    });
  });

  test.each<[unknown, Schema<unknown>, string]>([
    [1.5, t.int, "value: expected a value for int, got the number 1.5"],
    [1n, t.int, "value: expected a value for int, got the bigint 1"],
    [300, t.int.between(0, 255), "value: expected a value for int from 0 to 255, got the number 300"],
    [1, t.bigint, "value: expected a value for int, got the number 1"],
    ["x", t.float, 'value: expected a value for float, got the string "x"'],
    [null, t.str, "value: expected a value for str, got null"],
    [[1], t.bytes, "value: expected a value for bytes, got an object of class Array"],
    [1, t.bool, "value: expected a value for bool, got the number 1"],
    [[1, "x"], t.list(t.int), 'value[1]: expected a value for int, got the string "x"'],
    [[1], t.tuple(t.int, t.int), "value: expected a value for tuple[int, int], got an array of 1"],
    [{ x: { y: "z" } }, t.record({ x: t.object({ y: t.int }) }), 'value["x"].y: expected a value for int, got the string "z"'],
    [{}, t.record({ x: t.int }), 'value["x"]: expected a value for int, got undefined'],
    [new Map([["a", "b"]]), t.dict(t.str, t.int), 'value["a"]: expected a value for int, got the string "b"'],
    [{}, t.dict(t.str, t.int), "value: expected a value for dict[str, int], got an object of class Object"],
    ["maybe", t.literal("on"), 'value: expected a value for Literal["on"], got the string "maybe"'],
    [new Date(Number.NaN), t.datetime, "value: expected a value for datetime with a zone, got an object of class Date"],
    [5, t.py, "value: expected a value for object, got the number 5"],
  ])("%o is refused", (js, schema, message) => {
    shared.weft.attach((py) => {
      expect(() => schema.into(py, js)).toThrow(expect.objectContaining({ message }));
    });
  });

  test("references stay the caller's", async () => {
    await expectNoLeak(shared.weft, (object, py) => {
      const list = t.list(t.py).into(py, [object]);
      expect(list.getItem(0).is(object.bind(py))).toBe(true);
      const bound = object.bind(py);
      t.record({ a: t.any, b: t.py }).into(py, { a: bound, b: object });
      expect(bound.is(object.bind(py))).toBe(true);
      expect(() => t.list(t.py).into(py, [object, 5 as never])).toThrow("value[1]");
      expect(() => t.dict(t.py, t.int).into(py, new Map([[object, "x" as never]]))).toThrow("value{value 0}");
    });
  });

  test("what is made can be read again", () => {
    const schema = t.record({ list: t.list(t.tuple(t.str, t.bigint)), set: t.set(t.float), when: t.datetime, maybe: t.optional(t.bytes) });
    const given: Infer<typeof schema> = { list: [["a", 2n ** 80n]], set: new Set([1.5]), when: new Date(1.6e12), maybe: new Uint8Array([3]) };
    shared.weft.attach((py) => {
      expect(schema.into(py, given).extract(schema)).toEqual(given);
    });
  });
});

test("a schema of the program's own", () => {
  const complex = t.custom<{ re: number; im: number }>({
    name: "complex",
    read: (object) => {
      const number = object.cast(api.PyComplex);
      return { re: number.getAttr("real").extract(t.float), im: number.getAttr("imag").extract(t.float) };
    },
    write: (py, { re, im }) => py.complex(re, im),
  });
  shared.weft.attach((py) => {
    expect(t.list(complex).into(py, [{ re: 1, im: 2 }]).repr()).toBe("[(1+2j)]");
    expect(py.eval("[3j]").extract(t.list(complex))).toEqual([{ re: 0, im: 3 }]);
    expect(() => py.eval("[3j, 'x']").extract(t.list(complex))).toThrow("value[1]: an object of type str is not an object of type complex");
  });
});

test("a list and a dict that other threads change are read as they were at one moment", { timeout: 60_000 }, async () => {
  const { weft } = shared;
  const [list, dict, done] = weft.attach((py) => [
    py.eval("[0] * 100").unbind(),
    py.eval("{str(i): 0 for i in range(100)}").unbind(),
    py.import("threading").callMethod("Event").unbind(),
  ]) as [Py<PyAny>, Py<PyAny>, Py<PyAny>];
  const share = (one: Py<PyAny>): Py<PyAny> => weft.attach((py) => one.cloneRef(py));
  const readers = Array.from({ length: 2 }, () => weft.spawn(threadModule("schema.mjs"), "read", share(list), share(dict), 500));
  const writer = weft.spawn(threadModule("schema.mjs"), "write", share(list), share(dict), share(done));
  try {
    expect(await Promise.all(readers.map((reader) => reader.join()))).toEqual([500, 500]);
  } finally {
    weft.attach((py) => done.bind(py).callMethod("set"));
    expect(await writer.join()).toBeGreaterThan(0);
    [list, dict, done].forEach((one) => { one.drop(); });
  }
});

test("types", () => {
  const shape = t.object({
    id: t.int,
    name: t.optional(t.str),
    kind: t.literal("a", 1, undefined),
    pair: t.tuple(t.str, t.list(t.bigint)),
    either: t.union(t.bool, t.bytes),
    map: t.dict(t.str, t.set(t.float)),
    ref: t.py,
    list: t.instance(List),
    any: t.any,
    array: t.typedArray(Float64Array),
  });
  expectTypeOf<Infer<typeof shape>>().toEqualTypeOf<{
    id: number;
    name?: string | undefined;
    kind: "a" | 1 | undefined;
    pair: [string, bigint[]];
    either: boolean | Uint8Array;
    map: Map<string, Set<number>>;
    ref: Py<PyAny>;
    list: Py<PyList>;
    any: unknown;
    array: Float64Array;
  }>();
  shared.weft.attach((py) => {
    expectTypeOf(py.eval("[1]").extract(t.list(t.int))).toEqualTypeOf<number[]>();
    expectTypeOf(py.eval("1").extract(api.PyInt)).toEqualTypeOf<number | bigint>();
    // @ts-expect-error: an int is a number.
    expect(() => t.int.into(py, "1")).toThrow(SchemaError);
    // @ts-expect-error: no x.
    expect(() => t.record({ x: t.int }).into(py, {})).toThrow(SchemaError);
    expectTypeOf(t.str.map(Number, String)).toEqualTypeOf<Schema<number>>();
  });
});
