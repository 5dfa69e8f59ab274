import { PythonError } from "../portable/python-error.js";
import type { Error as Failure, Node, Value } from "./generated/interfaces/weft-python-types.js";

/** Gives a function a number by which the component calls it. */
export type Register = (call: (...values: never[]) => unknown) => number;

/**
 * A JavaScript value as the component takes it.
 * @throws TypeError for a value without a counterpart in Python, or that contains itself.
 */
export function encode(value: unknown, register: Register): Value {
  const nodes: Value = [];
  const inside = new Set<object>();
  const contained = (object: object, add: () => void): void => {
    if (inside.has(object)) {
      throw new TypeError("a value that contains itself cannot be copied to Python");
    }
    inside.add(object);
    add();
    inside.delete(object);
  };
  const mapping = (object: object, entries: readonly (readonly [unknown, unknown])[]): void => {
    contained(object, () => {
      nodes.push({ tag: "mapping", val: entries.length });
      entries.forEach(([key, item]) => {
        add(key);
        add(item);
      });
    });
  };
  const items = (object: object, tag: "sequence" | "set", list: readonly unknown[]): void => {
    contained(object, () => {
      nodes.push({ tag, val: list.length });
      // Holes are undefined.
      for (const item of list) {
        add(item);
      }
    });
  };
  const add = (item: unknown): void => {
    const scalar = encodeScalar(item);
    if (scalar) {
      nodes.push(scalar);
    } else if (typeof item === "function") {
      nodes.push({ tag: "function", val: register(item as never) });
    } else if (Array.isArray(item)) {
      items(item, "sequence", item);
    } else if (item instanceof Set) {
      items(item, "set", [...item]);
    } else if (item instanceof Map) {
      mapping(item, [...item]);
    } else if (isPlain(item)) {
      mapping(item, Object.entries(item));
    } else {
      throw new TypeError(`${typeof item === "object" ? `an object of class ${item?.constructor?.name ?? "?"}` : `a ${typeof item}`} has no counterpart in Python: convert it`);
    }
  };
  add(value);
  return nodes;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function encodeScalar(value: unknown): Node | undefined {
  switch (typeof value) {
    case "undefined":
      return { tag: "none" };
    case "boolean":
      return { tag: "boolean", val: value };
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? { tag: "int", val: BigInt(value) } : { tag: "float", val: value };
    case "bigint":
      return BigInt.asIntN(64, value) === value ? { tag: "int", val: value } : { tag: "big-int", val: value.toString(16) };
    case "string":
      return { tag: "text", val: value };
    default:
      return value === null ? { tag: "none" } : value instanceof Uint8Array ? { tag: "bytes", val: value } : undefined;
  }
}

/** What the component gave, as JavaScript has it. */
export function decode(nodes: Value): unknown {
  let at = 0;
  const list = (count: number): unknown[] => Array.from({ length: count }, read);
  const read = (): unknown => {
    const node = nodes[at++]!;
    switch (node.tag) {
      case "none":
        return undefined;
      case "boolean":
      case "float":
      case "text":
      case "bytes":
        return node.val;
      case "int":
        return narrowed(node.val);
      case "big-int":
        return node.val.startsWith("-") ? -BigInt(`0x${node.val.slice(1)}`) : BigInt(`0x${node.val}`);
      case "sequence":
      case "tuple":
        return list(node.val);
      case "set":
        return new Set(list(node.val));
      case "mapping":
        return dictionary(Array.from({ length: node.val }, () => [read(), read()]));
      case "function":
        throw new TypeError("the component gave a function, which only goes the other way");
    }
  };
  return read();
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function dictionary(entries: [unknown, unknown][]): unknown {
  if (!entries.every(([key]) => typeof key === "string")) {
    return new Map(entries);
  }
  const record: Record<string, unknown> = {};
  for (const [key, value] of entries as [string, unknown][]) {
    // Also where the key is __proto__.
    Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return record;
}

/** The component's error as an exception, with its causes. */
export function decodeError(failure: Failure): PythonError {
  return failure.reduceRight<PythonError | undefined>((cause, { typeName, message, traceback }) => new PythonError(typeName, message, traceback, cause), undefined)!;
}

/** What a host function threw. */
export function encodeError(error: unknown): Failure {
  if (error instanceof PythonError) {
    return [{ typeName: error.typeName, message: error.text, traceback: error.traceback }];
  }
  return error instanceof Error
    ? [{ typeName: error.name, message: error.message, traceback: error.stack ?? "" }]
    : [{ typeName: typeof error, message: String(error), traceback: "" }];
}
