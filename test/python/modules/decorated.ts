// Classes with decorators: classes-decorators.test.ts compiles this file, since every realm loads JavaScript.
import { arg, field, pyclass, pyclassOf, pyconstructor, pyfield, PyInstance, pymethod, pymethodMut, pyModule, pyproperty, pystatic, t, type PyAny, type Python } from "../../../src/index.js";

@pyclass({ doc: "Counts.", generic: true })
export class Tally extends PyInstance {
  @pyfield(field.i32({ get: true, set: true })) accessor value!: number;
  @pyfield(field.str({ get: true })) accessor label: string | undefined;

  @pyconstructor({ args: [arg("value", t.int, { default: 0 })] })
  init(value: number): void {
    this.value = value;
    this.label = "tally";
  }

  @pymethodMut({ args: [arg("by", t.int, { default: 1 })], returns: t.int, doc: "Adds to it." })
  increment(by: number): number {
    this.value += this.limited(by);
    return this.value;
  }

  /** TypeScript's alone. */
  limited(by: number): number {
    return Math.min(by, 10);
  }

  @pymethod({ returns: t.str })
  __repr__(): string {
    return `Tally(${this.value})`;
  }

  @pymethod({ args: [arg("other")] })
  add(other: unknown): string {
    return `${this.__repr__()} ${String(other)}`;
  }

  @pyproperty({ doc: "Twice the value.", type: t.int })
  get double(): number {
    return this.value * 2;
  }

  @pystatic({ args: [arg("values", t.list(t.int))], returns: t.int })
  static sum(_: Python, values: number[]): number {
    return values.reduce((a, b) => a + b, 0);
  }
}

@pyclass()
export class Step extends Tally {
  @pyfield(field.i32({ get: true })) accessor size!: number;

  @pyconstructor({ args: [arg("value", t.int), arg.keyword("size", t.int)] })
  override init(value: number, size?: number): void {
    this.initBase(value);
    this.size = size ?? 0;
  }

  @pymethodMut()
  advance(): number {
    return this.increment(this.size);
  }
}

function valueOf(object: PyAny): number {
  return pyclassOf(Tally).borrow(object, (it) => it.value);
}

export const decorated = pyModule("decorated")
  .add(Tally)
  .add(Step)
  .function("value_of", { args: [arg("tally", pyclassOf(Tally).schema)], returns: t.int }, (_, tally) => valueOf(tally));
