import type { PyAny } from "../any.js";
import type { Python } from "../python.js";
import {
  MODULE,
  type Borrow,
  type ClassDefinition,
  type ClassOptions,
  type ExceptionDefinition,
  type FunctionDefinition,
  type FunctionKind,
  type ModuleDefinition,
} from "./definition.js";
import type { Field, Fields } from "./fields.js";
import { checkParameters, type Conversion, type Parameter, type ParameterValues } from "./parameters.js";

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
  [N in keyof F]: F[N] extends Field<infer V, unknown> ? V : never;
};

/** The same in a constructor. */
export type Constructing<F extends Fields, S> = Exclusive<F> & {
  /** Runs the constructor of the class that this one is derived from, with values for its parameters. */
  initBase(...values: unknown[]): void;
  /** A JavaScript value that belongs to the object; only for unsendable classes. */
  state: S;
};

/** Parameters, result and documentation of a function. */
export interface Signature<P extends readonly Parameter<unknown>[], R> {
  readonly args?: P;
  readonly returns?: Conversion<R>;
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
  return { name, kind, borrow, doc: signature.doc, parameters, returns: signature.returns as Conversion<unknown> | undefined, handler };
}

/**
 * A class that Python code uses, written in TypeScript: {@link pyClass} makes one. Fields are in the object's memory, so
 * every thread sees the same; functions run in the realm of the thread that calls them.
 */
export class PyClassBuilder<F extends Fields, S = unknown> implements ClassDefinition {
  readonly name: string;
  readonly options: ClassOptions<F>;
  readonly fields: ReadonlyMap<string, Field<unknown, unknown>>;
  readonly functions: FunctionDefinition[] = [];
  readonly attributes = new Map<string, unknown>();

  /** @internal */
  constructor(name: string, options: ClassOptions<F>) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
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
    if (options.locked === true && options.frozen === true) {
      throw new TypeError(`${name} is frozen, so it needs no lock`);
    }
    this.name = name;
    this.options = options;
    this.fields = fields;
  }

  #add(kind: FunctionKind, borrow: Borrow | undefined, name: string, signature: object, handler: (...values: never[]) => unknown): this {
    if (this.functions.some((one) => one.name === name && (one.kind === kind || !["get", "set", "delete"].includes(kind)))) {
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
      readonly type?: Conversion<R & V>;
      readonly get: (self: Shared<F> & { readonly state: S }) => R;
      readonly set?: (self: Exclusive<F> & { state: S }, value: V) => void;
      readonly delete?: (self: Exclusive<F> & { state: S }) => void;
    },
  ): this {
    const { doc, type } = access;
    this.#add("get", "shared", name, { doc, returns: type }, access.get);
    if (access.set) {
      const value: Parameter<unknown> = { name: "value", kind: "positional", conversion: type as Conversion<unknown> | undefined, fallback: undefined };
      this.#add("set", "exclusive", name, { args: [value] }, access.set);
    }
    if (access.delete) {
      this.#add("delete", "exclusive", name, {}, access.delete);
    }
    return this;
  }

  /** An attribute of the class: converted when the class is made. */
  attribute(name: string, value: unknown): this {
    this.attributes.set(name, value);
    return this;
  }
}

/**
 * A class for Python, written in TypeScript. Give it to a module with {@link PyModuleBuilder.add}.
 * `S` is the type of an unsendable class's `state`.
 */
export function pyClass<const F extends Fields = Record<never, never>, S = unknown>(name: string, options: ClassOptions<F> = {}): PyClassBuilder<F, S> {
  return new PyClassBuilder<F, S>(name, options);
}

/** A module that Python code imports, written in TypeScript: {@link pyModule} makes one. */
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
    if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(name)) {
      throw new TypeError(`a module cannot be called ${JSON.stringify(name)}`);
    }
    this.name = name;
    this.doc = options.doc;
    this.gilUsed = options.gilUsed ?? false;
  }

  /** Adds a class. What it is derived from has to be in a module too. */
  add(cls: ClassDefinition): this {
    this.classes.push(cls);
    return this;
  }

  /** Adds a function. */
  function<const P extends readonly Parameter<unknown>[] = None, R = unknown>(name: string, signature: Signature<P, R>, handler: Handler<Python, P, R>): this {
    this.functions.push(makeFunction(this.name, "function", undefined, name, signature, handler));
    return this;
  }

  /** Adds an exception type. @param base a builtin exception's name. */
  exception(name: string, options: { readonly base?: string; readonly doc?: string } = {}): this {
    this.exceptions.push({ name, base: options.base ?? "Exception", doc: options.doc });
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
 */
export function pyModule(name: string, options: ModuleOptions = {}): PyModuleBuilder {
  return new PyModuleBuilder(name, options);
}
