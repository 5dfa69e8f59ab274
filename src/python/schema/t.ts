import type { PyAny } from "../any.js";
import type { TypedArrayConstructor } from "../buffer/formats.js";
import type { PyClass } from "../py-class.js";
import type { Py } from "../py.js";
import { LazySchema, LiteralSchema, OptionalSchema, OwnSchema, UnionSchema, type CustomSchema, type Literal } from "./combine.js";
import { DictSchema, ListSchema, SetSchema, TupleSchema, TypedArraySchema } from "./containers.js";
import { AnySchema, BigIntSchema, BoolSchema, BytesSchema, FloatSchema, InstanceSchema, IntSchema, NoneSchema, StrSchema } from "./scalars.js";
import { fresh, type Infer, type Schema } from "./schema.js";
import { ObjectSchema, RecordSchema, type Shape, type Shaped } from "./shapes.js";
import { DateSchema, DateTimeSchema, TimeDeltaSchema, TimeSchema } from "./times.js";

type Inferred<S extends readonly Schema<unknown>[]> = { -readonly [K in keyof S]: Infer<S[K]> };

/**
 * Schemas: what a Python object has to be, and which TypeScript type it becomes.
 *
 * `object.extract(schema)` converts to JavaScript, `schema.into(py, value)` to Python. Both check: a float is no int, a
 * bool is no int, an int that no number holds exactly is an error. What does not fit throws a {@link SchemaError} that
 * names the place. Where an extraction fails half-way, owned references that it had taken are left to the
 * garbage collector.
 * @example
 * ```js
 * const point = t.object({ x: t.int, tags: t.list(t.str) });
 * weft.attach((py) => {
 *   const made = point.into(py, { x: 1, tags: ["a"] });
 *   console.log(made.extract(point)); // { x: 1, tags: [ 'a' ] }
 * });
 * ```
 */
export const t = {
  /** An int that a number holds exactly. `t.int.between(0, 255)` limits it. */
  int: new IntSchema(),
  /** An int of any size, as a bigint. */
  bigint: new BigIntSchema(),
  /** A float; an int is taken for one, as Python does. */
  float: new FloatSchema(),
  str: new StrSchema(),
  /** A copy of a bytes or bytearray; bytes are made. */
  bytes: new BytesSchema(),
  bool: new BoolSchema(),
  /** `undefined` is None, and so is null in the direction to Python. */
  none: new NoneSchema(),
  /** Anything, converted as `toJs()` and `py.from()` do. */
  any: new AnySchema(),
  /** Any object, as an owned reference that the receiver drops. Bound and owned ones are taken; they stay the caller's. */
  py: new InstanceSchema<PyAny>() as Schema<Py<PyAny>>,
  /** A moment: a datetime with a zone. */
  datetime: new DateTimeSchema(),
  /** A day of the calendar. */
  date: new DateSchema(),
  /** A time of the day without a zone. */
  time: new TimeSchema(),
  /** A length of time in seconds. */
  timedelta: new TimeDeltaSchema(),

  /** An object of a class of bound references, as an owned reference: `t.instance(PyList)`. */
  instance: <T extends PyAny>(cls: PyClass<T>): Schema<Py<T>> => new InstanceSchema(cls),
  /** A list; any sequence is read, but for str, bytes and bytearray. It is read as it was at one moment. */
  list: <T>(item: Schema<T>): Schema<T[]> => new ListSchema(item),
  /** A tuple with one schema for each item. */
  tuple: <S extends readonly Schema<unknown>[]>(...items: S): Schema<Inferred<S>> => new TupleSchema<Inferred<S>>(items),
  /** A set; a frozenset is read too. */
  set: <T>(item: Schema<T>): Schema<Set<T>> => new SetSchema(item, false),
  /** A frozenset; a set is read too. */
  frozenset: <T>(item: Schema<T>): Schema<Set<T>> => new SetSchema(item, true),
  /** A dict, as a Map. */
  dict: <K, V>(key: Schema<K>, value: Schema<V>): Schema<Map<K, V>> => new DictSchema(key, value),
  /** A dict with known keys, as an object. Other keys are left alone; those that are optional may be missing. */
  record: <S extends Shape>(shape: S): Schema<Shaped<S>> => new RecordSchema(shape),
  /** An object with attributes; a `types.SimpleNamespace` is made. */
  object: <S extends Shape>(shape: S): Schema<Shaped<S>> => new ObjectSchema(shape),
  /** A copy of a buffer's items; in the other direction, memory of both sides: see `py.allocateBuffer()`. */
  typedArray: <C extends TypedArrayConstructor>(type: C): Schema<C["prototype"]> => new TypedArraySchema(type),
  /** Or None, which is `undefined`. */
  optional: <T>(inner: Schema<T>): OptionalSchema<T> => new OptionalSchema(inner),
  /** The first of several that fits. */
  union: <S extends readonly Schema<unknown>[]>(...members: S): Schema<Infer<S[number]>> => new UnionSchema(members) as Schema<Infer<S[number]>>,
  /** One of these values. `undefined` is None. */
  literal: <const T extends readonly Literal[]>(...values: T): Schema<T[number]> => new LiteralSchema<T[number]>(values),
  /** A schema that contains itself: `const tree = t.lazy(() => t.record({ left: t.optional(tree) }), "tree")`. At most 200 levels. */
  lazy: <T>(make: () => Schema<T>, name: string): Schema<T> => new LazySchema(make, name),
  /** A schema of your own. */
  custom: <T>(custom: CustomSchema<T>): Schema<T> => new OwnSchema(custom, fresh),
} as const;
