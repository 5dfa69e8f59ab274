import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { reference } from "./arguments.js";
import { beginBorrow, endBorrow } from "./borrow.js";
import type { ClassDefinition } from "./definition.js";
import { exceptionFor, LEFT_PENDING, pending } from "./guarded.js";
import { loadedClass, loadedModule, viewsOf, type LoadedClass, type LoadedFunction } from "./registry.js";
import { scalarsOf } from "./scalars.js";
import { endView, type ObjectView } from "./view.js";

/**
 * A handler's result that ends an iteration: what `__next__` returns instead of raising StopIteration.
 * @example
 * ```js
 * // downward.mjs
 * import { arg, field, pyClass, pyModule, stopIteration, t } from "weft-python";
 *
 * export const Down = pyClass("Down", { fields: { at: field.i32() } })
 *   .constructs({ args: [arg("from_", t.int)] }, (self, from) => {
 *     self.at = from;
 *   })
 *   .method("__iter__", {}, (self) => self.object)
 *   .methodMut("__next__", {}, (self) => (self.at > 0 ? self.at-- : stopIteration));
 * export const downward = pyModule("downward").add(Down);
 * ```
 * ```js
 * await weft.addModule(new URL("downward.mjs", import.meta.url));
 * console.log(await weft.eval("list(__import__('downward').Down(3))", { as: t.list(t.int) })); // [ 3, 2, 1 ]
 * ```
 */
export const stopIteration = Symbol.for("weft-python.stopIteration");

/**
 * A handler's result that makes Python try the other operand: Python's `NotImplemented`.
 * @example
 * ```js
 * // lengths.mjs
 * import { arg, field, notImplemented, pyClass, pyModule, t } from "weft-python";
 *
 * export const Meters = pyClass("Meters", { frozen: true, fields: { value: field.f64({ get: true }) } })
 *   .constructs({ args: [arg("value", t.float)] }, (self, value) => {
 *     self.value = value;
 *   })
 *   .method("__add__", { args: [arg("other")] }, (self, other) => (typeof other === "number" ? self.value + other : notImplemented));
 * export const lengths = pyModule("lengths").add(Meters);
 * ```
 * ```js
 * await weft.addModule(new URL("lengths.mjs", import.meta.url));
 * console.log(await weft.eval("__import__('lengths').Meters(2) + 1.5")); // 3.5
 * try {
 *   await weft.run("__import__('lengths').Meters(2) + 'x'");
 * } catch (error) {
 *   console.log(error.message.split(" for")[0]); // TypeError: unsupported operand type(s)
 * }
 * ```
 */
export const notImplemented = Symbol.for("weft-python.notImplemented");

/**
 * Python calls function `index` of a module on this thread: returns a new reference, or 0 with a pending exception.
 *
 * Calls are what an application of classes spends its time with: no closures here, and nothing is
 * allocated that the handler does not get.
 * @param borrow where the object has its words for borrowing, or -1.
 * @param name what has it then.
 */
export function callFunction(realm: Realm, module: number, index: number, values: Address, count: number, names: Address, borrow: number, name: Address): Address {
  const outer = realm.scope;
  const inner = realm.beginCall();
  let result: Address = 0;
  let raised: Address = 0;
  try {
    const py = new Python(realm);
    const called = loadedModule(realm, module).functions[index]!;
    result = resultOf(py, realm, called, handle(py, realm, called, values, count, names, borrow, name));
  } catch (error) {
    raised = exceptionFor(realm, error);
  } finally {
    realm.endCall(inner, outer);
  }
  return raised === 0 ? result : pending(realm, raised);
}

function handle(py: Python, realm: Realm, called: LoadedFunction, values: Address, count: number, names: Address, borrow: number, name: Address): unknown {
  const { definition, owner, reader } = called;
  const handler = definition.handler as (first: unknown, ...values: unknown[]) => unknown;
  switch (definition.kind) {
    case "function":
    case "static":
      return invoke(handler, py, reader.read(py, realm, values, count, names, 0));
    case "class":
      return handler(reference(py, values, 0), ...reader.read(py, realm, values, count, names, 1));
    default: {
      // Before the borrow: it can run Python code.
      const read = reader.read(py, realm, values, count, names, 1);
      const object = realm.memory.word(values);
      const view = makeView(py, owner!, definition.borrow === "exclusive", object);
      if (definition.kind === "constructor" && owner!.definition.options.base !== undefined) {
        view.initBase = baseConstructor(py, owner!.definition, view);
      }
      if (!beginBorrow(realm, object, borrow, called.borrowing, name)) {
        throw LEFT_PENDING;
      }
      try {
        return invoke(handler, view, read);
      } finally {
        // Before the result is converted and what the call refers to is released, which can run Python code.
        endView(view);
        endBorrow(realm, object, borrow, called.borrowing);
      }
    }
  }
}

/** Most handlers have few parameters, and spreading an array costs as much as they do. */
function invoke(handler: (first: unknown, ...values: unknown[]) => unknown, first: unknown, values: readonly unknown[]): unknown {
  switch (values.length) {
    case 0:
      return handler(first);
    case 1:
      return handler(first, values[0]);
    case 2:
      return handler(first, values[0], values[1]);
    default:
      return handler(first, ...values);
  }
}

/** What a handler gets for an object. It has to be ended. */
export function makeView(py: Python, cls: LoadedClass, exclusive: boolean, object: Address): ObjectView {
  const { views = viewsOf(py, cls) } = cls;
  return new (exclusive ? views.exclusive : views.shared)(py, object);
}

/** Runs the constructor of the nearest base that has one, with the same view: its fields are there too. */
function baseConstructor(py: Python, definition: ClassDefinition, view: ObjectView): (...values: unknown[]) => void {
  return (...values) => {
    let { base } = definition.options;
    for (; typeof base === "object"; { base } = base.options) {
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
    if (base === undefined) {
      throw new TypeError(`${definition.name} is derived from no class with a constructor`);
    }
    py.builtin(base).getAttr("__init__").call(view.object, ...values);
  };
}

/** A new reference. */
function resultOf(py: Python, realm: Realm, { definition, quickResult }: LoadedFunction, result: unknown): Address {
  const quick = scalarsOf(py, realm).write(realm, result, quickResult);
  if (quick !== 0) {
    return quick;
  }
  const { functions } = realm;
  if (result === notImplemented) {
    return functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_NOT_IMPLEMENTED);
  }
  if (result === stopIteration) {
    throw py.error(py.builtin("StopIteration"));
  }
  const object = definition.returns ? definition.returns.into(py, result, `result of ${definition.name}()`) : py.from(result);
  functions.Py_IncRef(object.pointer);
  return object.pointer;
}
