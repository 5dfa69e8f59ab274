import type { Address } from "../abi/functions.js";
import { CONSTANTS } from "../abi/layout.js";
import { bound, boundAs, PyAny } from "./any.js";
import { STAYS, type Attached, type Handle } from "./attached.js";
import { characterOf, type TypedArray, type TypedArrayConstructor } from "./buffer/formats.js";
import { PyBuffer, placeOf } from "./buffer/py-buffer.js";
import { ConversionError } from "./conversion-error.js";
import { READERS, toJs, toPython, type Reading } from "./convert.js";
import { PyBool } from "./objects/bool.js";
import { PyByteArray, PyBytes } from "./objects/bytes.js";
import { PyComplex } from "./objects/complex.js";
import { PyDict } from "./objects/dict.js";
import { PyFloat } from "./objects/float.js";
import { PyInt } from "./objects/int.js";
import { PyList } from "./objects/list.js";
import { PyFrozenSet, PySet } from "./objects/set.js";
import { PySlice } from "./objects/slice.js";
import { PyString } from "./objects/str.js";
import { PyTuple } from "./objects/tuple.js";
import { PyWeakref } from "./objects/weakref.js";
import { describe, isException, makeException, newExceptionType, PanicError, PyErr } from "./errors.js";
import { DetachedError } from "./lifecycle.js";
import { Py, type BoundClass, type SentPy } from "./py.js";
import type { Realm } from "./realm.js";
import type { Scope } from "./scope.js";
import { criticalSection, type CriticalSectionOptions } from "./sync/critical-section.js";

/** A JavaScript function as Python calls it: positional arguments, then the keyword ones where there are any. */
export type HostFunction = (py: Python, positional: readonly PyAny[], keywords: ReadonlyMap<string, PyAny>) => unknown;

/** What one realm remembers between attachments; immortal or never released objects only. */
interface RealmCache {
  readonly interned: Map<string, Address>;
  readonly readers: Map<Address, NonNullable<(typeof READERS)[string]>>;
  readonly hostError: Py<PyAny>;
  readonly panic: Py<PyAny>;
  /** An owned RecursionError for the end of the stack, where none can be made any more; 0 while it is used. */
  spare: Address;
}
const caches = new WeakMap<Realm, RealmCache>();

/** What the engine throws at the end of the stack: Firefox's has a class of its own. */
const STACK_ERROR = (globalThis as { readonly InternalError?: ErrorConstructor }).InternalError ?? RangeError;

/** A JavaScript function that Python is to call in {@link HostFunction}'s form, not with converted values. */
export class RawFunction {
  constructor(readonly call: HostFunction) {}
}

/**
 * The proof that this thread is attached: what `weft.attach()` passes to its closure. Every operation
 * checks it; it is worthless after the closure, while detached, and in other realms (where no JavaScript
 * object can get).
 * @example
 * ```js
 * console.log(weft.attach((py) => py.import("math").callMethod("gcd", 12, 18).toJs())); // 6
 * ```
 */
export class Python implements Attached {
  readonly #realm: Realm;
  /** The scope of the closure that it was made for. */
  readonly #scope: Scope;
  /** The realm's, when it was asked for and complete. */
  #known: RealmCache | undefined;

  /** @internal */
  constructor(realm: Realm) {
    const { scope } = realm;
    if (scope === undefined) {
      throw new DetachedError("this thread is not attached to Python: use weft.attach()");
    }
    this.#realm = realm;
    this.#scope = scope;
  }

  /** @throws DetachedError when the closure that the token was made for has ended. */
  get realm(): Realm {
    if (!this.#scope.alive) {
      throw new DetachedError("this token belongs to a closure that has ended: use that of the current weft.attach()");
    }
    if (this.#realm.attachCount <= 0) {
      this.#realm.requireAttached();
    }
    return this.#realm;
  }

  get none(): Address {
    return this.realm.none;
  }

  /** `None` */
  get None(): PyAny {
    return this.any(this.none);
  }

  get #cache(): RealmCache {
    return (this.#known ??= this.#remembered());
  }

  #remembered(): RealmCache {
    const known = caches.get(this.realm);
    if (known !== undefined) {
      return known;
    }
    const interned = new Map<string, Address>();
    caches.set(this.realm, { interned, readers: new Map(), hostError: undefined as never, panic: undefined as never, spare: 0 as Address });
    try {
      const builtins = this.import("builtins");
      const readers = new Map(
        Object.entries(READERS).map(([name, reader]) => [builtins.getAttr(name).pointer, reader] as const),
      );
      const module = this.import("weft");
      const cache = { interned, readers, hostError: module.getAttr("HostError").unbind(), panic: module.getAttr("PanicException").unbind(), spare: this.#endOfStack() };
      caches.set(this.realm, cache);
      return cache;
    } catch (error) {
      // Whoever needs it next tries again.
      caches.delete(this.realm);
      this.#known = undefined;
      throw error;
    }
  }

  #endOfStack(): Address {
    return this.import("builtins").getAttr("RecursionError").call("the stack of JavaScript is used up").leak();
  }

  prepare(): void {
    void this.#cache;
  }

  /** @internal */
  get [STAYS](): string {
    return "a token belongs to its thread's attachment: attach there, weft.attach((py) => ...)";
  }

  // ---- results of calls --------------------------------------------------------------

  /** A bound reference for a new reference; the pending error is thrown for the null pointer. */
  any(pointer: Address): PyAny {
    return bound(this, pointer);
  }

  check(status: number): void {
    if (status < 0) {
      this.throwPending();
    }
  }

  truth(status: number): boolean {
    if (status < 0) {
      this.throwPending();
    }
    return status !== 0;
  }

  size(value: number): number {
    if (value < 0) {
      this.throwPending();
    }
    return value;
  }

  optional(call: (place: Address) => number): Address {
    const { functions, memory } = this.realm;
    // On the stack and not in scratch memory: the call may run Python code.
    const before = functions.emscripten_stack_get_current();
    const place = functions._emscripten_stack_alloc(16);
    try {
      const found = call(place);
      if (found < 0) {
        this.throwPending();
      }
      return found === 0 ? 0 : memory.word(place);
    } finally {
      functions._emscripten_stack_restore(before);
    }
  }

  throwIfPending(): void {
    if (this.realm.functions.PyErr_Occurred() !== 0) {
      this.throwPending();
    }
  }

  throwPending(): never {
    const pointer = this.realm.functions.PyErr_GetRaisedException();
    if (pointer === 0) {
      throw new TypeError("a call into Python failed without an exception: this is a bug of Weft or of an extension");
    }
    throw this.errorFrom(new PyAny(this, pointer));
  }

  /**
   * The JavaScript error for an exception: the original one where JavaScript threw it in this realm, a
   * {@link PanicError} for a `weft.PanicException`, or else a {@link PyErr}. An object that is no exception
   * gives a TypeError, as raising it does.
   */
  errorFrom(exception: PyAny): unknown {
    const { hostError, panic } = this.#cache;
    if (hostError === undefined) {
      // The cache itself fails.
      const { typeName, text } = describe(exception);
      return new PyErr(typeName, text, exception.unbind());
    }
    const panicked = exception.isInstance(panic.bind(this));
    if (panicked || exception.isInstance(hostError.bind(this))) {
      const carried = exception.getOptionalAttr("host");
      const own = carried && this.host(carried);
      if (own) {
        return own.value;
      }
    }
    const object = isException(exception) ? exception : makeException(this, exception, []);
    const { typeName, text } = describe(object);
    const error = new PyErr(typeName, text, object.unbind());
    if (!panicked) {
      return error;
    }
    const fault = new PanicError(text, { cause: error });
    fault.exception = error;
    return fault;
  }

  /** The Python exception for what JavaScript threw: {@link errorFrom} gives the same error back. */
  exceptionFor(error: unknown): PyAny {
    if (error instanceof PyErr) {
      return error.value(this);
    }
    if (error instanceof PanicError && error.exception) {
      return error.exception.value(this);
    }
    const { hostError, panic } = this.#cache;
    const isPanic = error instanceof PanicError;
    const text = isPanic ? error.message : error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
    const exception = (isPanic ? panic : hostError).bind(this).call(text);
    exception.setAttr("host", this.hostObject(error, "error"));
    if (error instanceof Error) {
      // Also where `host` cannot be asked: on threads of other realms.
      exception.setAttr("name", String(error.name));
      exception.setAttr("message", String(error.message));
      exception.setAttr("stack", typeof error.stack === "string" ? error.stack : undefined);
    }
    return exception;
  }

  /**
   * Makes a JavaScript error the pending exception: a {@link PyErr} as what it stands for. Never throws: where the
   * exception cannot be made, what Python says about that is raised; at the end of the stack a RecursionError, otherwise a
   * MemoryError.
   */
  raise(error: unknown): void {
    const { functions } = this.realm;
    let exception: PyAny | undefined;
    try {
      exception = this.exceptionFor(error);
    } catch (second) {
      try {
        exception = this.exceptionFor(second);
      } catch (third) {
        const cache = caches.get(this.#realm);
        if (third instanceof STACK_ERROR && cache !== undefined && cache.spare !== 0) {
          functions.PyErr_SetRaisedException(cache.spare);
          cache.spare = 0 as Address;
        } else {
          functions.PyErr_NoMemory();
        }
        return;
      }
    }
    this.#renewSpare();
    functions.PyErr_SetRaisedException(exception.leak());
  }

  #renewSpare(): void {
    const cache = caches.get(this.#realm);
    if (cache?.spare !== 0 || cache.hostError === undefined) {
      return;
    }
    try {
      cache.spare = this.#endOfStack();
    } catch {
      // The end of the stack is still near: the next error tries again.
    }
  }

  /**
   * Hands an error that nobody can catch to `sys.unraisablehook`.
   * @param object what it happened in.
   */
  writeUnraisable(error: unknown, object?: PyAny): void {
    const pointer = object?.pointer ?? 0;
    this.raise(error);
    this.realm.functions.PyErr_WriteUnraisable(pointer);
  }

  /**
   * A Python exception of a type, to be thrown: `throw py.error(py.builtin("ValueError"), "no")`. A type that
   * is no exception type gives a TypeError.
   * @throws PyErr what making the exception raises.
   */
  error(type: PyAny, ...values: readonly unknown[]): PyErr {
    return this.errorFrom(makeException(this, type, values)) as PyErr;
  }

  /** An `ExceptionGroup` (or `BaseExceptionGroup`) of errors of any kind, to be thrown. */
  exceptionGroup(message: string, errors: readonly unknown[]): PyErr {
    const exceptions = errors.map((error) => error instanceof PyAny ? makeException(this, error, []) : this.exceptionFor(error));
    return this.error(this.builtin("BaseExceptionGroup"), message, exceptions);
  }

  /** A new exception type; see {@link newExceptionType}. */
  newException(name: string, base?: PyAny, doc?: string): PyAny {
    return newExceptionType(this, name, base, doc);
  }

  /**
   * Runs handlers of signals that came in, as CPython does between instructions. Only Python's main
   * thread does anything.
   */
  checkSignals(): void {
    this.check(this.realm.functions.PyErr_CheckSignals());
  }

  // ---- values ------------------------------------------------------------------------

  interned(name: string): Address {
    // While the cache is being made, what there is of it.
    const { interned } = this.#known ?? caches.get(this.realm) ?? this.#cache;
    let pointer = interned.get(name);
    if (pointer === undefined) {
      this.realm.requireAttached();
      // Never released, so that the address stays good.
      pointer = this.intern(name).leak();
      interned.set(name, pointer);
    }
    return pointer;
  }

  text(pointer: Address): string {
    const { functions, memory, scratch } = this.realm;
    const address = functions.PyUnicode_AsUTF8AndSize(pointer, scratch);
    if (address !== 0) {
      return memory.text(address, memory.word(scratch));
    }
    // Lone surrogates have no UTF-8.
    functions.PyErr_Clear();
    const data = this.realm.withText("utf-16-le", (encoding) => {
      const copy = functions.malloc(16);
      memory.bytes(copy, 16).set(new TextEncoder().encode("surrogatepass\0"));
      try {
        return functions.PyUnicode_AsEncodedString(pointer, encoding, copy);
      } finally {
        functions.free(copy);
      }
    });
    using bytes = this.any(data);
    const units = memory.bytes(functions.PyBytes_AsString(bytes.pointer), functions.PyBytes_Size(bytes.pointer)).slice();
    const codes = new Uint16Array(units.buffer);
    let text = "";
    // In pieces: a call takes a limited number of parameters.
    for (let i = 0; i < codes.length; i += 4096) {
      text += String.fromCharCode(...codes.subarray(i, i + 4096));
    }
    return text;
  }

  /** A JavaScript value as a Python object; see `toPython` in convert.ts for what becomes what. */
  from(value: unknown): PyAny {
    if (value instanceof PyAny) {
      return value;
    }
    this.realm.requireAttached();
    return new PyAny(this, this.#new(value));
  }

  /** A new reference to the Python object for a value. */
  #new(value: unknown): Address {
    const pointer = toPython(this, value, (func) => this.function(func as (...values: unknown[]) => unknown).leak());
    if (pointer === 0) {
      this.throwPending();
    }
    return pointer;
  }

  /** @internal How objects of builtin types are read, by the types' addresses. */
  get readers(): RealmCache["readers"] {
    return this.#cache.readers;
  }

  toJs(object: Handle): unknown {
    return toJs(new OwnReading(this, this.#cache.readers), object.pointer);
  }

  /** @internal The value of this realm's that an object stands for, if it does. */
  host(object: PyAny): { value: unknown } | undefined {
    const id = this.realm.functions.weft_js_proxy_id(object.pointer);
    return id < 0 ? undefined : { value: this.realm.value(id) };
  }

  /**
   * A Python object that stands for a value of this realm and keeps it alive. In this realm it converts
   * back to the value; elsewhere it is only passed on. Calling it is possible where the value is a
   * {@link RawFunction} or a function.
   */
  hostObject(value: unknown, name: string): PyAny {
    this.realm.requireAttached();
    return this.realm.withText(name, (address) => this.#proxy(value, undefined, address, traits(value) | CONSTANTS.WEFT_JS_CONVERTING));
  }

  /**
   * A `weft.JsProxy` for a value of this realm, which keeps it alive: Python code reads its properties, calls it
   * with `self` as `this`, and so on, as with the values that it gets from the module `js`.
   */
  jsProxy(value: unknown, self?: unknown): PyAny {
    this.realm.requireAttached();
    return this.#proxy(value, self, 0, traits(value));
  }

  #proxy(value: unknown, self: unknown, name: Address, flags: number): PyAny {
    const id = this.realm.keep(value);
    const selfId = self === undefined ? -1 : this.realm.keep(self);
    const pointer = this.realm.functions.weft_js_proxy_new(id, selfId, name, flags);
    if (pointer === 0) {
      this.realm.forget(id);
      this.realm.forget(selfId);
    }
    return this.any(pointer);
  }

  /**
   * A Python callable for a JavaScript function: it gets converted arguments (keyword ones as one last
   * object), and its result is converted. Bound to this realm: Python code on other threads gets a
   * RuntimeError.
   */
  function(func: (...values: never[]) => unknown, name = func.name === "" ? "anonymous" : func.name): PyAny {
    return this.hostObject(func, name);
  }

  /** The same without conversions: {@link HostFunction}. */
  rawFunction(name: string, func: HostFunction): PyAny {
    return this.hostObject(new RawFunction(func), name);
  }

  /** Takes a reference that another thread sent, once. */
  receive<T extends PyAny = PyAny>(sent: SentPy, bound: BoundClass<T> = PyAny as unknown as BoundClass<T>): Py<T> {
    return new Py(this.realm, sent.weftReference, bound);
  }

  // ---- code --------------------------------------------------------------------------

  call(callable: Handle, positional: readonly unknown[], keywords?: Readonly<Record<string, unknown>>): Address {
    const { pointer } = callable;
    const names = keywords === undefined ? [] : Object.keys(keywords);
    const values = names.length === 0 ? positional : [...positional, ...names.map((name) => keywords![name])];
    const tuple = names.length === 0 ? 0 : this.tuple(names).pointer;
    if (values.length === 0) {
      const result = this.realm.functions.PyObject_Vectorcall(pointer, 0, 0, 0);
      if (result === 0) {
        this.throwPending();
      }
      return result;
    }
    return this.#vectorcall(values, (place) => this.realm.functions.PyObject_Vectorcall(pointer, place, positional.length, tuple));
  }

  callMethod(object: Handle, name: string, positional: readonly unknown[]): Address {
    const method = this.interned(name);
    return this.#vectorcall([object, ...positional], (place) =>
      this.realm.functions.PyObject_VectorcallMethod(method, place, positional.length + 1, 0),
    );
  }

  /** Calls with the address of an array of the values' addresses. */
  #vectorcall(values: readonly unknown[], call: (place: Address) => Address): Address {
    const { realm } = this;
    const { functions, memory } = realm;
    const place = realm.takeWords(values.length);
    // How many of the references there are ours.
    let made = 0;
    try {
      for (; made < values.length; made++) {
        const value = values[made];
        let pointer: Address;
        if (value instanceof PyAny) {
          ({ pointer } = value);
          functions.Py_IncRef(pointer);
        } else {
          pointer = this.#new(value);
        }
        memory.setWord(place + 4 * made, pointer);
      }
      const result = call(place);
      if (result === 0) {
        this.throwPending();
      }
      return result;
    } finally {
      for (let i = 0; i < made; i++) {
        functions.Py_DecRef(memory.word(place + 4 * i));
      }
      realm.giveWords(place, values.length);
    }
  }

  /** `import name`, and that module (for `a.b`, `b`). */
  import(name: string): PyAny {
    this.realm.requireAttached();
    const { functions } = this.realm;
    const text = this.interned(name);
    // Not PyImport_Import(), which depends on the globals of the Python code that called us. This
    // one returns the outermost package.
    this.any(functions.PyImport_ImportModuleLevelObject(text, 0, 0, 0, 0))[Symbol.dispose]();
    const module = functions.PyImport_GetModule(text);
    if (module === 0) {
      this.throwIfPending();
      throw this.error(this.builtin("ModuleNotFoundError"), `${name} removed itself from sys.modules`);
    }
    return this.any(module);
  }

  importModule(name: string): Address {
    return this.import(name).leak();
  }

  /** A builtin: `py.builtin("sorted")`. */
  builtin(name: string): PyAny {
    return this.import("builtins").getAttr(name);
  }

  /** The value of an expression. */
  eval(code: string, globals?: PyAny, locals?: PyAny): PyAny {
    return this.#evaluate(code, CONSTANTS.Py_eval_input, globals, locals);
  }

  /** Runs statements. */
  run(code: string, globals?: PyAny, locals?: PyAny): void {
    this.#evaluate(code, CONSTANTS.Py_file_input, globals, locals)[Symbol.dispose]();
  }

  #evaluate(code: string, start: number, globals: PyAny | undefined, locals: PyAny | undefined): PyAny {
    const { functions } = this.realm;
    const space = globals ?? this.globals();
    if (code.includes("\0")) {
      throw this.error(this.builtin("SyntaxError"), "source code cannot contain null bytes");
    }
    if (!space.contains("__builtins__")) {
      // As exec() does: imports by code that it calls look for them.
      space.setItem("__builtins__", this.import("builtins"));
    }
    using compiled = this.compile(code, start);
    return this.any(functions.PyEval_EvalCode(compiled.pointer, space.pointer, (locals ?? space).pointer));
  }

  /** A code object. `start` is Py_file_input for statements, Py_eval_input for an expression. */
  private compile(code: string, start: number): PyAny {
    const { functions, memory } = this.realm;
    // Not in scratch memory: compiling can run Python code (warnings).
    const bytes = new TextEncoder().encode(`${code}\0<weft>\0`);
    const address = this.realm.allocate(bytes.length);
    try {
      memory.bytes(address, bytes.length).set(bytes);
      return this.any(functions.Py_CompileString(address, address + bytes.length - 7, start));
    } finally {
      functions.free(address);
    }
  }

  /** The globals of `__main__`: what code runs in unless it is given its own. */
  globals(): PyAny {
    return this.import("__main__").getAttr("__dict__");
  }

  // Each gives a new object. What `from` makes of the parameter is of the type by construction.

  /** A list of the values. */
  list(values: Iterable<unknown> = []): PyList {
    return new PyList(this, this.from([...values]).leak());
  }

  /** A tuple of the values. */
  tuple(values: Iterable<unknown> = []): PyTuple {
    using list = this.list(values);
    return list.toTuple();
  }

  /** A dict of the entries. */
  dict(entries: Iterable<readonly [unknown, unknown]> = []): PyDict {
    return new PyDict(this, this.from(new Map(entries)).leak());
  }

  /** A set of the values. */
  set(values: Iterable<unknown> = []): PySet {
    return new PySet(this, this.from(new Set(values)).leak());
  }

  /** A frozenset of the values. */
  frozenset(values: Iterable<unknown> = []): PyFrozenSet {
    using list = this.list(values);
    return boundAs(PyFrozenSet, this, this.realm.functions.PyFrozenSet_New(list.pointer));
  }

  /** A str. */
  str(text: string): PyString {
    return this.from(String(text)).castInto(PyString);
  }

  /** The interpreter's one str for this text: the same object in all threads. */
  intern(text: string): PyString {
    using own = this.str(text);
    return own.intern();
  }

  /** An int. @throws RangeError for a number that is not whole. */
  int(value: number | bigint): PyInt {
    return this.from(BigInt(value)).castInto(PyInt);
  }

  /** A float. */
  float(value: number): PyFloat {
    return boundAs(PyFloat, this, this.realm.functions.PyFloat_FromDouble(value));
  }

  /** A complex number. */
  complex(real: number, imag = 0): PyComplex {
    return boundAs(PyComplex, this, this.realm.functions.PyComplex_FromDoubles(real, imag));
  }

  /** `True` or `False` */
  bool(value: boolean): PyBool {
    return boundAs(PyBool, this, this.realm.functions.Py_GetConstant(value ? 2 : 1));
  }

  /** A bytes object with a copy of the data. */
  bytes(data: Uint8Array = new Uint8Array()): PyBytes {
    return this.from(data).castInto(PyBytes);
  }

  /** A bytearray with a copy of the data. */
  bytearray(data: Uint8Array = new Uint8Array()): PyByteArray {
    const { functions } = this.realm;
    using bytes = this.bytes(data);
    return boundAs(PyByteArray, this, functions.PyByteArray_FromStringAndSize(functions.PyBytes_AsString(bytes.pointer), bytes.length()));
  }

  /**
   * New zeroed memory that both sides see: typed arrays of `length` items here, an object with the buffer protocol in Python
   * (`buffer.object(py)`; `memoryview()`, indexing and iteration work on it). It is freed when neither side refers to it any more, on
   * whatever thread that is.
   * @throws RangeError for a length that is none; PyErr MemoryError.
   */
  allocateBuffer<C extends TypedArrayConstructor>(type: C, length: number): PyBuffer<C["prototype"], PyAny> {
    const character = characterOf(type);
    if (!Number.isInteger(length) || length < 0 || length > 0x7fffffff) {
      throw new RangeError(`${length} is no number of items for a buffer`);
    }
    this.realm.requireAttached();
    this.realm.functions.weft_quiescent();
    using object = this.any(this.realm.functions.weft_buffer_new(length, type.BYTES_PER_ELEMENT, character.charCodeAt(0)));
    return object.buffer(type);
  }

  /**
   * A memoryview: of a Python object with the buffer protocol, or of a typed array that shows the memory of one. That
   * memory stays as long as the memoryview, whatever becomes of the array. Other memory is invisible to Python: copy it into an
   * {@link allocateBuffer}, or convert it ({@link from}).
   * @throws ConversionError for a typed array elsewhere, or over a buffer that was released.
   */
  memoryview(value: PyAny | PyBuffer<TypedArray, unknown> | TypedArray): PyAny {
    const { functions } = this.realm;
    if (value instanceof PyBuffer) {
      using object = value.object(this) as PyAny;
      return this.any(functions.PyMemoryView_FromObject(object.pointer));
    }
    if (value instanceof PyAny) {
      return this.any(functions.PyMemoryView_FromObject(value.pointer));
    }
    const place = placeOf(this.realm, value);
    if (place === undefined) {
      throw new ConversionError(
        this.realm.memory.owns(value.buffer)
          ? "the typed array lies in the guest's memory, but in no buffer of this thread that is in use: it was released"
          : `Python cannot see the memory of a ${value.constructor.name} that JavaScript allocated: use py.allocateBuffer(${value.constructor.name}, ${value.length}) and copy the items into its array`,
      );
    }
    const whole = this.any(functions.PyMemoryView_FromObject(place.source));
    const format = characterOf(value.constructor as TypedArrayConstructor);
    if (value.byteLength === place.size && whole.getAttr("format").toJs() === format && whole.getAttr("ndim").toJs() === 1) {
      return whole;
    }
    const bytes = whole.callMethod("cast", "B").getItem(this.slice(place.offset, place.offset + value.byteLength));
    return bytes.callMethod("cast", format);
  }

  /** `slice(start, stop, step)`; what is left out is None. */
  slice(start?: unknown, stop?: unknown, step?: unknown): PySlice {
    const [from, to, by] = [this.from(start), this.from(stop), this.from(step)];
    return boundAs(PySlice, this, this.realm.functions.PySlice_New(from.pointer, to.pointer, by.pointer));
  }

  /** A weak reference to an object; see {@link PyWeakref.create}. */
  weakref(object: PyAny, callback?: unknown): PyWeakref {
    return PyWeakref.create(this, object, callback);
  }

  // ---- this thread's attachment --------------------------------------------------------

  /** Runs with the thread detached: others need not wait for it. Bound references cannot be used inside. */
  detach<T>(call: () => T): T {
    return this.realm.detach(call);
  }

  /**
   * Calls with the lock of an object held: the one that CPython's own containers use for their operations.
   * Ended also when the call throws. Waiting for the lock detaches this thread. The call must not be
   * asynchronous.
   *
   * Only the innermost section of a thread is sure to be held, and not without a break: whenever the thread
   * detaches, all its sections are suspended, which means that their locks are free, and when it attaches
   * again only the innermost one is locked again; an outer one is when those inside of it have ended.
   * A thread detaches when it waits: in `detach()`, for input or time, for a lock that another thread holds
   * (also in Python code, in destructors, and at the begin of a critical section), and wherever Python code
   * runs while another thread stops the world (garbage collection). It does not detach to take a free lock:
   * sections on different objects inside of each other are all held as long as nobody else wants their
   * objects. A section on what the innermost one holds takes nothing and suspends nothing; so CPython's own
   * operations on that object (`list.append`, setting an attribute) are one step together.
   *
   * So code in nested sections is right by chance only. Unless `checked: false` is given, that shows:
   * a section that would have to wait while this thread is in another one that TypeScript began is not
   * begun, and one during which the outer one was suspended throws at its end (unless the call threw).
   * For two objects there is {@link withCriticalSection2}.
   * @throws CriticalSectionError with the stacks of both places; what the call throws.
   */
  withCriticalSection<T>(object: Handle, call: () => T, options?: CriticalSectionOptions): T {
    return criticalSection(this, object, undefined, call, options);
  }

  /**
   * The same with the locks of two objects, in an order that cannot deadlock. They may be the same object.
   */
  withCriticalSection2<T>(first: Handle, second: Handle, call: () => T, options?: CriticalSectionOptions): T {
    return criticalSection(this, first, second, call, options);
  }

  /** Releases what bound references `call` makes at its end, for loops over many objects. */
  scoped<T>(call: () => T): T {
    return this.realm.attach(call);
  }
}

/** What a proxy of the value can do in Python besides being passed on: C's `enum weft_js_flags`. */
function traits(value: unknown): number {
  if (typeof value === "function" || value instanceof RawFunction) {
    return CONSTANTS.WEFT_JS_CALLABLE;
  }
  try {
    return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function" ? CONSTANTS.WEFT_JS_THENABLE : 0;
  } catch {
    // A getter or a proxy that throws: no promise.
    return 0;
  }
}

/** The text of anything that was thrown, also of what refuses to have one. */
function textOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "an object without a text";
  }
}

/** How {@link Python.toJs} reads: what is neither of a builtin type nor of this realm becomes an owned reference. */
class OwnReading implements Reading {
  /** Most objects contain none. */
  #seen: Map<Address, unknown> | undefined;

  constructor(readonly py: Python, readonly readers: RealmCache["readers"]) {}

  get seen(): Map<Address, unknown> {
    return (this.#seen ??= new Map());
  }

  other(pointer: Address): unknown {
    const { py } = this;
    if (pointer === py.none) {
      return undefined;
    }
    py.realm.functions.Py_IncRef(pointer);
    const item = new PyAny(py, pointer);
    const own = py.host(item);
    return own ? own.value : item.unbind();
  }
}
