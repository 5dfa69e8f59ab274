import type { Field, Fields } from "./fields.js";
import type { TypedArrayConstructor } from "../buffer/formats.js";
import type { Py } from "../py.js";
import type { Python } from "../python.js";
import type { Schema } from "../schema/schema.js";
import type { Parameter } from "./parameters.js";

/** How a method has its object: together with others, alone, or waiting for it. */
export type Borrow = "shared" | "exclusive";

/** What a function is in its class or module. */
export type FunctionKind = "function" | "method" | "static" | "class" | "constructor" | "nothing" | "get" | "set" | "delete" | "async";

/** One function of TypeScript's that Python can call. */
export interface FunctionDefinition {
  readonly name: string;
  readonly kind: FunctionKind;
  readonly borrow: Borrow | undefined;
  readonly doc: string | undefined;
  readonly parameters: readonly Parameter<unknown>[];
  readonly returns: Schema<unknown> | undefined;
  /** Gets a view of the object, a type or a token, then the parameters' values. */
  readonly handler: (first: never, ...values: never[]) => unknown;
}

/** What a class is derived from: a class of this package's, or a builtin by its name. */
export type Base = ClassDefinition | string;

/** How objects show bytes of theirs by Python's buffer protocol. */
export interface BufferOptions {
  /** A field of {@link field.bytes}. Python can write it where the field has `set`. */
  readonly field: string;
  /** What its items are. */
  readonly as: TypedArrayConstructor;
  /** Up to four sizes, the last one of items that lie beside each other; by default one, for all of the field. */
  readonly shape?: readonly number[];
}

/** What a class can be besides its fields and functions. */
export interface ClassOptions<F extends Fields = Fields> {
  readonly doc?: string;
  readonly fields?: F;
  /**
   * A class that {@link pyClass} made, or a builtin type by its name (`"list"`, `"ValueError"`). Types whose
   * objects have no fixed size (`int`, `tuple`, `bytes`) cannot be bases of classes with fields.
   */
  readonly base?: Base;
  /** Objects never change after their constructor: nothing is ever borrowed, and Python cannot set fields. */
  readonly frozen?: boolean;
  /**
   * Methods wait for each other, detached, instead of failing when the object is borrowed. They exclude each other, also
   * those that only read. Classes derived from it are locked too.
   */
  readonly locked?: boolean;
  /**
   * Objects may be used only in the realm of the thread that made them, and so may those of derived classes. So they can have a
   * `state`: any JavaScript value, which is let go of on its own thread, wherever the object dies. Derived classes have the same one.
   */
  readonly unsendable?: boolean;
  /**
   * Objects have the buffer protocol: `memoryview(object)` shows a field's bytes without a copy, and without a call of
   * TypeScript's. Objects of derived classes have none. A buffer outlives the borrow in which it is got, so threads that write through it race as in any shared memory.
   */
  readonly buffer?: BufferOptions;
  /**
   * How many dead objects' memory is kept for new ones, up to 4096: for classes whose objects come and go all the time. Not with
   * `dict`, nor with a builtin as base.
   */
  readonly freelist?: number;
  /** Whether Python code can set attributes that are no fields: false by default. */
  readonly dict?: boolean;
  /** Whether `Class[int]` works in annotations: false by default. */
  readonly generic?: boolean;
  /** Whether objects can be referred to weakly: true by default. */
  readonly weakref?: boolean;
  /** Whether Python code cannot derive from it: false by default. */
  readonly final?: boolean;
}

/** Names a reference that the state owns; nothing happens for `undefined` and for those that were dropped. */
export type Visit = (reference: Py | undefined) => void;

/** What a class says of the references in the states of its unsendable objects. */
export interface Tracing {
  traverse(state: unknown, visit: Visit): void;
  clear(state: unknown, py: Python): void;
}

/** A class as its builder leaves it. */
export interface ClassDefinition {
  readonly name: string;
  readonly options: ClassOptions;
  readonly fields: ReadonlyMap<string, Field<unknown, unknown>>;
  readonly functions: readonly FunctionDefinition[];
  readonly attributes: ReadonlyMap<string, unknown>;
  /**
   * What the garbage collector is told of JavaScript states.
   * @internal
   */
  readonly tracing: Tracing | undefined;
  /**
   * What views of objects have besides fields: TypeScript's own methods.
   * @internal
   */
  readonly helpers: ReadonlyMap<string, PropertyDescriptor>;
}

/** Definitions of classes with decorators, by the classes. */
export const decorated = new WeakMap<object, ClassDefinition>();

/** An exception type of a module. */
export interface ExceptionDefinition {
  readonly name: string;
  readonly base: ExceptionDefinition | string;
  readonly doc: string | undefined;
}

/** A module as its builder leaves it. */
export interface ModuleDefinition {
  readonly name: string;
  readonly doc: string | undefined;
  readonly gilUsed: boolean;
  readonly classes: readonly ClassDefinition[];
  readonly functions: readonly FunctionDefinition[];
  readonly exceptions: readonly ExceptionDefinition[];
  readonly constants: ReadonlyMap<string, unknown>;
  readonly submodules: readonly ModuleDefinition[];
}

/** Whether the class or one that it is derived from says so. */
function inherits(definition: ClassDefinition, option: "locked" | "unsendable"): boolean {
  for (let at: Base | undefined = definition; typeof at === "object"; at = at.options.base) {
    if (at.options[option] === true) {
      return true;
    }
  }
  return false;
}

export function isLocked(definition: ClassDefinition): boolean {
  return inherits(definition, "locked");
}

export function isUnsendable(definition: ClassDefinition): boolean {
  return inherits(definition, "unsendable");
}

/** Whether objects have a state that tells the collector what it refers to. */
export function isTraced(definition: ClassDefinition): boolean {
  for (let at: Base | undefined = definition; typeof at === "object"; at = at.options.base) {
    if (at.tracing) {
      return true;
    }
  }
  return false;
}

/** The words for borrowing are there once in a family: whether this class adds them. */
export function ownsBorrowWords(definition: ClassDefinition): boolean {
  return borrows(definition) && !hasBorrowingAncestor(definition);
}

/** Whether the class's own methods and fields borrow. */
export function borrows({ options }: ClassDefinition): boolean {
  return options.frozen !== true || options.unsendable === true;
}

function hasBorrowingAncestor({ options: { base } }: ClassDefinition): boolean {
  return typeof base === "object" && (borrows(base) || hasBorrowingAncestor(base));
}

/** The class of the family that has the words for borrowing. */
export function borrowOwner(definition: ClassDefinition): ClassDefinition | undefined {
  if (!borrows(definition)) {
    return undefined;
  }
  let found: ClassDefinition | undefined;
  for (let at: Base | undefined = definition; typeof at === "object"; at = at.options.base) {
    if (borrows(at)) {
      found = at;
    }
  }
  return found;
}

/** The hidden field of unsendable classes. No field of an author's can be called so. */
export const STATE = "<state>";

/** Marks definitions, also those of another copy of this package. */
export const MODULE = Symbol.for("weft-python.module");

/** Whether a value is what {@link pyModule} returns. */
export function isModuleDefinition(value: unknown): value is ModuleDefinition {
  return typeof value === "object" && value !== null && MODULE in value;
}
