import type { Schema } from "../schema/schema.js";
import { isPythonName } from "./names.js";

/** Where a parameter's value may come from. */
export type ParameterKind = "positional" | "either" | "keyword" | "rest" | "keywords";

/** One parameter of a function that Python calls. */
export interface Parameter<T> {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Without one the value arrives as `toJs()` gives it. */
  readonly schema: Schema<unknown> | undefined;
  readonly fallback: { readonly value: unknown } | undefined;
  /** Only for the types. */
  readonly value?: T;
}

/** What a parameter may have besides its name. */
export interface ParameterOptions<T> {
  /** The value where none is given. It is passed as it is, and shown by `inspect.signature`. */
  readonly default: T;
}

/** What a handler gets for its parameters. */
export type ParameterValues<P extends readonly Parameter<unknown>[]> = { -readonly [I in keyof P]: P[I] extends Parameter<infer T> ? T : never };

function parameter<T>(kind: ParameterKind, name: string, schema?: Schema<T>, options?: ParameterOptions<T>): Parameter<T> {
  if (!isPythonName(name)) {
    throw new TypeError(`a parameter cannot be called ${JSON.stringify(name)}`);
  }
  return { name, kind, schema: schema as Schema<unknown> | undefined, fallback: options && { value: options.default } };
}

type Make = {
  (name: string): Parameter<unknown>;
  <T>(name: string, schema: Schema<T>): Parameter<T>;
  /** A default may be of another type than the values. */
  <T, const D>(name: string, schema: Schema<T>, options: ParameterOptions<D>): Parameter<T | D>;
  (name: string, schema: undefined, options: ParameterOptions<unknown>): Parameter<unknown>;
};

function maker(kind: ParameterKind): Make {
  return ((name: string, schema?: Schema<unknown>, options?: ParameterOptions<unknown>) => parameter(kind, name, schema, options)) as Make;
}

/**
 * Describes a parameter: `arg("by", t.int, { default: 1 })`. Without a schema the value arrives as
 * `toJs()` gives it.
 * @example
 * ```js
 * const parameters = [arg.positional("a"), arg("b", t.int), arg.rest("more"), arg.keyword("scale", t.float, { default: 1 })];
 * console.log(parameters.map(({ name, kind }) => `${name}: ${kind}`).join(", ")); // a: positional, b: either, more: rest, scale: keyword
 * ```
 */
export const arg: Make & {
  /** Only by position, as before `/`. */
  readonly positional: Make;
  /** Only by name, as after `*`. */
  readonly keyword: Make;
  /** `*args`: an array of those that are left. */
  rest<T = unknown>(name: string, schema?: Schema<T>): Parameter<T[]>;
  /** `**kwargs`: those whose names are no parameter's. */
  keywords<T = unknown>(name: string, schema?: Schema<T>): Parameter<Map<string, T>>;
} = Object.assign(maker("either"), {
  positional: maker("positional"),
  keyword: maker("keyword"),
  rest: <T>(name: string, schema?: Schema<T>) => parameter("rest", name, schema) as Parameter<unknown> as Parameter<T[]>,
  keywords: <T>(name: string, schema?: Schema<T>) => parameter("keywords", name, schema) as Parameter<unknown> as Parameter<Map<string, T>>,
});

/** What comes first in a signature. */
const ORDER: readonly ParameterKind[] = ["positional", "either", "rest", "keyword", "keywords"];

/**
 * Checks what Python's own grammar would.
 * @throws TypeError
 */
export function checkParameters(name: string, parameters: readonly Parameter<unknown>[]): void {
  let last = 0;
  let optional = false;
  const names = new Set<string>();
  for (const one of parameters) {
    const place = ORDER.indexOf(one.kind);
    if (place < last || (place === last && (one.kind === "rest" || one.kind === "keywords"))) {
      throw new TypeError(`${name}: parameter ${one.name} (${one.kind}) cannot stand after one that is ${ORDER[last]}`);
    }
    last = place;
    if (names.has(one.name)) {
      throw new TypeError(`${name}: two parameters are called ${one.name}`);
    }
    names.add(one.name);
    if (one.kind === "positional" || one.kind === "either") {
      if (optional && !one.fallback) {
        throw new TypeError(`${name}: parameter ${one.name} without a default stands after one with a default`);
      }
      optional ||= one.fallback !== undefined;
    }
  }
}

/** `__text_signature__`, which `inspect.signature` reads. */
export function textSignature(first: string | undefined, parameters: readonly Parameter<unknown>[]): string {
  const parts: string[] = first === undefined ? [] : [first];
  const positional = parameters.filter((one) => one.kind === "positional");
  for (const one of positional) {
    parts.push(shown(one));
  }
  if (first !== undefined || positional.length > 0) {
    parts.push("/");
  }
  let starred = false;
  for (const one of parameters) {
    if (one.kind === "either") {
      parts.push(shown(one));
    } else if (one.kind === "rest") {
      parts.push(`*${one.name}`);
      starred = true;
    } else if (one.kind === "keyword") {
      if (!starred) {
        parts.push("*");
        starred = true;
      }
      parts.push(shown(one));
    } else if (one.kind === "keywords") {
      parts.push(`**${one.name}`);
    }
  }
  return `(${parts.join(", ")})`;
}

function shown({ name, fallback }: Parameter<unknown>): string {
  return fallback ? `${name}=${literal(fallback.value)}` : name;
}

/** A default as Python writes it; `...` where it has no literal. */
export function literal(value: unknown): string {
  switch (typeof value) {
    case "boolean":
      return value ? "True" : "False";
    case "number":
      return Number.isFinite(value) ? String(value) : "...";
    case "bigint":
      return String(value);
    case "string":
      // JSON's escapes are Python's too.
      return JSON.stringify(value);
    default:
      return value === undefined || value === null ? "None" : "...";
  }
}
