import type { Address } from "../abi/functions.js";
import { CONSTANTS } from "../abi/layout.js";
import { STAYS, type Attached } from "./attached.js";
import type { TypedArray, TypedArrayConstructor } from "./buffer/formats.js";
import { PyBuffer } from "./buffer/py-buffer.js";
import { ConversionError } from "./conversion-error.js";
import { DetachedError } from "./lifecycle.js";
import { Py, type BoundClass } from "./py.js";
import { belongsTo, type PyClass } from "./py-class.js";
import type { Scope } from "./scope.js";

/** Comparisons and the names of their numbers. */
const COMPARE = { "<": "Py_LT", "<=": "Py_LE", "==": "Py_EQ", "!=": "Py_NE", ">": "Py_GT", ">=": "Py_GE" } as const;

/** Operators of two operands and the functions behind them. */
const BINARY = {
  "+": "PyNumber_Add",
  "-": "PyNumber_Subtract",
  "*": "PyNumber_Multiply",
  "/": "PyNumber_TrueDivide",
  "//": "PyNumber_FloorDivide",
  "%": "PyNumber_Remainder",
  "@": "PyNumber_MatrixMultiply",
  "<<": "PyNumber_Lshift",
  ">>": "PyNumber_Rshift",
  "&": "PyNumber_And",
  "|": "PyNumber_Or",
  "^": "PyNumber_Xor",
} as const;

/** What makes a JavaScript value of a bound object: the schemas of `t`. */
export interface Extractor<T> {
  /** @param name what errors call the object. */
  extract(object: PyAny, name?: string): T;
}

/** Operators of one operand and the functions behind them. */
const UNARY = { "-": "PyNumber_Negative", "+": "PyNumber_Positive", abs: "PyNumber_Absolute", "~": "PyNumber_Invert" } as const;

/**
 * A Python object while this thread is attached: a reference that its scope (an attach, a call from
 * Python, a `py.scoped`) releases at its end. Using it later, or while the thread is
 * detached, throws {@link DetachedError}. To keep an object, {@link unbind} it.
 * @example
 * ```js
 * const text = weft.attach((py) => {
 *   const numbers = py.eval("[3, 1, 2]");
 *   numbers.callMethod("sort");
 *   return numbers.repr();
 * });
 * console.log(text); // [1, 2, 3]
 * ```
 */
export class PyAny {
  /** The token that it was made with. */
  readonly py: Attached;
  readonly #scope: Scope;
  readonly #place: number;
  #pointer: Address;

  /**
   * Takes over one reference. Not for applications: they get objects from their token.
   * @internal
   */
  constructor(py: Attached, pointer: Address) {
    if (pointer === 0) {
      throw new TypeError("the null pointer is no Python object");
    }
    const { scope } = py.realm;
    if (scope === undefined) {
      throw new DetachedError("this thread is not attached to Python: use weft.attach()");
    }
    this.py = py;
    this.#scope = scope;
    this.#pointer = pointer;
    this.#place = scope.own(pointer);
  }

  /**
   * The object's address, for as long as this reference lives.
   * @throws DetachedError after the scope's end, after {@link unbind} or disposal, and while detached.
   */
  get pointer(): Address {
    if (!this.#scope.alive) {
      throw new DetachedError("this reference belongs to a scope that has ended: unbind() objects that are to outlive it");
    }
    if (this.#pointer === 0) {
      throw new DetachedError("this reference was released or moved away before");
    }
    if (this.py.realm.attachCount <= 0) {
      this.py.realm.requireAttached();
    }
    return this.#pointer;
  }

  /** Moves the reference out of its scope: whoever has the result owns it. This one is used up. */
  unbind(): Py<this> {
    return new Py<this>(this.py.realm, this.leak(), this.constructor as never);
  }

  /**
   * Moves the reference out as an address that the caller has to release.
   * @internal
   */
  leak(): Address {
    const { pointer } = this;
    this.#scope.disown(this.#place);
    this.#pointer = 0;
    return pointer;
  }

  /** An owned reference besides this one. */
  toOwned(): Py<this> {
    const { pointer } = this;
    this.py.realm.functions.Py_IncRef(pointer);
    return new Py<this>(this.py.realm, pointer, this.constructor as never);
  }

  /** Releases the reference now, before its scope's end. A second time does nothing. */
  [Symbol.dispose](): void {
    if (this.#scope.alive && this.#pointer !== 0) {
      const { pointer } = this;
      this.#scope.disown(this.#place);
      this.#pointer = 0;
      this.py.realm.functions.Py_DecRef(pointer);
    }
  }

  /** Whether both are the same object. */
  is(other: PyAny): boolean {
    return this.pointer === other.pointer;
  }

  /** Whether this is `None`. */
  isNone(): boolean {
    return this.pointer === this.py.none;
  }

  /** `type(x)` */
  type(): PyAny {
    return bound(this.py, this.py.realm.functions.PyObject_Type(this.pointer));
  }

  /** `x.name` */
  getAttr(name: string): PyAny {
    return bound(this.py, this.py.realm.functions.PyObject_GetAttr(this.pointer, this.py.interned(name)));
  }

  /** `x.name`, or `undefined` where there is no such attribute. Other errors are thrown. */
  getOptionalAttr(name: string): PyAny | undefined {
    const { pointer } = this;
    const found = this.py.optional((place) => this.py.realm.functions.PyObject_GetOptionalAttr(pointer, this.py.interned(name), place));
    return found === 0 ? undefined : new PyAny(this.py, found);
  }

  /** `x.name = value` */
  setAttr(name: string, value: unknown): void {
    const object = this.py.from(value);
    this.py.check(this.py.realm.functions.PyObject_SetAttr(this.pointer, this.py.interned(name), object.pointer));
  }

  /** `del x.name` */
  delAttr(name: string): void {
    this.py.check(this.py.realm.functions.PyObject_DelAttr(this.pointer, this.py.interned(name)));
  }

  /** `hasattr(x, name)`; errors other than AttributeError are thrown. */
  hasAttr(name: string): boolean {
    return this.py.truth(this.py.realm.functions.PyObject_HasAttrWithError(this.pointer, this.py.interned(name)));
  }

  /** `x[key]` */
  getItem(key: unknown): PyAny {
    return bound(this.py, this.py.realm.functions.PyObject_GetItem(this.pointer, this.py.from(key).pointer));
  }

  /** `x[key] = value` */
  setItem(key: unknown, value: unknown): void {
    const index = this.py.from(key);
    const object = this.py.from(value);
    this.py.check(this.py.realm.functions.PyObject_SetItem(this.pointer, index.pointer, object.pointer));
  }

  /** `del x[key]` */
  delItem(key: unknown): void {
    this.py.check(this.py.realm.functions.PyObject_DelItem(this.pointer, this.py.from(key).pointer));
  }

  /** `x(*positional)` */
  call(...positional: readonly unknown[]): PyAny {
    return bound(this.py, this.py.call(this, positional));
  }

  /** `x(*positional, **keywords)` */
  callWith(positional: readonly unknown[], keywords: Readonly<Record<string, unknown>>): PyAny {
    return bound(this.py, this.py.call(this, positional, keywords));
  }

  /** `x.name(*positional)` */
  callMethod(name: string, ...positional: readonly unknown[]): PyAny {
    return bound(this.py, this.py.callMethod(this, name, positional));
  }

  /** `x < y` and the like, as Python's truth of the result. */
  compare(operator: keyof typeof COMPARE, other: unknown): boolean {
    const right = this.py.from(other);
    const { functions } = this.py.realm;
    using result = bound(this.py, functions.PyObject_RichCompare(this.pointer, right.pointer, CONSTANTS[COMPARE[operator]]));
    return this.py.truth(functions.PyObject_IsTrue(result.pointer));
  }

  /** `x == y` */
  eq(other: unknown): boolean {
    return this.compare("==", other);
  }

  /** `x + y` and the like. */
  binary(operator: keyof typeof BINARY | "**", other: unknown): PyAny {
    const right = this.py.from(other);
    const { functions } = this.py.realm;
    return bound(this.py, 
      operator === "**"
        ? functions.PyNumber_Power(this.pointer, right.pointer, this.py.none)
        : functions[BINARY[operator]](this.pointer, right.pointer),
    );
  }

  /** `-x` and the like. */
  unary(operator: keyof typeof UNARY): PyAny {
    return bound(this.py, this.py.realm.functions[UNARY[operator]](this.pointer));
  }

  /** `y in x` */
  contains(item: unknown): boolean {
    return this.py.truth(this.py.realm.functions.PySequence_Contains(this.pointer, this.py.from(item).pointer));
  }

  /** `len(x)` */
  length(): number {
    return this.py.size(this.py.realm.functions.PyObject_Length(this.pointer));
  }

  /** `bool(x)` */
  truthy(): boolean {
    return this.py.truth(this.py.realm.functions.PyObject_IsTrue(this.pointer));
  }

  /** `hash(x)`: 32 bits, as everywhere in this build. */
  hash(): number {
    const hash = this.py.realm.functions.PyObject_Hash(this.pointer);
    if (hash === -1) {
      this.py.throwPending();
    }
    return hash;
  }

  /** `repr(x)` */
  repr(): string {
    using text = bound(this.py, this.py.realm.functions.PyObject_Repr(this.pointer));
    return this.py.text(text.pointer);
  }

  /** `str(x)` */
  str(): string {
    using text = bound(this.py, this.py.realm.functions.PyObject_Str(this.pointer));
    return this.py.text(text.pointer);
  }

  /** As {@link str}, for template strings. */
  toString(): string {
    return this.str();
  }

  /** `dir(x)` */
  dir(): string[] {
    using names = bound(this.py, this.py.realm.functions.PyObject_Dir(this.pointer));
    return [...names].map((name) => name.str());
  }

  /** `isinstance(x, type)` */
  isInstance(type: PyAny): boolean {
    return this.py.truth(this.py.realm.functions.PyObject_IsInstance(this.pointer, type.pointer));
  }

  /** `issubclass(x, type)` */
  isSubclass(type: PyAny): boolean {
    return this.py.truth(this.py.realm.functions.PyObject_IsSubclass(this.pointer, type.pointer));
  }

  /** Whether the object's type is the class's Python type or a subclass of it; runs no Python code. */
  instanceOf(cls: PyClass<PyAny>): boolean {
    return belongsTo(this.py, this.pointer, cls, false);
  }

  /** Whether the object's type is the class's Python type itself. */
  exactInstanceOf(cls: PyClass<PyAny>): boolean {
    return belongsTo(this.py, this.pointer, cls, true);
  }

  /**
   * The same object as a bound reference of another class: `x.cast(PyList)`. It is a reference of its own, which
   * the current scope releases; this one stays.
   * @throws ConversionError when the object is no instance of the class's Python type.
   */
  cast<T extends PyAny>(cls: PyClass<T>): T {
    this.#require(cls, false);
    return this.#as(cls);
  }

  /** As {@link cast}, but instances of subclasses are refused too. */
  castExact<T extends PyAny>(cls: PyClass<T>): T {
    this.#require(cls, true);
    return this.#as(cls);
  }

  /** As {@link cast}, with `undefined` for objects of other types. */
  tryCast<T extends PyAny>(cls: PyClass<T>): T | undefined {
    return this.instanceOf(cls) ? this.#as(cls) : undefined;
  }

  /** As {@link cast}, but moves the reference to the current scope: this one is used up, unless it throws. */
  castInto<T extends PyAny>(cls: PyClass<T>): T {
    this.#require(cls, false);
    return new cls(this.py, this.leak());
  }

  /**
   * The JavaScript value of an object of a class, `x.extract(PyInt)`, or of a schema, `x.extract(t.list(t.int))`.
   * @throws ConversionError where it is none.
   */
  extract<V>(what: Extractor<V>): V;
  extract<V>(what: PyClass<PyAny & { value(): V }>): V;
  extract<V>(what: Extractor<V> | PyClass<PyAny & { value(): V }>): V {
    if ("extract" in what) {
      return what.extract(this);
    }
    using object = this.cast(what);
    return object.value();
  }

  #as<T extends PyAny>(cls: PyClass<T>): T {
    const { pointer } = this;
    this.py.realm.functions.Py_IncRef(pointer);
    return new cls(this.py, pointer);
  }

  #require(cls: PyClass<PyAny>, exactly: boolean): void {
    if (!belongsTo(this.py, this.pointer, cls, exactly)) {
      const { functions } = this.py.realm;
      using type = this.type();
      using name = bound(this.py, functions.PyType_GetFullyQualifiedName(type.pointer));
      throw new ConversionError(`an object of type ${this.py.text(name.pointer)} is not ${exactly ? "exactly " : ""}an object of type ${cls.typeName}`);
    }
  }

  /** `callable(x)` */
  callable(): boolean {
    return this.py.realm.functions.PyCallable_Check(this.pointer) !== 0;
  }

  /** `iter(x)`; every step takes one item. Items belong to the scope in which the step is taken. */
  *[Symbol.iterator](): Generator<PyAny, void, undefined> {
    const { functions } = this.py.realm;
    using iterator = bound(this.py, functions.PyObject_GetIter(this.pointer));
    for (;;) {
      const item = functions.PyIter_Next(iterator.pointer);
      if (item === 0) {
        this.py.throwIfPending();
        return;
      }
      yield new PyAny(this.py, item);
    }
  }

  /**
   * The object's memory without a copy: bytes, bytearray, memoryview, array.array and the like have it. Release it, best
   * with `using`; until then the object keeps its memory in place.
   * @param type what `array` gives, as the items' format has to be: `x.buffer(Float64Array)`.
   * @throws PyErr TypeError for an object without the buffer protocol; ConversionError where the items are of another type.
   */
  buffer(): PyBuffer<TypedArray, this>;
  buffer<C extends TypedArrayConstructor>(type: C): PyBuffer<C["prototype"], this>;
  buffer(type?: TypedArrayConstructor): PyBuffer<TypedArray, this> {
    return new PyBuffer(this.py, this, this.constructor as BoundClass<this>, type);
  }

  /** The value as JavaScript has it; see `toJs` in convert.ts for what becomes what. */
  toJs(): unknown {
    return this.py.toJs(this);
  }

  /** @internal */
  get [STAYS](): string {
    return "a bound reference belongs to its thread's attachment: send an owned one, object.unbind()";
  }
}

/** A bound reference for what a call returned, which owns it. Null: the call left an error. */
export function bound(py: Attached, pointer: Address): PyAny {
  if (pointer === 0) {
    py.throwPending();
  }
  return new PyAny(py, pointer);
}

/** As {@link bound}, for calls whose results are known to be of the class's type. */
export function boundAs<T>(cls: BoundClass<T>, py: Attached, pointer: Address): T {
  if (pointer === 0) {
    py.throwPending();
  }
  return new cls(py, pointer);
}

/** A bound object: PyO3's name for {@link PyAny} and its subclasses. */
export type Bound<T extends PyAny = PyAny> = T;
