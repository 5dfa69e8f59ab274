import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import { PyAny } from "../any.js";
import { RawFunction, type Python } from "../python.js";
import type { Realm } from "../realm.js";
import { CallFunctions } from "./callable.js";
import { NOTHING, OperationError, perform } from "./operation.js";
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
  const read = (index: number): unknown => reader.read(memory.word(values + 4 * index));
  const result: unknown[] = [];
  for (let i = 0; i < count; i++) {
    result.push(read(i));
  }
  if (names !== 0) {
    result.push(Object.fromEntries(keywordNames(py, names).map((name, i) => [name, read(count + i)])));
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

/** Attached: reads what Python gave. */
export function begin(py: Python, asked: Asked): Operation {
  const { operation, id, self } = asked;
  if (operation === CONSTANTS.WEFT_JS_CALL_CONVERTING) {
    return convertingCall(py, asked);
  }
  const { realm } = py;
  const functions = new CallFunctions();
  const depth = operation === CONSTANTS.WEFT_JS_TO_JS ? realm.functions.PyLong_AsLongAndOverflow(realm.memory.word(asked.values + 4), realm.scratch) : -1;
  let parameters: unknown[];
  try {
    parameters = converted(py, asked, new Values(py, functions, depth));
  } catch (error) {
    functions.end();
    throw error;
  }
  const target = targetOf(realm, id);
  const object = self < 0 ? undefined : targetOf(realm, self);
  return {
    attached: false,
    perform: () => perform(operation, target, object, parameters),
    finish: (token, outcome) => (outcome === NOTHING ? 0 : toPythonReference(token, outcome)),
    end: () => {
      functions.end();
    },
  };
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
