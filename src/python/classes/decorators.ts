import type { PyAny } from "../any.js";
import type { Python } from "../python.js";
import type { Schema } from "../schema/schema.js";
import { pyClass, type PyClassBuilder, type Signature } from "./builder.js";
import { decorated, type ClassDefinition, type ClassOptions } from "./definition.js";
import type { Field, Fields } from "./fields.js";
import type { Parameter, ParameterValues } from "./parameters.js";

type Constructor = abstract new (...values: never[]) => object;
type Method<This, P extends readonly Parameter<unknown>[], R> = (this: This, ...values: ParameterValues<P>) => R;
type None = readonly [];

/**
 * What `this` is in the methods of a class with decorators. Such a class is never instantiated: its methods run on
 * views of Python objects.
 * `src/examples/stack.ts` in this package is one, which the examples of the decorators use.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * await weft.run("import stacks\nstack = stacks.Stack()\nstack.push(1)\nstack.push('two')");
 * console.log(await weft.eval("stack.size")); // 2
 * ```
 */
export abstract class PyInstance<S = unknown> {
  /** The token of this call. */
  declare readonly py: Python;
  /** The object itself. */
  declare readonly object: PyAny;
  /** A JavaScript value that belongs to the object; only in unsendable classes. */
  declare state: S;
  /** In a constructor: runs that of the class that this one is derived from. */
  declare readonly initBase: (...values: unknown[]) => void;
}

/** What a member's decorator has to say to its class's. */
interface Member {
  readonly name: string;
  /** The member itself, by which its class knows it. */
  readonly value: unknown;
  readonly isStatic: boolean;
  add?(builder: PyClassBuilder<Fields>): void;
  readonly field?: Field<unknown, unknown>;
}

/**
 * Members whose class's decorator has not run yet: it is the next thing that runs after theirs, and nothing that
 * they have in common is known to them before.
 */
let members: Member[] = [];

function nameOf({ name }: { readonly name: string | symbol }): string {
  if (typeof name !== "string") {
    throw new TypeError(`Python knows no ${String(name)}: a decorated member needs a name`);
  }
  return name;
}

/** The function of a method as handlers are called: with its object first. */
function handlerOf(method: unknown): (self: unknown, ...values: never[]) => unknown {
  return (self, ...values) => Reflect.apply(method as () => unknown, self, values);
}

/**
 * Makes a class of TypeScript's a class for Python; {@link pyClass} is the same without decorators. Give the class to
 * `pyModule(...).add()`. A class that it extends is its base, if that has this decorator too. Methods
 * without a decorator are TypeScript's alone.
 * @throws TypeError for what {@link pyClass} throws it for.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').Stack.__doc__")); // The last item comes first.
 * ```
 */
export function pyclass(options: Omit<ClassOptions, "fields"> & { readonly name?: string } = {}) {
  return (cls: Constructor, context: ClassDecoratorContext): void => {
    const own = members;
    members = [];
    const prototype = cls.prototype as object;
    for (const { name, value, isStatic } of own) {
      const found = Object.getOwnPropertyDescriptor(isStatic ? cls : prototype, name);
      if (found?.value !== value && found?.get !== value) {
        throw new TypeError(`${name} has a decorator for Python, but its class has none: use @pyclass()`);
      }
    }
    const fields = Object.fromEntries(own.flatMap(({ name, field }) => (field ? [[name, field] as const] : [])));
    const parent = Object.getPrototypeOf(cls) as object;
    const base = decorated.get(parent) ?? options.base;
    const builder = pyClass(options.name ?? String(context.name), { ...options, ...(base === undefined ? {} : { base }), fields });
    for (const one of own) {
      one.add?.(builder as unknown as PyClassBuilder<Fields>);
    }
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (name !== "constructor" && !builder.fields.has(name)) {
        builder.helpers.set(name, descriptor);
      }
    }
    decorated.set(cls, builder);
  };
}

/**
 * A field. It begins as 0, false or unset, whatever the initializer says.
 * As in `src/examples/stack.ts`: `@pyfield(field.i32({ get: true })) accessor limit!: number`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').Stack(7).limit")); // 7
 * ```
 */
export function pyfield<V>(field: Field<V, never> | Field<V, V>) {
  return <This extends PyInstance>(target: ClassAccessorDecoratorTarget<This, V>, context: ClassAccessorDecoratorContext<This, V>): void => {
    members.push({ name: nameOf(context), value: target.get, isStatic: context.static, field: field as unknown as Field<unknown, unknown> });
  };
}

function method<P extends readonly Parameter<unknown>[], R>(signature: Signature<P, R>, kind: "method" | "methodMut" | "constructs") {
  return <This extends PyInstance>(value: Method<This, P, R>, context: ClassMethodDecoratorContext<This, Method<This, P, R>>): void => {
    const name = nameOf(context);
    members.push({
      name,
      value,
      isStatic: context.static,
      add: (builder) => {
        const handler = handlerOf(value) as never;
        if (kind === "constructs") {
          builder.constructs(signature, handler);
        } else {
          builder[kind](name, signature, handler);
        }
      },
    });
  };
}

/**
 * A method that only reads.
 * As in `src/examples/stack.ts`: `@pymethod() peek() { ... }`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * await weft.run("import stacks\nstack = stacks.Stack()\nstack.push(1)");
 * console.log(await weft.eval("stack.peek()")); // 1
 * ```
 */
export function pymethod<const P extends readonly Parameter<unknown>[] = None, R = unknown>(signature: Signature<P, R> = {}) {
  return method<P, R>(signature, "method");
}

/**
 * A method that has its object alone: while it runs, others fail to use the object.
 * As in `src/examples/stack.ts`: `@pymethodMut() pop() { ... }`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * await weft.run("import stacks\nstack = stacks.Stack()\nstack.push(1)");
 * console.log(await weft.eval("[stack.pop(), stack.size]", { as: t.list(t.int) })); // [ 1, 0 ]
 * ```
 */
export function pymethodMut<const P extends readonly Parameter<unknown>[] = None, R = unknown>(signature: Signature<P, R> = {}) {
  return method<P, R>(signature, "methodMut");
}

/**
 * What `Class(...)` does in Python: any method, whose name Python does not see. That of a derived class calls `this.initBase()`.
 * As in `src/examples/stack.ts`: `@pyconstructor({ args: [arg("name", t.str)] }) beginNamed(name: string) { ... }`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').NamedStack('plates').limit")); // 10
 * ```
 */
export function pyconstructor<const P extends readonly Parameter<unknown>[] = None>(signature: Omit<Signature<P, void>, "returns"> = {}) {
  return method<P, void>(signature, "constructs");
}

/**
 * A static method of TypeScript's that is one in Python: it gets the token first.
 * As in `src/examples/stack.ts`: `@pystatic({ returns: t.str }) static order() { ... }`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').Stack.order()")); // last in, first out
 * ```
 */
export function pystatic<const P extends readonly Parameter<unknown>[] = None, R = unknown>(signature: Signature<P, R> = {}) {
  return (value: (py: Python, ...values: ParameterValues<P>) => R, context: ClassMethodDecoratorContext): void => {
    const name = nameOf(context);
    members.push({ name, value, isStatic: context.static, add: (builder) => builder.staticMethod(name, signature, value as never) });
  };
}

/**
 * A property that is computed: a getter.
 * As in `src/examples/stack.ts`: `@pyproperty({ type: t.int }) get size() { ... }`.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').Stack().size")); // 0
 * ```
 */
export function pyproperty<V>(options: { readonly doc?: string; readonly type?: Schema<V> } = {}) {
  return <This extends PyInstance>(value: (this: This) => V, context: ClassGetterDecoratorContext<This, V>): void => {
    const name = nameOf(context);
    members.push({ name, value, isStatic: context.static, add: (builder) => builder.property(name, { ...options, get: handlerOf(value) } as never) });
  };
}

/**
 * The definition that decorators have made of a class, to borrow its objects: `pyclassOf(Counter).borrow(object, call)`.
 * @throws TypeError for a class without {@link pyclass}.
 * @example
 * ```js
 * await weft.addModule(new URL("stack.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('stacks').room(__import__('stacks').Stack(3))")); // 3
 * ```
 */
export function pyclassOf<C extends Constructor>(cls: C): Omit<PyClassBuilder<Fields>, "borrow" | "borrowMut" | "tryBorrow" | "tryBorrowMut"> & {
  borrow<R>(object: PyAny, call: (self: InstanceType<C>) => R): R;
  borrowMut<R>(object: PyAny, call: (self: InstanceType<C>) => R): R;
  tryBorrow<R>(object: PyAny, call: (self: InstanceType<C>) => R): R | undefined;
  tryBorrowMut<R>(object: PyAny, call: (self: InstanceType<C>) => R): R | undefined;
} {
  const found: ClassDefinition | undefined = decorated.get(cls);
  if (!found) {
    throw new TypeError(`${cls.name} is no class for Python: use @pyclass()`);
  }
  return found as never;
}
