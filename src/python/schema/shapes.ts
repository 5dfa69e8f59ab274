import type { PyAny } from "../any.js";
import { PyDict } from "../objects/dict.js";
import type { Python } from "../python.js";
import { OptionalSchema } from "./combine.js";
import { Schema, type Infer } from "./schema.js";
import { inside, SchemaError, unexpected, unfit } from "./schema-error.js";

/** Schemas by name. */
export type Shape = Readonly<Record<string, Schema<unknown>>>;

type OptionalNames<S extends Shape> = { [K in keyof S]: S[K] extends OptionalSchema<unknown> ? K : never }[keyof S];
type Flat<T> = { [K in keyof T]: T[K] };

/** The object of a shape's values. What is optional may be missing. */
export type Shaped<S extends Shape> = Flat<
  { [K in Exclude<keyof S, OptionalNames<S>>]: Infer<S[K]> } & { [K in OptionalNames<S>]?: Infer<S[K]> }
>;

/** Objects with named parts, wherever those are kept. */
abstract class ShapeSchema<S extends Shape> extends Schema<Shaped<S>> {
  readonly name: string;
  protected readonly parts: readonly (readonly [string, Schema<unknown>])[];

  constructor(what: string, shape: S) {
    super();
    this.name = `${what} with ${Object.keys(shape).join(", ") || "nothing"}`;
    this.parts = Object.entries(shape);
  }

  protected abstract step(name: string): string;
  protected abstract accepts(object: PyAny): boolean;
  protected abstract part(object: PyAny, name: string): PyAny | undefined;
  protected abstract readonly missing: string;

  read(object: PyAny): Shaped<S> {
    if (!this.accepts(object)) {
      throw unexpected(this.name, object);
    }
    const values: Record<string, unknown> = {};
    for (const [name, schema] of this.parts) {
      using part = this.part(object, name);
      if (part === undefined) {
        if (schema instanceof OptionalSchema) {
          continue;
        }
        throw inside(this.step(name), new SchemaError(`${this.missing}, expected ${schema.name}`));
      }
      try {
        // Also where the name is __proto__.
        Object.defineProperty(values, name, { value: schema.read(part), writable: true, enumerable: true, configurable: true });
      } catch (error) {
        throw inside(this.step(name), error);
      }
    }
    return values as Shaped<S>;
  }

  /** Objects for the parts that there are; released when `use` has put them where they belong. */
  protected writeParts(py: Python, value: Shaped<S>, use: (name: string, part: PyAny) => void): void {
    if (typeof value !== "object" || value === null) {
      throw unfit(this.name, value);
    }
    for (const [name, schema] of this.parts) {
      if (schema instanceof OptionalSchema && !(name in value)) {
        continue;
      }
      try {
        using part = schema.write(py, (value as Record<string, unknown>)[name]);
        use(name, part);
      } catch (error) {
        throw inside(this.step(name), error);
      }
    }
  }
}

/** Objects with attributes. */
export class ObjectSchema<S extends Shape> extends ShapeSchema<S> {
  protected readonly missing = "no such attribute";

  constructor(shape: S) {
    super("object", shape);
  }

  protected step(name: string): string {
    return `.${name}`;
  }

  protected accepts(): boolean {
    return true;
  }

  protected part(object: PyAny, name: string): PyAny | undefined {
    return object.getOptionalAttr(name);
  }

  write(py: Python, value: Shaped<S>): PyAny {
    const made = py.import("types").getAttr("SimpleNamespace").call();
    this.writeParts(py, value, (name, part) => {
      made.setAttr(name, part);
    });
    return made;
  }
}

/** Dicts with known keys. Others are left alone. */
export class RecordSchema<S extends Shape> extends ShapeSchema<S> {
  protected readonly missing = "no such key";

  constructor(shape: S) {
    super("dict", shape);
  }

  protected step(name: string): string {
    return `[${JSON.stringify(name)}]`;
  }

  protected accepts(object: PyAny): boolean {
    return object.instanceOf(PyDict);
  }

  protected part(object: PyAny, name: string): PyAny | undefined {
    using dict = object.cast(PyDict);
    return dict.get(name);
  }

  write(py: Python, value: Shaped<S>): PyAny {
    const made = py.dict();
    this.writeParts(py, value, (name, part) => {
      made.set(name, part);
    });
    return made;
  }
}
