import type { Address } from "../../abi/functions.js";
import { CONSTANTS, offsetOf, STRUCTS } from "../../abi/layout.js";
import { PyAny } from "../any.js";
import { characterOf } from "../buffer/formats.js";
import { PyType } from "../objects/type.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { borrowOwner, isLocked, isUnsendable, type ClassDefinition, type ExceptionDefinition, type FunctionDefinition } from "./definition.js";
import { KINDS } from "./fields.js";
import { asyncFunction } from "./async.js";
import { guarded } from "./guarded.js";
import { layOut, type ClassLayout } from "./layout.js";
import { arg, textSignature } from "./parameters.js";
import { loadedClass, loadedException, loadedModule, withTexts, type LoadedClass, type LoadedModule } from "./registry.js";

/**
 * Python imports the module on this thread: fills the module object. Called once, under Python's import
 * lock. Returns 0, or -1 with a pending exception.
 */
export function executeModule(realm: Realm, number: number, object: Address): number {
  const done = guarded(realm, (py) => {
    realm.functions.Py_IncRef(object);
    fill(py, loadedModule(realm, number), new PyAny(py, object));
    return 1;
  });
  return done === 0 ? -1 : 0;
}

function fill(py: Python, loaded: LoadedModule, module: PyAny): void {
  const { definition } = loaded;
  const names: string[] = [];
  const add = (name: string, value: unknown): void => {
    module.setAttr(name, value);
    names.push(name);
  };
  if (definition.doc !== undefined) {
    module.setAttr("__doc__", definition.doc);
  }
  for (const one of definition.exceptions) {
    add(one.name, exceptionOf(py, one));
  }
  for (const one of loaded.classes) {
    add(one.definition.name, typeOf(py, one));
  }
  definition.functions.forEach((one, i) => {
    add(one.name, one.kind === "async" ? asyncFunction(py, definition, undefined, one) : makeFunction(py, loaded, one, loaded.own[i]!, undefined));
  });
  for (const [name, value] of definition.constants) {
    add(name, value);
  }
  for (const one of definition.submodules) {
    add(one.name.slice(definition.name.length + 1), py.import(one.name));
  }
  module.setAttr("__all__", names);
  if (definition.gilUsed) {
    py.check(py.realm.functions.weft_module_needs_gil(module.pointer, py.str(definition.name).pointer));
  }
}

/**
 * The Python type of a class, made now where no thread has made it. Of racing threads one makes it, and the others wait,
 * detached. Bases come first.
 * @throws TypeError where code that runs while it is made needs it.
 */
export function typeOf(py: Python, cls: LoadedClass): PyType {
  return published(py, cls.module, cls.index, cls.definition.name, () => makeType(py, cls));
}

/** Types that this realm's thread is making, by module and number. */
const making = new Set<string>();

function published(py: Python, module: LoadedModule, index: number, name: string, make: () => { readonly type: PyAny; readonly first: number }): PyType {
  const { functions } = py.realm;
  const find = (): PyType | undefined => {
    const known = functions.weft_class_type(module.number, index);
    if (known === 0) {
      return undefined;
    }
    functions.Py_IncRef(known);
    return new PyType(py, known);
  };
  const known = find();
  if (known) {
    return known;
  }
  const key = `${module.number} ${index}`;
  functions.weft_class_enter();
  try {
    if (making.has(key)) {
      throw new TypeError(`the type ${name} is needed while it is being made`);
    }
    making.add(key);
    try {
      return find() ?? publish(py, module, index, make());
    } finally {
      making.delete(key);
    }
  } finally {
    functions.weft_class_leave();
  }
}

function publish(py: Python, module: LoadedModule, index: number, { type, first }: { readonly type: PyAny; readonly first: number }): PyType {
  const pointer = py.realm.functions.weft_class_publish(module.number, index, type.pointer, first);
  if (pointer === 0) {
    py.throwPending();
  }
  return new PyType(py, pointer);
}

/** The type of an exception, made now where no thread has made it. */
export function exceptionOf(py: Python, definition: ExceptionDefinition): PyType {
  const { module, index } = loadedException(py.realm, definition);
  return published(py, module, index, definition.name, () => {
    const base = typeof definition.base === "string" ? py.builtin(definition.base) : exceptionOf(py, definition.base);
    return { type: py.newException(`${module.definition.name}.${definition.name}`, base, definition.doc), first: 0 };
  });
}

function baseOf(py: Python, definition: ClassDefinition): PyAny {
  const { base } = definition.options;
  if (base === undefined) {
    return py.builtin("object");
  }
  if (typeof base === "object") {
    return typeOf(py, loadedClass(py.realm, base));
  }
  const type = py.builtin(base);
  if (!type.isInstance(py.builtin("type"))) {
    throw new TypeError(`${definition.name} cannot be derived from ${base}, which is no type`);
  }
  return type;
}

function makeType(py: Python, cls: LoadedClass): { type: PyAny; first: number } {
  const { functions, memory } = py.realm;
  const { definition, module } = cls;
  const { options } = definition;
  const base = baseOf(py, definition);
  const start = memory.word(base.pointer + offsetOf("PyTypeObject", "tp_basicsize"));
  const layout = layOut(definition, start);
  // Sorted by `type`, so their numbers have leading zeros. They tell classes apart that are laid out alike: objects
  // must not change from one into the other by setting `__class__`. Nor from a class of Python's whose author
  // has chosen the names of slots for that, so that nobody can know them.
  const secret = crypto.getRandomValues(new Uint32Array(2)).join("_");
  const slots = Array.from({ length: layout.words }, (_, i) => `_weft_${secret}_${String(i).padStart(6, "0")}`);
  const extra: string[] = [];
  if (options.weakref !== false && base.getAttr("__weakrefoffset__").toJs() === 0) {
    extra.push("__weakref__");
  }
  if (options.dict === true && base.getAttr("__dictoffset__").toJs() === 0) {
    extra.push("__dict__");
  }
  const type = base.type().call(
    definition.name,
    py.tuple([base]),
    py.dict([
      ["__slots__", py.tuple([...slots, ...extra])],
      ["__module__", module.definition.name],
      ["__doc__", options.doc],
    ]),
  );
  const first = withBits(py, layout.words, layout.references, (bits) => functions.weft_class_words(type.pointer, bits, options.final === true ? 1 : 0));
  py.size(first);
  if (layout.words > 0 && first !== start) {
    throw new TypeError(`${definition.name}: CPython has put the fields at ${first}, not at ${start}`);
  }
  for (const name of [...slots, "__slots__"]) {
    type.delAttr(name);
  }
  const borrow = layout.borrow ?? borrowOffset(py, definition);
  const flags = (isUnsendable(definition) ? CONSTANTS.WEFT_UNSENDABLE : 0) | (isLocked(definition) ? CONSTANTS.WEFT_LOCKED : 0);
  for (const { name, field, offset } of layout.fields) {
    if (field.options.get === true || field.options.set === true) {
      const readonly = field.options.set === true ? 0 : CONSTANTS.WEFT_READONLY;
      const doc = field.options.doc === undefined ? 0 : py.from(field.options.doc).pointer;
      const text = `${definition.name}.${name}`;
      type.setAttr(
        name,
        py.any(withTexts(py.realm, [text], (at) => functions.weft_field_new(type.pointer, KINDS[field.kind].code, offset, field.size, flags | readonly, borrow, at!, doc))),
      );
    }
  }
  addMemory(py, definition, type, layout, borrow, flags);
  addFunctions(py, cls, type, borrow);
  for (const [name, value] of definition.attributes) {
    type.setAttr(name, value);
  }
  return { type, first: layout.words === 0 ? start : first };
}

/** What C does for the class by itself: buffers of a field, and memory that is kept. */
function addMemory(py: Python, definition: ClassDefinition, type: PyAny, layout: ClassLayout, borrow: number, flags: number): void {
  const { buffer, freelist = 0 } = definition.options;
  if (!buffer && freelist === 0) {
    return;
  }
  const { functions, memory } = py.realm;
  withTexts(py.realm, [`${definition.name}'s buffer`], (name) => {
    const said = functions._emscripten_stack_alloc(STRUCTS.weft_class_memory.size);
    memory.bytes(said, STRUCTS.weft_class_memory.size).fill(0);
    const set = (field: keyof typeof STRUCTS.weft_class_memory.fields, value: number, index = 0): void => {
      memory.setWord(said + offsetOf("weft_class_memory", field) + 4 * index, value);
    };
    set("spares", freelist);
    set("borrow", borrow);
    set("flags", flags);
    if (buffer) {
      const { offset, field } = layout.fields.find((one) => one.name === buffer.field)!;
      const { BYTES_PER_ELEMENT: itemsize } = buffer.as;
      set("offset", offset);
      set("size", field.size);
      set("itemsize", itemsize);
      set("format", characterOf(buffer.as).charCodeAt(0));
      set("readonly", field.options.set === true ? 0 : 1);
      (buffer.shape ?? [field.size / itemsize]).forEach((one, i) => {
        set("shape", one, i);
      });
    }
    py.check(functions.weft_class_memory(type.pointer, said, name!));
  });
  if (buffer) {
    // Python's own types say it by a method, which would take the place of the C function.
    py.import("collections.abc").getAttr("Buffer").callMethod("register", type);
  }
}

/** Calls with the address of a bit array. */
function withBits<T>(py: Python, count: number, ones: readonly number[], call: (bits: Address) => T): T {
  const { functions, memory } = py.realm;
  const size = Math.ceil(count / 32) * 4 + 4;
  const bits = py.realm.allocate(size);
  try {
    memory.bytes(bits, size).fill(0);
    for (const one of ones) {
      memory.bytes(bits, size)[one >> 3]! |= 1 << (one & 7);
    }
    return call(bits);
  } finally {
    functions.free(bits);
  }
}

/** Where an object of a class whose type is there has its words for borrowing; -1 where it is never borrowed. */
export function borrowOffset(py: Python, definition: ClassDefinition): number {
  const owner = borrowOwner(definition);
  if (!owner) {
    return -1;
  }
  const cls = loadedClass(py.realm, owner);
  const first = py.realm.functions.weft_class_offset(cls.module.number, cls.index);
  return layOut(owner, first).borrow!;
}

function addFunctions(py: Python, cls: LoadedClass, type: PyAny, borrow: number): void {
  const { definition } = cls;
  const properties = new Map<string, { get?: PyAny; set?: PyAny; delete?: PyAny; doc?: string | undefined }>();
  definition.functions.forEach((one, i) => {
    const made = one.kind === "async" ? asyncFunction(py, cls.module.definition, definition, one) : makeFunction(py, cls.module, one, cls.functions[i]!, { type, cls: definition, borrow });
    switch (one.kind) {
      case "constructor":
        type.setAttr(one.name, made);
        break;
      case "static":
        type.setAttr(one.name, py.builtin("staticmethod").call(made));
        break;
      case "class":
        type.setAttr(one.name, py.builtin("classmethod").call(made));
        break;
      case "get":
      case "set":
      case "delete": {
        const property = properties.get(one.name) ?? {};
        property[one.kind] = made;
        property.doc ??= one.doc;
        properties.set(one.name, property);
        break;
      }
      default:
        type.setAttr(one.name, made);
    }
  });
  for (const [name, { get, set, delete: remove, doc }] of properties) {
    type.setAttr(name, py.builtin("property").call(get, set ?? py.None, remove ?? py.None, doc));
  }
  if (definition.functions.some((one) => one.name === "__eq__") && !definition.functions.some((one) => one.name === "__hash__")) {
    // As a class statement has it.
    type.setAttr("__hash__", py.None);
  }
  const { base } = definition.options;
  const constructs = definition.functions.some((one) => one.kind === "constructor");
  if (!constructs && base === undefined) {
    type.setAttr("__new__", makeFunction(py, cls.module, own("__new__", "constructor"), -1, { type, cls: definition, borrow }));
  }
  if (constructs && typeof base === "string" && !definition.functions.some((one) => one.name === "__init__")) {
    // The builtin's own would take the constructor's arguments for its own.
    type.setAttr("__init__", makeFunction(py, cls.module, own("__init__", "nothing"), -1, { type, cls: definition, borrow }));
  }
  if (definition.options.generic === true) {
    type.setAttr("__class_getitem__", py.builtin("classmethod").call(py.import("types").getAttr("GenericAlias")));
  }
}

/** A function that never gets to TypeScript. */
function own(name: string, kind: "constructor" | "nothing"): FunctionDefinition {
  return { name, kind, borrow: undefined, doc: undefined, parameters: kind === "nothing" ? [arg.rest("args"), arg.keywords("kwargs")] : [], returns: undefined, handler: () => undefined };
}

const C_KINDS = { constructor: CONSTANTS.WEFT_CONSTRUCTOR, nothing: CONSTANTS.WEFT_NOTHING, method: CONSTANTS.WEFT_METHOD, get: CONSTANTS.WEFT_METHOD, set: CONSTANTS.WEFT_METHOD, delete: CONSTANTS.WEFT_METHOD } as const;
/** What text signatures call the first argument. */
const FIRST = { method: "$self", get: "$self", set: "$self", delete: "$self", class: "$cls", constructor: "$cls", nothing: "$self" } as const;

function makeFunction(
  py: Python,
  module: LoadedModule,
  definition: FunctionDefinition,
  index: number,
  owner: { readonly type: PyAny; readonly cls: ClassDefinition; readonly borrow: number } | undefined,
): PyAny {
  const { functions } = py.realm;
  const { kind } = definition;
  const signature = py.str(textSignature((FIRST as Record<string, string>)[kind], definition.parameters));
  const doc = definition.doc === undefined ? 0 : py.str(definition.doc).pointer;
  const made = py.any(
    withTexts(py.realm, [owner ? `${owner.cls.name}.${definition.name}` : definition.name], (name) =>
      functions.weft_function_new(
        owner?.type.pointer ?? 0,
        module.number,
        index,
        (C_KINDS as Record<string, number>)[kind] ?? CONSTANTS.WEFT_FUNCTION,
        owner?.borrow ?? -1,
        name!,
        doc,
        signature.pointer,
      ),
    ),
  );
  made.setAttr("__module__", module.definition.name);
  return made;
}
