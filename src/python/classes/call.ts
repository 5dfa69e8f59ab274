import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { reference, type RawArguments } from "./arguments.js";
import type { ClassDefinition } from "./definition.js";
import { guarded } from "./guarded.js";
import { loadedClass, loadedModule, viewsOf, type LoadedFunction } from "./registry.js";
import { endView, ObjectView } from "./view.js";

/** A handler's result that ends an iteration: what `__next__` returns instead of raising StopIteration. */
export const stopIteration = Symbol("weft-python.stopIteration");

/** A handler's result that makes Python try the other operand: Python's `NotImplemented`. */
export const notImplemented = Symbol("weft-python.notImplemented");

/** Python calls function `index` of a module on this thread: returns a new reference, or 0 with a pending exception. */
export function callFunction(realm: Realm, module: number, index: number, values: Address, count: number, names: Address): Address {
  return guarded(realm, (py) => {
    const called = loadedModule(realm, module).functions[index]!;
    return resultOf(py, called, handle(py, called, { values, count, names }));
  });
}

function handle(py: Python, called: LoadedFunction, raw: RawArguments): unknown {
  const { definition, owner, reader } = called;
  const handler = definition.handler as (first: unknown, ...values: unknown[]) => unknown;
  switch (definition.kind) {
    case "function":
    case "static":
      return handler(py, ...reader.read(py, raw, 0));
    case "class":
      return handler(reference(py, raw.values, 0), ...reader.read(py, raw, 1));
    default: {
      const values = reader.read(py, raw, 1);
      const views = viewsOf(py, owner!);
      const made = new (definition.borrow === "exclusive" ? views.exclusive : views.shared)(py, py.realm.memory.word(raw.values));
      if (definition.kind === "constructor") {
        made.initBase = baseConstructor(py, owner!.definition, made);
      }
      try {
        return handler(made, ...values);
      } finally {
        endView(made);
      }
    }
  }
}

/** Runs the constructor of the nearest base that has one, with the same view: its fields are there too. */
function baseConstructor(py: Python, definition: ClassDefinition, view: ObjectView): (...values: unknown[]) => void {
  return (...values) => {
    for (let { base } = definition.options; typeof base === "object"; { base } = base.options) {
      const found = base.functions.find((one) => one.kind === "constructor");
      if (found) {
        const outer = view.initBase;
        view.initBase = baseConstructor(py, loadedClass(py.realm, base).definition, view);
        try {
          (found.handler as (first: unknown, ...values: unknown[]) => unknown)(view, ...values);
        } finally {
          view.initBase = outer;
        }
        return;
      }
    }
    throw new TypeError(`${definition.name} is derived from no class with a constructor of ours`);
  };
}

/** A new reference. */
function resultOf(py: Python, { definition }: LoadedFunction, result: unknown): Address {
  const { functions } = py.realm;
  if (result === notImplemented) {
    return functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_NOT_IMPLEMENTED);
  }
  if (result === stopIteration) {
    throw py.error(py.builtin("StopIteration"));
  }
  if (result === undefined) {
    return functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_NONE);
  }
  const object = definition.returns ? definition.returns.into(py, result) : py.from(result);
  functions.Py_IncRef(object.pointer);
  return object.pointer;
}
