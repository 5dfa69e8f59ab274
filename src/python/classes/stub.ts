import type { Schema } from "../schema/schema.js";
import type { ClassDefinition, FunctionDefinition, ModuleDefinition } from "./definition.js";
import type { FieldOptions } from "./fields.js";
import { literal, type Parameter } from "./parameters.js";

/** Names that a stub knows without an import of a module of ours. */
const BUILTIN = new Set(["int", "float", "str", "bytes", "bool", "None", "list", "dict", "set", "frozenset", "tuple", "object", "Literal", "True", "False"]);
/** How annotations call what schemas read. Schemas' own names are for errors. */
const SAID = /^int from -?\d+ to -?\d+$/;

const FIELD_TYPES = { i32: "int", i64: "int", f64: "float", bool: "bool", object: "Any", str: "str", bytes: "bytes" } as const;

/** The stub file of one module: what a type checker knows of it. */
export interface Stub {
  /** Below the folder of all stubs: `counters.pyi`, or `counters/__init__.pyi` where there are submodules. */
  readonly path: string;
  readonly text: string;
}

/**
 * Stubs of a module and its submodules.
 * @example
 * ```js
 * const [stub] = stubsOf(pyModule("sums").function("add", { args: [arg("a", t.int), arg("b", t.int)], returns: t.int }, (_, a, b) => a + b));
 * console.log(stub.path); // sums.pyi
 * console.log(stub.text.trim().split("\n").at(-1)); // def add(a: int, b: int) -> int: ...
 * ```
 */
export function stubsOf(module: ModuleDefinition): Stub[] {
  const path = module.name.replaceAll(".", "/");
  return [{ path: module.submodules.length > 0 ? `${path}/__init__.pyi` : `${path}.pyi`, text: textOf(module) }, ...module.submodules.flatMap(stubsOf)];
}

function textOf(module: ModuleDefinition): string {
  const known = new Set([...BUILTIN, ...module.classes.map(({ name }) => name)]);
  const lines: string[] = [];
  for (const one of module.exceptions) {
    const base = typeof one.base === "string" ? one.base : one.base.name;
    lines.push("", `class ${one.name}(${base}):${one.doc === undefined ? " ..." : ""}`, ...docOf(one.doc, "    "));
  }
  for (const one of basesFirst(module.classes)) {
    lines.push("", ...classLines(one, known));
  }
  for (const one of module.functions) {
    lines.push("", ...functionLines(one, undefined, known, ""));
  }
  for (const [name, value] of module.constants) {
    lines.push("", `${name}: ${constantType(value)}`);
  }
  const body = lines.join("\n");
  const imports = [
    `from typing import Any${body.includes("Literal[") ? ", Literal" : ""}${module.classes.some(({ options }) => options.final === true) ? ", final" : ""}`,
    ...(module.classes.some(({ options }) => options.generic === true) ? ["from types import GenericAlias"] : []),
    ...module.submodules.map(({ name }) => `from . import ${name.split(".").at(-1)!} as ${name.split(".").at(-1)!}`),
  ];
  return `${module.doc === undefined ? "" : `${quoted(module.doc)}\n\n`}${imports.join("\n")}\n${body}\n`;
}

/** Python reads a stub in any order, but people do not. */
function basesFirst(classes: readonly ClassDefinition[]): ClassDefinition[] {
  const sorted = new Set<ClassDefinition>();
  const add = (one: ClassDefinition): void => {
    if (typeof one.options.base === "object" && classes.includes(one.options.base)) {
      add(one.options.base);
    }
    sorted.add(one);
  };
  classes.forEach(add);
  return [...sorted];
}

function classLines(definition: ClassDefinition, known: ReadonlySet<string>): string[] {
  const { base, final, doc, generic } = definition.options;
  const named = base === undefined ? "" : `(${typeof base === "string" ? (base === "list" || base === "dict" ? `${base}${base === "list" ? "[Any]" : "[Any, Any]"}` : base) : base.name})`;
  const body: string[] = [];
  for (const [name, one] of definition.fields) {
    body.push(...fieldLines(name, one.options, FIELD_TYPES[one.kind]));
  }
  for (const [name, value] of definition.attributes) {
    body.push(`${name}: ${constantType(value)}`);
  }
  for (const one of definition.functions) {
    body.push(...functionLines(one, definition, known, ""));
  }
  if (generic === true) {
    body.push("@classmethod", "def __class_getitem__(cls, item: Any, /) -> GenericAlias: ...");
  }
  const lines = [...docOf(doc, ""), ...body];
  return [
    ...(final === true ? ["@final"] : []),
    `class ${definition.name}${named}:${lines.length === 0 ? " ..." : ""}`,
    ...lines.map((line) => `    ${line}`),
  ];
}

function fieldLines(name: string, { get, set, doc }: FieldOptions, type: string): string[] {
  if (get !== true && set !== true) {
    return [];
  }
  if (set === true) {
    return [`${name}: ${type}`, ...docOf(doc, "")];
  }
  return ["@property", `def ${name}(self) -> ${type}: ${doc === undefined ? "..." : ""}`.trimEnd(), ...docOf(doc, "    ")];
}

/** What Python itself wants of special methods. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ["__repr__", "str"], ["__str__", "str"], ["__format__", "str"], ["__bytes__", "bytes"], ["__bool__", "bool"], ["__contains__", "bool"],
  ["__len__", "int"], ["__hash__", "int"], ["__index__", "int"], ["__int__", "int"], ["__float__", "float"], ["__complex__", "complex"],
  ["__buffer__", "memoryview"], ["__del__", "None"], ["__setitem__", "None"], ["__delitem__", "None"], ["__setstate__", "None"],
]);

function decoratorOf({ kind, name }: FunctionDefinition): string | undefined {
  switch (kind) {
    case "static":
      return "@staticmethod";
    case "class":
      return "@classmethod";
    case "get":
      return "@property";
    case "set":
      return `@${name}.setter`;
    case "delete":
      return `@${name}.deleter`;
    default:
      return undefined;
  }
}

function functionLines(one: FunctionDefinition, owner: ClassDefinition | undefined, known: ReadonlySet<string>, indent: string): string[] {
  const first = { function: undefined, async: owner ? "self" : undefined, static: undefined, class: "cls", constructor: "cls", nothing: "self", method: "self", get: "self", set: "self", delete: "self" }[one.kind];
  const returns =
    one.kind === "constructor" ? owner!.name : one.kind === "set" || one.kind === "delete" ? "None" : one.returns ? annotation(one.returns, known) : (PROTOCOLS.get(one.name) ?? "Any");
  const decorator = decoratorOf(one);
  const head = `def ${one.name}(${parameterList(first, one.parameters, known)}) -> ${returns}:`;
  return [...(decorator === undefined ? [] : [decorator]), `${head}${one.doc === undefined ? " ..." : ""}`, ...docOf(one.doc, "    ")].map((line) => indent + line);
}

function parameterList(first: string | undefined, parameters: readonly Parameter<unknown>[], known: ReadonlySet<string>): string {
  const parts = first === undefined ? [] : [first];
  const positional = parameters.filter(({ kind }) => kind === "positional");
  const shown = (one: Parameter<unknown>): string => `${one.name}: ${annotation(one.schema, known)}${one.fallback ? ` = ${literal(one.fallback.value)}` : ""}`;
  parts.push(...positional.map(shown));
  if (first !== undefined || positional.length > 0) {
    parts.push("/");
  }
  let starred = false;
  for (const one of parameters) {
    switch (one.kind) {
      case "positional":
        break;
      case "rest":
        starred = true;
        parts.push(`*${shown(one)}`);
        break;
      case "keywords":
        parts.push(`**${shown(one)}`);
        break;
      case "keyword":
        if (!starred) {
          starred = true;
          parts.push("*");
        }
        parts.push(shown(one));
        break;
      default:
        parts.push(shown(one));
    }
  }
  return parts.join(", ");
}

/** What a type checker is told: `Any` where a schema's name is no annotation that it would know. */
function annotation(schema: Schema<unknown> | undefined, known: ReadonlySet<string>): string {
  if (!schema) {
    return "Any";
  }
  const { name } = schema;
  if (SAID.test(name)) {
    return "int";
  }
  const words = name.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").match(/[A-Za-z_][\w.]*/g) ?? [];
  const plain = /^[\w.[\], |"\\'-]+$/.test(name) || name.startsWith("Literal[");
  return plain && words.every((word) => known.has(word)) ? (name === "object" ? "Any" : name) : "Any";
}

function constantType(value: unknown): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "boolean":
      return "bool";
    case "bigint":
      return "int";
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? "int" : "float";
    default:
      return value === undefined || value === null ? "None" : "Any";
  }
}

function docOf(doc: string | undefined, indent: string): string[] {
  return doc === undefined ? [] : [`${indent}${quoted(doc)}`];
}

/** A docstring. JSON's escapes are Python's too. */
function quoted(text: string): string {
  return text.includes("\n") || text.includes('"') || text.includes("\\") ? JSON.stringify(text) : `"""${text}"""`;
}
