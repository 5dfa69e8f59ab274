import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import { PyAny } from "../any.js";
import { RawFunction, type Python } from "../python.js";
import type { Realm } from "../realm.js";
import { CallFunctions } from "./callable.js";
import { Later, NOTHING, OperationError, perform } from "./operation.js";
import { Boxed } from "./remote.js";
import { toPythonReference } from "./to-python.js";
import { Values } from "./values.js";

/** An operation as Python asks for it; addresses are of objects that the asking thread keeps. */
export interface Asked {
  readonly operation: number;
  readonly id: number;
  readonly self: number;
  /** Address of an array of the values: `count` positional ones, then those of `names`. */
  readonly values: Address;
  readonly count: number;
  /** A tuple of keyword names, or 0. */
  readonly names: Address;
}

/** One operation under way, in three steps, of which only the middle one runs without Python. */
export interface Operation {
  /** Whether {@link perform} needs the thread attached, in the scope that the operation was made in. */
  readonly attached: boolean;
  perform(): unknown;
  /** Attached: a new reference to what Python gets for the outcome. */
  finish(py: Python, outcome: unknown): Address;
  /** Attached: nothing that was made for this operation can be used any more. */
  end(): void;
}

function bound(py: Python, values: Address, index: number): PyAny {
  const pointer = py.realm.memory.word(values + 4 * index);
  py.realm.functions.Py_IncRef(pointer);
  return new PyAny(py, pointer);
}

function keywordNames(py: Python, names: Address): string[] {
  // A tuple does not change: its references stay.
  return names === 0
    ? []
    : Array.from({ length: py.realm.functions.PyTuple_Size(names) }, (_, i) => py.text(py.realm.functions.PyTuple_GetItem(names, i)));
}

function targetOf(realm: Realm, id: number): unknown {
  const value = realm.value(id);
  return value instanceof RawFunction ? value.call : value;
}

/** The operation's values as JavaScript has them; keyword ones as one last object. */
function converted(py: Python, { values, count, names }: Asked, reader: { read(pointer: Address): unknown }): unknown[] {
  const { memory } = py.realm;
  const result: unknown[] = [];
  for (let i = 0; i < count; i++) {
    result.push(reader.read(memory.word(values + 4 * i)));
  }
  if (names !== 0) {
    result.push(Object.fromEntries(keywordNames(py, names).map((name, i) => [name, reader.read(memory.word(values + 4 * (count + i)))])));
  }
  return result;
}

/** What `py.function()` and `py.rawFunction()` made is called as those say. */
function convertingCall(py: Python, asked: Asked): Operation {
  const value = py.realm.value(asked.id);
  const { values, count, names } = asked;
  const finish = (token: Python, outcome: unknown): Address => {
    const { pointer } = token.from(outcome);
    token.realm.functions.Py_IncRef(pointer);
    return pointer;
  };
  if (value instanceof RawFunction) {
    const positional = Array.from({ length: count }, (_, i) => bound(py, values, i));
    const keywords = new Map(keywordNames(py, names).map((name, i) => [name, bound(py, values, count + i)] as const));
    return { attached: true, perform: () => value.call(py, positional, keywords), finish, end: () => undefined };
  }
  if (typeof value !== "function") {
    throw py.error(py.builtin("TypeError"), `this host object is a ${typeof value} and cannot be called`);
  }
  const parameters = converted(py, asked, { read: (pointer) => py.toJs({ pointer }) });
  return { attached: false, perform: () => (value as (...all: unknown[]) => unknown)(...parameters), finish, end: () => undefined };
}

/** An operation of operation.ts. A class: Python programs make these by the million. */
class JsOperation implements Operation {
  readonly attached = false;
  readonly #operation: number;
  readonly #target: unknown;
  readonly #self: unknown;
  readonly #functions = new CallFunctions();
  readonly #values: readonly unknown[];

  constructor(py: Python, asked: Asked) {
    const { realm } = py;
    this.#operation = asked.operation;
    this.#target = targetOf(realm, asked.id);
    this.#self = asked.self < 0 ? undefined : targetOf(realm, asked.self);
    const depth =
      asked.operation === CONSTANTS.WEFT_JS_TO_JS ? realm.functions.PyLong_AsLongAndOverflow(realm.memory.word(asked.values + 4), realm.scratch) : -1;
    try {
      this.#values = converted(py, asked, new Values(py, this.#functions, depth));
    } catch (error) {
      this.#functions.end();
      throw error;
    }
  }

  perform(): unknown {
    return perform(this.#operation, this.#target, this.#self, this.#values);
  }

  finish(py: Python, outcome: unknown): Address {
    if (outcome instanceof Later) {
      throw py.error(py.builtin("RuntimeError"), "this value belongs to the page, whose answer comes by the event loop of this thread's realm: use it on another thread");
    }
    const value = outcome instanceof Boxed ? outcome.value : outcome;
    return value === NOTHING ? 0 : toPythonReference(py, value);
  }

  end(): void {
    this.#functions.end();
  }
}

/** Attached: reads what Python gave. */
export function begin(py: Python, asked: Asked): Operation {
  return asked.operation === CONSTANTS.WEFT_JS_CALL_CONVERTING ? convertingCall(py, asked) : new JsOperation(py, asked);
}

/** Attached: a new reference to the exception for what an operation threw. */
export function exceptionOf(py: Python, error: unknown): Address {
  try {
    py.raise(error instanceof OperationError ? py.error(py.builtin(error.typeName), error.argument) : error);
  } catch (second) {
    // Python cannot even make the exception (out of memory): what it says about that is raised.
    py.raise(second);
  }
  return py.realm.functions.PyErr_GetRaisedException();
}
