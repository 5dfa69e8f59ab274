import type { Address } from "../../abi/functions.js";
import { PyAny } from "../any.js";
import { ConversionError } from "../conversion-error.js";
import type { PyErr } from "../errors.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import type { Parameter } from "./parameters.js";
import { OTHER, quickKinds, scalarsOf } from "./scalars.js";

/** The arguments of calls without any, which are many. */
const NOTHING: readonly unknown[] = Object.freeze([]);

/**
 * Turns the arguments of a call into what its parameters say.
 *
 * Made once for each function; the common case, positional arguments only, allocates nothing but
 * the values.
 */
export class ArgumentReader {
  readonly #name: string;
  readonly #parameters: readonly Parameter<unknown>[];
  /** Parameters that positional arguments reach. */
  readonly #positional: number;
  readonly #plain: boolean;
  /** How many of those have no default. */
  readonly #required: number;
  /** For each parameter what {@link Scalars} reads. */
  readonly #quick: readonly number[];

  constructor(name: string, parameters: readonly Parameter<unknown>[]) {
    this.#name = name;
    this.#parameters = parameters;
    this.#positional = parameters.filter((one) => one.kind === "positional" || one.kind === "either").length;
    this.#plain = this.#positional === parameters.length;
    this.#required = parameters.filter((one) => !one.fallback).length;
    this.#quick = parameters.map(({ schema }) => quickKinds(schema));
  }

  /**
   * @param values where the references are: borrowed for the length of the call.
   * @param count how many are positional.
   * @param names a tuple of the names of those after them, or 0.
   * @param skip leading arguments that are not the parameters' (`self`).
   * @throws PyErr a TypeError in CPython's words.
   */
  read(py: Python, realm: Realm, values: Address, count: number, names: Address, skip: number): readonly unknown[] {
    const given = count - skip;
    const parameters = this.#parameters;
    if (parameters.length === 0 && names === 0 && given === 0) {
      return NOTHING;
    }
    if (this.#plain && names === 0 && given <= parameters.length && given >= this.#required) {
      const read: unknown[] = [];
      for (let i = 0; i < given; i++) {
        read.push(this.#argument(py, realm, i, values + 4 * (skip + i)));
      }
      // Those with a default come last.
      for (let i = given; i < parameters.length; i++) {
        read.push(parameters[i]!.fallback!.value);
      }
      return read;
    }
    return this.#readAll(py, realm, values, count, names, skip);
  }

  /** The value of the argument at `place` for a parameter. */
  #argument(py: Python, realm: Realm, parameter: number, place: Address): unknown {
    const pointer = realm.memory.word(place);
    const value = scalarsOf(py, realm).read(py, realm, pointer, this.#quick[parameter]!);
    return value === OTHER ? this.#convert(this.#parameters[parameter]!, reference(py, place, 0)) : value;
  }

  #readAll(py: Python, realm: Realm, values: Address, count: number, names: Address, skip: number): unknown[] {
    const { functions } = realm;
    const given = count - skip;
    const rest = this.#parameters.find((one) => one.kind === "rest");
    if (given > this.#positional && !rest) {
      throw this.#tooMany(py, given);
    }
    const keywords = new Map<string, PyAny>();
    const size = names === 0 ? 0 : functions.PyTuple_Size(names);
    for (let i = 0; i < size; i++) {
      // A tuple does not change: its references stay.
      keywords.set(py.text(functions.PyTuple_GetItem(names, i)), reference(py, values, count + i));
    }
    const read: unknown[] = [];
    const missing: Parameter<unknown>[] = [];
    const misplaced: string[] = [];
    const hasKeywords = this.#parameters.some((one) => one.kind === "keywords");
    this.#parameters.forEach((one, i) => {
      if (one.kind === "rest") {
        const items: unknown[] = [];
        for (let at = this.#positional; at < given; at++) {
          items.push(this.#convert(one, reference(py, values, skip + at)));
        }
        read.push(items);
        return;
      }
      if (one.kind === "keywords") {
        read.push(new Map([...keywords].map(([name, object]) => [name, this.#convert(one, object)])));
        keywords.clear();
        return;
      }
      const byName = one.kind === "positional" ? undefined : keywords.get(one.name);
      if (one.kind === "positional" && keywords.has(one.name) && !hasKeywords) {
        misplaced.push(one.name);
        keywords.delete(one.name);
      }
      if (one.kind !== "keyword" && i < given) {
        if (byName) {
          throw this.#error(py, `got multiple values for argument '${one.name}'`);
        }
        read.push(this.#argument(py, realm, i, values + 4 * (skip + i)));
        return;
      }
      if (byName) {
        keywords.delete(one.name);
        read.push(this.#convert(one, byName));
      } else if (one.fallback) {
        read.push(one.fallback.value);
      } else {
        missing.push(one);
      }
    });
    if (misplaced.length > 0) {
      throw this.#error(py, `got some positional-only arguments passed as keyword arguments: '${misplaced.join(", ")}'`);
    }
    for (const name of keywords.keys()) {
      throw this.#error(py, `got an unexpected keyword argument '${name}'`);
    }
    this.#requireAll(py, missing);
    return read;
  }

  #requireAll(py: Python, missing: readonly Parameter<unknown>[]): void {
    for (const [kind, those] of [
      ["positional", missing.filter((one) => one.kind !== "keyword")],
      ["keyword-only", missing.filter((one) => one.kind === "keyword")],
    ] as const) {
      if (those.length > 0) {
        throw this.#error(py, `missing ${those.length} required ${kind} argument${those.length > 1 ? "s" : ""}: ${listed(those.map((one) => `'${one.name}'`))}`);
      }
    }
  }

  #tooMany(py: Python, given: number): PyErr {
    const least = this.#parameters.filter((one) => (one.kind === "positional" || one.kind === "either") && !one.fallback).length;
    const most = this.#positional;
    const takes = least === most ? `${most}` : `from ${least} to ${most}`;
    return this.#error(py, `takes ${takes} positional argument${most === 1 && least === most ? "" : "s"} but ${given} ${given === 1 ? "was" : "were"} given`);
  }

  #error(py: Python, text: string): PyErr {
    return py.error(py.builtin("TypeError"), `${this.#name}() ${text}`);
  }

  #convert({ name, schema }: Parameter<unknown>, object: PyAny): unknown {
    if (!schema) {
      return object.toJs();
    }
    try {
      return schema.extract(object, `argument '${name}'`);
    } catch (error) {
      if (error instanceof ConversionError) {
        const py = object.py as Python;
        throw py.error(py.builtin("TypeError"), error.message);
      }
      throw error;
    }
  }
}

/** A reference of the scope's own to an argument. */
export function reference(py: Python, values: Address, index: number): PyAny {
  const { functions, memory } = py.realm;
  const pointer = memory.word(values + 4 * index);
  functions.Py_IncRef(pointer);
  return new PyAny(py, pointer);
}

/** `'a', 'b' and 'c'` as CPython writes it. */
function listed(names: readonly string[]): string {
  return names.length < 3 ? names.join(" and ") : `${names.slice(0, -1).join(", ")}, and ${names.at(-1)}`;
}
