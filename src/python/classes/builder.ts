import type { PyAny } from "../any.js";
import type { PyErr } from "../errors.js";
import type { PyType } from "../objects/type.js";
import type { Py } from "../py.js";
import type { Python } from "../python.js";
import type { Weft } from "../weft.js";
import {
  borrowOwner,
  decorated,
  isLocked,
  isUnsendable,
  MODULE,
  type Borrow,
  type ClassDefinition,
  type ClassOptions,
  type ExceptionDefinition,
  type FunctionDefinition,
  type FunctionKind,
  type ModuleDefinition,
  type Tracing,
  type Visit,
} from "./definition.js";
import type { Field, Fields } from "./fields.js";
import type { Schema } from "../schema/schema.js";
import { borrowed, ObjectSchema } from "./access.js";
import { exceptionOf, typeOf } from "./install.js";
import { checkParameters, type Parameter, type ParameterValues } from "./parameters.js";
import { isPythonName } from "./names.js";
import { loadedClass } from "./registry.js";

/** What every view of an object has besides its fields. */
export interface View {
  /** The token of this call. */
  readonly py: Python;
  /** The object itself. */
  readonly object: PyAny;
}

/** An object of a class in a shared borrow: its fields cannot be set. */
export type Shared<F extends Fields> = View & { readonly [N in keyof F]: F[N] extends Field<infer V, unknown> ? V : never };

/** An object of a class that nobody else has during the call. */
export type Exclusive<F extends Fields> = View & {
  -readonly [N in keyof F]: F[N] extends Field<infer V, unknown> ? V : never;
};

/** The same in a constructor. */
export type Constructing<F extends Fields, S> = Exclusive<F> & {
  /** Runs the constructor of the class that this one is derived from, with values for its parameters; a builtin's `__init__`. */
  initBase(...values: unknown[]): void;
  /** A JavaScript value that belongs to the object; only for unsendable classes. */
  state: S;
};

/** What an asynchronous method gets first. */
export interface AsyncCall {
  /** To attach with: there is no token, since an asynchronous function is not attached between its steps. */
  readonly weft: Weft;
  /** The object, until the handler's promise is settled. */
  readonly object: Py<PyAny>;
}

/** Parameters, result and documentation of a function. */
export interface Signature<P extends readonly Parameter<unknown>[], R> {
  readonly args?: P;
  readonly returns?: Schema<R>;
  readonly doc?: string;
}

type Handler<First, P extends readonly Parameter<unknown>[], R> = (first: First, ...values: ParameterValues<P>) => R;
type None = readonly [];

function makeFunction(
  owner: string,
  kind: FunctionKind,
  borrow: Borrow | undefined,
  name: string,
  signature: { readonly args?: readonly Parameter<unknown>[] | undefined; readonly returns?: unknown; readonly doc?: string | undefined },
  handler: (...values: never[]) => unknown,
): FunctionDefinition {
  const parameters = signature.args ?? [];
  checkParameters(`${owner}.${name}`, parameters);
  if (typeof handler !== "function") {
    throw new TypeError(`${owner}.${name} needs a function, not ${typeof handler}`);
  }
  return { name, kind, borrow, doc: signature.doc, parameters, returns: signature.returns as Schema<unknown> | undefined, handler };
}

function checkMemory(name: string, { buffer, freelist, dict, base }: ClassOptions, fields: ReadonlyMap<string, Field<unknown, unknown>>): void {
  if (buffer) {
    const shown = fields.get(buffer.field);
    if (shown?.kind !== "bytes") {
      throw new TypeError(`${name}: "buffer" names a field of bytes, and ${buffer.field} is ${shown ? `one of ${shown.kind}` : "none"}`);
    }
    const { shape = [shown.size / buffer.as.BYTES_PER_ELEMENT] } = buffer;
    if (shape.length === 0 || shape.length > 4 || !shape.every((one) => Number.isInteger(one) && one > 0)) {
      throw new RangeError(`${name}: a buffer has one to four whole sizes above 0, not ${JSON.stringify(shape)}`);
    }
    if (shape.reduce((all, one) => all * one, buffer.as.BYTES_PER_ELEMENT) !== shown.size) {
      throw new RangeError(`${name}: ${buffer.field} has ${shown.size} bytes, and ${shape.join(" x ")} items of ${buffer.as.name} do not fill them`);
    }
  }
  if (freelist !== undefined) {
    if (!Number.isInteger(freelist) || freelist < 1 || freelist > 4096) {
      throw new RangeError(`${name}: a freelist keeps 1 to 4096 objects, not ${freelist}`);
    }
    if (dict === true || base !== undefined) {
      throw new TypeError(`${name} ${dict === true ? 'has "dict"' : "is derived from another class"}, so it cannot have a freelist`);
    }
  }
}

/**
 * A class that Python code uses, written in TypeScript: {@link pyClass} makes one. Fields are in the object's memory, so
 * every thread sees the same; functions run in the realm of the thread that calls them.
 * @example
 * ```js
 * // tallies.mjs
 * import { arg, field, pyClass, pyModule, t } from "weft-python";
 *
 * export const Tally = pyClass("Tally", { fields: { count: field.i32({ get: true }) } })
 *   .constructs({}, () => undefined)
 *   .methodMut("add", { args: [arg("by", t.int, { default: 1 })], returns: t.int }, (self, by) => (self.count += by))
 *   .property("even", { type: t.bool, get: (self) => self.count % 2 === 0 });
 * export const tallies = pyModule("tallies").add(Tally);
 * ```
 * ```js
 * await weft.addModule(new URL("tallies.mjs", import.meta.url));
 * const tally = await weft.eval("__import__('tallies').Tally()");
 * console.log(weft.attach((py) => tally.bind(py).callMethod("add", 4).toJs())); // 4
 * console.log(weft.attach((py) => tally.bind(py).getAttr("even").toJs())); // true
 * ```
 */
export class PyClassBuilder<F extends Fields, S = unknown> implements ClassDefinition {
  readonly name: string;
  readonly options: ClassOptions<F>;
  readonly fields: ReadonlyMap<string, Field<unknown, unknown>>;
  readonly functions: FunctionDefinition[] = [];
  readonly attributes = new Map<string, unknown>();
  /** @internal */
  tracing: Tracing | undefined;
  /** @internal */
  readonly helpers = new Map<string, PropertyDescriptor>();

  /** @internal */
  constructor(name: string, options: ClassOptions<F>) {
    if (!isPythonName(name)) {
      throw new TypeError(`a class cannot be called ${JSON.stringify(name)}`);
    }
    const fields = new Map(Object.entries(options.fields ?? {}));
    for (const reserved of ["py", "object", "state", "initBase"]) {
      if (fields.has(reserved)) {
        throw new TypeError(`${name}: a field cannot be called ${reserved}`);
      }
    }
    if (options.frozen === true && [...fields.values()].some((one) => one.options.set === true)) {
      throw new TypeError(`${name} is frozen, so no field of it can have "set"`);
    }
    if (options.locked === true && (options.frozen === true || options.unsendable === true)) {
      throw new TypeError(`${name} is ${options.frozen === true ? "frozen" : "unsendable"}, so it needs no lock`);
    }
    const { base } = options;
    if (typeof base === "object" && borrowOwner(base) && isLocked(base) !== (options.locked ?? isLocked(base))) {
      throw new TypeError(`${name} and ${base.name}, from which it is derived, have to be locked both, or neither`);
    }
    if (options.unsendable === true && typeof base === "object" && isLocked(base)) {
      throw new TypeError(`${name} cannot be unsendable: ${base.name}, from which it is derived, is locked`);
    }
    if (options.unsendable === true && typeof base === "object" && isUnsendable(base)) {
      throw new TypeError(`${name} is unsendable as ${base.name} is, from which it is derived, and has its state: leave "unsendable" out`);
    }
    checkMemory(name, options, fields);
    this.name = name;
    this.options = options;
    this.fields = fields;
  }

  #add(kind: FunctionKind, borrow: Borrow | undefined, name: string, signature: object, handler: (...values: never[]) => unknown): this {
    const access = ["get", "set", "delete"];
    const taken = this.functions.some((one) => one.name === name && (one.kind === kind || !access.includes(kind) || !access.includes(one.kind)));
    const { get, set } = this.fields.get(name)?.options ?? {};
    if (taken || get === true || set === true || this.attributes.has(name)) {
      throw new TypeError(`${this.name} has a ${name} already`);
    }
    this.functions.push(makeFunction(this.name, kind, borrow, name, signature, handler));
    return this;
  }

  /** What `Class(...)` does. Without one Python cannot make objects, unless the base can. */
  constructs<const P extends readonly Parameter<unknown>[] = None>(
    signature: Omit<Signature<P, never>, "returns">,
    handler: Handler<Constructing<F, S>, P, void>,
  ): this {
    return this.#add("constructor", "exclusive", "__new__", signature, handler);
  }

  /** A method that only reads; any number of them run at once. Special ones (`__repr__`) by their names. */
  method<const P extends readonly Parameter<unknown>[] = None, R = unknown>(
    name: string,
    signature: Signature<P, R>,
    handler: Handler<Shared<F> & { readonly state: S }, P, R>,
  ): this {
    return this.#add("method", "shared", name, signature, handler);
  }

  /** A method that writes: it has the object alone. */
  methodMut<const P extends readonly Parameter<unknown>[] = None, R = unknown>(
    name: string,
    signature: Signature<P, R>,
    handler: Handler<Exclusive<F> & { state: S }, P, R>,
  ): this {
    if (this.options.frozen === true) {
      throw new TypeError(`${this.name} is frozen: it can have no methodMut ${name}`);
    }
    return this.#add("method", "exclusive", name, signature, handler);
  }

  /** A method of the class: the handler gets the type, which may be a derived one. */
  classMethod<const P extends readonly Parameter<unknown>[] = None, R = unknown>(
    name: string,
    signature: Signature<P, R>,
    handler: Handler<PyAny, P, R>,
  ): this {
    return this.#add("class", undefined, name, signature, handler);
  }

  /**
   * A method whose handler is asynchronous. It runs in the host realm, on its event loop, whatever thread calls it: Python gets an
   * awaitable, whose `wait(timeout=None)` blocks a thread for the result. Nothing is borrowed; borrow the object in `weft.attach()`.
   */
  asyncMethod<const P extends readonly Parameter<unknown>[] = None, R = unknown>(
    name: string,
    signature: Signature<P, R>,
    handler: Handler<AsyncCall, P, Promise<R>>,
  ): this {
    if (isUnsendable(this)) {
      throw new TypeError(`${this.name} is unsendable, so ${name} cannot run in the host realm`);
    }
    return this.#add("async", undefined, name, signature, handler);
  }

  /** A function in the class. */
  staticMethod<const P extends readonly Parameter<unknown>[] = None, R = unknown>(
    name: string,
    signature: Signature<P, R>,
    handler: Handler<Python, P, R>,
  ): this {
    return this.#add("static", undefined, name, signature, handler);
  }

  /** An attribute that is computed; with `set` and `delete` where Python code may do that. */
  property<R = unknown, V = unknown>(
    name: string,
    access: {
      readonly doc?: string;
      readonly type?: Schema<V>;
      readonly get: (self: Shared<F> & { readonly state: S }) => R;
      readonly set?: (self: Exclusive<F> & { state: S }, value: V) => void;
      readonly delete?: (self: Exclusive<F> & { state: S }) => void;
    },
  ): this {
    const { doc, type } = access;
    this.#add("get", "shared", name, { doc, returns: type }, access.get);
    if (access.set) {
      const value: Parameter<unknown> = { name: "value", kind: "positional", schema: type as Schema<unknown> | undefined, fallback: undefined };
      this.#add("set", "exclusive", name, { args: [value] }, access.set);
    }
    if (access.delete) {
      this.#add("delete", "exclusive", name, {}, access.delete);
    }
    return this;
  }

  /**
   * Tells the garbage collector which owned references (`Py`) the `state` of an object holds, so that cycles through it are
   * collected; fields are visited without it. Name each once, and only those that no other object has. It runs on the
   * state's own thread while all threads may be stopped: it cannot attach, use a token or make references, must not wait, and what it
   * drops is released later. What it throws goes to `sys.unraisablehook`, and the object then stays. It is not asked on
   * other threads, nor while a call has the object exclusively.
   * @param clear lets go of them when the object is garbage; without one JavaScript's own collector does that, later.
   */
  traverses(traverse: (state: S, visit: Visit) => void, clear: (state: S, py: Python) => void = () => undefined): this {
    if (this.options.unsendable !== true) {
      throw new TypeError(`${this.name} is not unsendable, so it has no state to traverse: the collector knows its fields`);
    }
    this.tracing = { traverse, clear } as Tracing;
    return this;
  }

  /** An attribute of the class: converted when the class is made. */
  attribute(name: string, value: unknown): this {
    if (this.functions.some((one) => one.name === name) || this.fields.has(name)) {
      throw new TypeError(`${this.name} has a ${name} already`);
    }
    this.attributes.set(name, value);
    return this;
  }

  /** The Python type. @throws TypeError when the class is in no module that was added. */
  type(py: Python): PyType {
    return typeOf(py, loadedClass(py.realm, this));
  }

  /** `Class(*values)` */
  create(py: Python, ...values: readonly unknown[]): PyAny {
    return this.type(py).call(...values);
  }

  /**
   * Calls with a view of an object that others may read meanwhile, but not write.
   * @throws PyErr RuntimeError where it is exclusively borrowed; ConversionError where it is no object of this class.
   */
  borrow<R>(object: PyAny, call: (self: Shared<F> & { readonly state: S }) => R): R {
    return borrowed(this, object, "shared", true, call as never) as R;
  }

  /**
   * Calls with a view of an object that nobody else can use meanwhile.
   * @throws PyErr RuntimeError where it is borrowed; TypeError where the class is frozen.
   */
  borrowMut<R>(object: PyAny, call: (self: Exclusive<F> & { state: S }) => R): R {
    return borrowed(this, object, "exclusive", true, call as never) as R;
  }

  /**
   * As {@link borrow}, with `undefined` where the object is exclusively borrowed. On another thread than its own that
   * is an error still.
   */
  tryBorrow<R>(object: PyAny, call: (self: Shared<F> & { readonly state: S }) => R): R | undefined {
    return borrowed(this, object, "shared", false, call as never);
  }

  /** As {@link borrowMut}, with `undefined` where the object is borrowed. */
  tryBorrowMut<R>(object: PyAny, call: (self: Exclusive<F> & { state: S }) => R): R | undefined {
    return borrowed(this, object, "exclusive", false, call as never);
  }

  /** Objects of the class as parameters and results: they arrive as bound references, to be borrowed. */
  readonly schema: Schema<PyAny> = new ObjectSchema(this);
}

/**
 * An exception type of a module's, to be thrown in handlers: `throw NotFound.error(self.py, "no such key")`.
 * {@link pyException} makes one.
 * @example
 * ```js
 * // shelves.mjs
 * import { arg, pyException, pyModule, t } from "weft-python";
 *
 * export const Empty = pyException("Empty", { base: "LookupError" });
 * export const shelves = pyModule("shelves")
 *   .exception(Empty)
 *   .function("take", { args: [arg("count", t.int)] }, (py, count) => {
 *     throw Empty.error(py, `there are not ${count}`);
 *   });
 * ```
 * ```js
 * await weft.addModule(new URL("shelves.mjs", import.meta.url));
 * try {
 *   await weft.run("import shelves\nshelves.take(3)");
 * } catch (error) {
 *   console.log(error.message); // shelves.Empty: there are not 3
 * }
 * ```
 */
export class PyExceptionBuilder implements ExceptionDefinition {
  /** @internal */
  constructor(
    readonly name: string,
    readonly base: ExceptionDefinition | string,
    readonly doc: string | undefined,
  ) {
    if (!isPythonName(name)) {
      throw new TypeError(`an exception cannot be called ${JSON.stringify(name)}`);
    }
  }

  /** The Python type. @throws TypeError when it is in no module that was added. */
  type(py: Python): PyType {
    return exceptionOf(py, this);
  }

  /** An exception of this type, to be thrown. */
  error(py: Python, ...values: readonly unknown[]): PyErr {
    return py.error(this.type(py), ...values);
  }
}

/**
 * An exception type for Python.
 * @param options its base: another one, or a builtin exception's name.
 * @example
 * ```js
 * const Failed = pyException("Failed", { base: "ValueError", doc: "It did not work." });
 * const FailedTwice = pyException("FailedTwice", { base: Failed });
 * console.log(FailedTwice.base.name, Failed.base); // Failed ValueError
 * ```
 */
export function pyException(name: string, options: { readonly base?: ExceptionDefinition | string; readonly doc?: string } = {}): PyExceptionBuilder {
  return new PyExceptionBuilder(name, options.base ?? "Exception", options.doc);
}

/**
 * A class for Python, written in TypeScript. Give it to a module with {@link PyModuleBuilder.add}.
 * `S` is the type of an unsendable class's `state`.
 * @example
 * ```js
 * const Point = pyClass("Point", { frozen: true, fields: { x: field.f64({ get: true }), y: field.f64({ get: true }) } })
 *   .constructs({ args: [arg("x", t.float), arg("y", t.float)] }, (self, x, y) => {
 *     self.x = x;
 *     self.y = y;
 *   })
 *   .method("length", { returns: t.float }, (self) => Math.hypot(self.x, self.y));
 * console.log(Point.name, [...Point.fields.keys()]); // Point [ 'x', 'y' ]
 * ```
 */
export function pyClass<const F extends Fields = Record<never, never>, S = unknown>(name: string, options: ClassOptions<F> = {}): PyClassBuilder<F, S> {
  return new PyClassBuilder<F, S>(name, options);
}

/**
 * A module that Python code imports, written in TypeScript: {@link pyModule} makes one.
 * @example
 * ```js
 * const tools = pyModule("tools", { doc: "Small things." })
 *   .constant("VERSION", "1.0")
 *   .function("double", { args: [arg("n", t.int)], returns: t.int }, (_, n) => 2 * n)
 *   .submodule(pyModule("tools.text").function("shout", { args: [arg("text", t.str)] }, (_, text) => text.toUpperCase()));
 * console.log(tools.functions.length, tools.submodules[0].name); // 1 tools.text
 * ```
 */
export class PyModuleBuilder implements ModuleDefinition {
  readonly [MODULE] = true;
  readonly name: string;
  readonly doc: string | undefined;
  readonly gilUsed: boolean;
  readonly classes: ClassDefinition[] = [];
  readonly functions: FunctionDefinition[] = [];
  readonly exceptions: ExceptionDefinition[] = [];
  readonly constants = new Map<string, unknown>();
  readonly submodules: ModuleDefinition[] = [];

  /** @internal */
  constructor(name: string, options: ModuleOptions) {
    if (!name.split(".").every(isPythonName)) {
      throw new TypeError(`a module cannot be called ${JSON.stringify(name)}`);
    }
    this.name = name;
    this.doc = options.doc;
    this.gilUsed = options.gilUsed ?? false;
  }

  /** Adds a class that {@link pyClass} made, or one with the decorator `@pyclass()`. What it is derived from has to be in a module too. */
  add(cls: ClassDefinition | (abstract new (...values: never[]) => object)): this {
    const definition = typeof cls === "function" ? decorated.get(cls) : cls;
    if (!definition) {
      throw new TypeError(`${cls.name} is no class for Python: use @pyclass()`);
    }
    this.classes.push(definition);
    return this;
  }

  /** Adds a function. */
  function<const P extends readonly Parameter<unknown>[] = None, R = unknown>(name: string, signature: Signature<P, R>, handler: Handler<Python, P, R>): this {
    this.functions.push(makeFunction(this.name, "function", undefined, name, signature, handler));
    return this;
  }

  /**
   * Adds a function whose handler is asynchronous. It runs in the host realm, on its event loop, whatever thread calls it: Python gets an
   * awaitable, whose `wait(timeout=None)` blocks a thread for the result. The handler gets a {@link Weft} to attach with.
   * @example
   * ```js
   * // delays.mjs
   * import { arg, pyModule, t } from "weft-python";
   *
   * export const delays = pyModule("delays").asyncFunction("later", { args: [arg("ms", t.int)], returns: t.str }, async (weft, ms) => {
   *   await new Promise((resolve) => setTimeout(resolve, ms));
   *   return `after ${ms} ms`;
   * });
   * ```
   * ```js
   * await weft.addModule(new URL("delays.mjs", import.meta.url));
   * console.log(await weft.eval("__import__('delays').later(2).wait()")); // after 2 ms
   * console.log(await weft.evalAsync("await __import__('delays').later(3)")); // after 3 ms
   * ```
   */
  asyncFunction<const P extends readonly Parameter<unknown>[] = None, R = unknown>(name: string, signature: Signature<P, R>, handler: Handler<Weft, P, Promise<R>>): this {
    this.functions.push(makeFunction(this.name, "async", undefined, name, signature, handler));
    return this;
  }

  /** Adds an exception type: what {@link pyException} returned, or takes. */
  exception(exception: ExceptionDefinition | string, options: { readonly base?: ExceptionDefinition | string; readonly doc?: string } = {}): this {
    this.exceptions.push(typeof exception === "string" ? pyException(exception, options) : exception);
    return this;
  }

  /** Adds a value: converted when the module is imported. */
  constant(name: string, value: unknown): this {
    this.constants.set(name, value);
    return this;
  }

  /** Adds a module whose name is this one's, a dot and its own. */
  submodule(module: ModuleDefinition): this {
    if (!module.name.startsWith(`${this.name}.`) || module.name.slice(this.name.length + 1).includes(".")) {
      throw new TypeError(`a submodule of ${this.name} is called ${this.name}.something, not ${module.name}`);
    }
    this.submodules.push(module);
    return this;
  }
}

/** What a module can say of itself. */
export interface ModuleOptions {
  readonly doc?: string;
  /**
   * Whether its functions are not safe on several threads at once: importing it then makes Python take its global lock for
   * good, with a RuntimeWarning, unless `PYTHON_GIL=0` says otherwise.
   */
  readonly gilUsed?: boolean;
}

/**
 * A module for Python, written in TypeScript. Export it from an ES module and register that with `weft.addModule(url)`:
 * every thread then imports it by its name.
 * @example
 * ```js
 * // greetings.mjs
 * import { arg, pyModule, t } from "weft-python";
 *
 * export const greetings = pyModule("greetings").function("greet", { args: [arg("name", t.str)], returns: t.str }, (_, name) => `Hello ${name}`);
 * ```
 * ```js
 * console.log(await weft.addModule(new URL("greetings.mjs", import.meta.url))); // [ 'greetings' ]
 * console.log(await weft.eval("__import__('greetings').greet('Ada')")); // Hello Ada
 * ```
 */
export function pyModule(name: string, options: ModuleOptions = {}): PyModuleBuilder {
  return new PyModuleBuilder(name, options);
}
