import type { Address } from "../abi/functions.js";
import { bound, PyAny } from "./any.js";
import type { Attached, Handle } from "./attached.js";
import { READERS, toJs, toPython, type Reading } from "./convert.js";
import { PyErr } from "./errors.js";
import { Py, type BoundClass, type SentPy } from "./py.js";
import type { Realm } from "./realm.js";
import { criticalSection, type CriticalSectionOptions } from "./sync/critical-section.js";

/** A JavaScript function as Python calls it: positional arguments, then the keyword ones where there are any. */
export type HostFunction = (py: Python, positional: readonly PyAny[], keywords: ReadonlyMap<string, PyAny>) => unknown;

/** What one realm remembers between attachments; immortal or never released objects only. */
interface RealmCache {
  readonly interned: Map<string, Address>;
  readonly readers: Map<Address, NonNullable<(typeof READERS)[string]>>;
  readonly hostError: Py<PyAny>;
}
const caches = new WeakMap<Realm, RealmCache>();

/** A JavaScript function that Python is to call in {@link HostFunction}'s form, not with converted values. */
export class RawFunction {
  constructor(readonly call: HostFunction) {}
}

/**
 * The proof that this thread is attached: what `weft.attach()` passes to its closure. Every operation
 * checks it; it is worthless after the closure, while detached, and in other realms (where no JavaScript
 * object can get).
 */
export class Python implements Attached {
  readonly realm: Realm;

  /** @internal */
  constructor(realm: Realm) {
    this.realm = realm;
  }

  get none(): Address {
    return this.realm.functions.Py_GetConstant(0);
  }

  /** `None` */
  get None(): PyAny {
    return this.any(this.none);
  }

  get #cache(): RealmCache {
    let cache = caches.get(this.realm);
    if (cache === undefined) {
      const interned = new Map<string, Address>();
      caches.set(this.realm, { interned, readers: new Map(), hostError: undefined as never });
      const builtins = this.import("builtins");
      const readers = new Map(
        Object.entries(READERS).map(([name, reader]) => [builtins.getAttr(name).pointer, reader] as const),
      );
      cache = { interned, readers, hostError: this.import("weft").getAttr("HostError").unbind() };
      caches.set(this.realm, cache);
    }
    return cache;
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

  /** The JavaScript error for an exception: the original one where JavaScript threw it in this realm. */
  errorFrom(exception: PyAny): unknown {
    const { hostError } = this.#cache;
    if (hostError !== undefined && exception.isInstance(hostError.bind(this))) {
      const carried = exception.getOptionalAttr("host");
      const own = carried && this.#host(carried);
      if (own) {
        return own.value;
      }
    }
    const type = exception.type();
    const module = type.getOptionalAttr("__module__")?.toJs();
    const name = type.getAttr("__qualname__").str();
    let text: string;
    try {
      text = exception.str();
    } catch {
      // Its own __str__ fails: as Python's traceback module shows it.
      text = "<exception str() failed>";
    }
    return new PyErr(typeof module === "string" && module !== "builtins" && module !== "__main__" ? `${module}.${name}` : name, text, exception.unbind());
  }

  /** Makes a JavaScript error the pending exception: a {@link PyErr} as what it stands for. */
  raise(error: unknown): void {
    if (error instanceof PyErr) {
      error.restore(this);
      return;
    }
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const exception = this.#cache.hostError.bind(this).call(text);
    exception.setAttr("host", this.hostObject(error, "error"));
    this.realm.functions.PyErr_SetRaisedException(exception.leak());
  }

  /** A Python exception of a type, to be thrown: `throw py.error(py.builtin("ValueError"), "no")`. */
  error(type: PyAny, ...values: readonly unknown[]): PyErr {
    return this.errorFrom(type.call(...values)) as PyErr;
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
    const { interned } = caches.get(this.realm) ?? this.#cache;
    let pointer = interned.get(name);
    if (pointer === undefined) {
      this.realm.requireAttached();
      pointer = this.realm.withText(name, (address, length) => {
        if (name.includes("\0")) {
          return this.realm.functions.PyUnicode_FromStringAndSize(address, length);
        }
        return this.realm.functions.PyUnicode_InternFromString(address);
      });
      if (pointer === 0) {
        this.throwPending();
      }
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
    return String.fromCharCode(...new Uint16Array(units.buffer));
  }

  /** A JavaScript value as a Python object; see `toPython` in convert.ts for what becomes what. */
  from(value: unknown): PyAny {
    if (value instanceof PyAny) {
      return value;
    }
    this.realm.requireAttached();
    return this.any(toPython(this, value, (func) => this.function(func as (...values: unknown[]) => unknown).leak()));
  }

  toJs(object: Handle): unknown {
    const reading: Reading = {
      py: this,
      readers: this.#cache.readers,
      seen: new Map(),
      host: (item) => (item.isNone() ? { value: undefined } : this.#host(item)),
    };
    return toJs(reading, object as PyAny);
  }

  #host(object: PyAny): { value: unknown } | undefined {
    const id = this.realm.functions.weft_host_object_id(object.pointer);
    return id < 0 ? undefined : { value: this.realm.value(id) };
  }

  /**
   * A Python object that stands for a value of this realm and keeps it alive. In this realm it converts
   * back to the value; elsewhere it is only passed on. Calling it is possible where the value is a
   * {@link RawFunction} or a function.
   */
  hostObject(value: unknown, name: string): PyAny {
    this.realm.requireAttached();
    const id = this.realm.keep(value);
    const pointer = this.realm.withText(name, (address) => this.realm.functions.weft_host_object_new(id, address));
    if (pointer === 0) {
      this.realm.forget(id);
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
    const values = [...positional, ...names.map((name) => keywords![name])].map((value) => this.from(value));
    const tuple = names.length === 0 ? 0 : this.tuple(names).pointer;
    return this.#vectorcall(values, (place) => this.realm.functions.PyObject_Vectorcall(pointer, place, positional.length, tuple));
  }

  callMethod(object: Handle, name: string, positional: readonly unknown[]): Address {
    const values = [object as PyAny, ...positional.map((value) => this.from(value))];
    const method = this.interned(name);
    return this.#vectorcall(values, (place) => this.realm.functions.PyObject_VectorcallMethod(method, place, values.length, 0));
  }

  /** Calls with the address of an array of the values' addresses. */
  #vectorcall(values: readonly Handle[], call: (place: Address) => Address): Address {
    const { functions, memory } = this.realm;
    this.realm.requireAttached();
    const before = functions.emscripten_stack_get_current();
    const place = functions._emscripten_stack_alloc(4 * values.length + 4);
    try {
      const words = memory.words(place + 4 * values.length);
      for (let i = 0; i < values.length; i++) {
        words[(place >>> 2) + i] = values[i]!.pointer;
      }
      const result = call(place);
      if (result === 0) {
        this.throwPending();
      }
      return result;
    } finally {
      functions._emscripten_stack_restore(before);
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
    return this.#evaluate(code, 258, globals, locals);
  }

  /** Runs statements. */
  run(code: string, globals?: PyAny, locals?: PyAny): void {
    this.#evaluate(code, 257, globals, locals)[Symbol.dispose]();
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

  /** A code object. `start` is 257 for statements, 258 for an expression. */
  private compile(code: string, start: number): PyAny {
    const { functions, memory } = this.realm;
    // Not in scratch memory: compiling can run Python code (warnings).
    const bytes = new TextEncoder().encode(`${code}\0<weft>\0`);
    const address = functions.malloc(bytes.length);
    if (address === 0) {
      throw new RangeError(`out of guest memory: could not allocate ${bytes.length} bytes`);
    }
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

  /** A list of the values. */
  list(values: Iterable<unknown> = []): PyAny {
    return this.from([...values]);
  }

  /** A tuple of the values. */
  tuple(values: Iterable<unknown> = []): PyAny {
    using list = this.list(values);
    return this.any(this.realm.functions.PyList_AsTuple(list.pointer));
  }

  /** A dict of the entries. */
  dict(entries: Iterable<readonly [unknown, unknown]> = []): PyAny {
    return this.from(new Map(entries));
  }

  /** A set of the values. */
  set(values: Iterable<unknown> = []): PyAny {
    return this.from(new Set(values));
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
   * objects. A section on what the innermost one holds takes nothing and suspends nothing. But that
   * is so for sections that TypeScript begins: CPython's own operations on an object lock it too, and
   * inside of a section on that object each of them (`list.append`, setting an attribute) suspends the
   * section until the operation gets the lock. So they do not make one step together.
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
