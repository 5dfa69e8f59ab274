import type { Address } from "../../abi/functions.js";
import { CONSTANTS } from "../../abi/layout.js";
import type { Python } from "../python.js";
import type { Realm } from "../realm.js";
import { ArgumentReader } from "./arguments.js";
import type { Borrowing } from "./borrow.js";
import { isLocked, isModuleDefinition, isTraced, isUnsendable, type Borrow, type ClassDefinition, type ExceptionDefinition, type FunctionDefinition, type ModuleDefinition } from "./definition.js";
import { layOut } from "./layout.js";
import { quickKinds } from "./scalars.js";
import { makeViews, type Views } from "./view.js";

/** A function of a module, ready to be called in this realm. */
export interface LoadedFunction {
  readonly definition: FunctionDefinition;
  /** The class that it belongs to. */
  readonly owner: LoadedClass | undefined;
  readonly reader: ArgumentReader;
  readonly borrowing: Borrowing;
  /** What is a result as it is. */
  readonly quickResult: number;
}

/** A class of a module in this realm. */
export interface LoadedClass {
  readonly module: LoadedModule;
  readonly index: number;
  readonly definition: ClassDefinition;
  /** Numbers of its functions in the module, in the order of the definition. */
  readonly functions: readonly number[];
  /** Made when the class's type is there, which tells where the fields are. */
  views: Views | undefined;
}

/** A module in this realm. Its number is the same in all. */
export interface LoadedModule {
  readonly number: number;
  readonly definition: ModuleDefinition;
  readonly functions: readonly LoadedFunction[];
  readonly classes: readonly LoadedClass[];
  /** Numbers of the module's own functions. */
  readonly own: readonly number[];
}

interface RealmModules {
  /** By number. */
  readonly modules: (LoadedModule | undefined)[];
  readonly classes: Map<ClassDefinition, LoadedClass>;
  /** The module of an exception type, and its place among the types there. */
  readonly exceptions: Map<ExceptionDefinition, { readonly module: LoadedModule; readonly index: number }>;
}

/** Only the realm's own thread reads and writes its maps. */
const realms = new WeakMap<Realm, RealmModules>();

/** There is one realm in an agent, but for tests. */
let lastRealm: Realm | undefined;
let last: RealmModules | undefined;

function modulesOf(realm: Realm): RealmModules {
  if (realm === lastRealm) {
    return last!;
  }
  let modules = realms.get(realm);
  if (!modules) {
    modules = { modules: [], classes: new Map(), exceptions: new Map() };
    realms.set(realm, modules);
  }
  lastRealm = realm;
  last = modules;
  return modules;
}

/**
 * Makes modules known to the interpreter and to this realm: the ones that an ES module exports, with their
 * submodules. Needs no attachment.
 * @returns the names.
 * @throws TypeError when it exports none, or one whose name is taken.
 */
export function registerModules(realm: Realm, url: string, exports: Readonly<Record<string, unknown>>): string[] {
  const found = definitionsIn(exports);
  if (found.length === 0) {
    throw new TypeError(`${url} exports no Python module: export what pyModule() returns`);
  }
  const { functions } = realm;
  for (const definition of found) {
    const number = withTexts(realm, [definition.name, url], (name, at) => functions.weft_module_register(name!, at!));
    if (number < 0) {
      throw new RangeError(`the Python module ${definition.name} could not be registered: there are 4096, or no memory is left`);
    }
    const known = modulesOf(realm).modules[number];
    if (known && known.definition !== definition) {
      throw new TypeError(`there is a Python module ${definition.name} already: ${urlOf(realm, number)} defines it`);
    }
    if (!known) {
      load(realm, number, definition);
    }
  }
  return found.map(({ name }) => name);
}

/** The modules that an ES module exports, and their submodules. */
export function definitionsIn(exports: Readonly<Record<string, unknown>>): ModuleDefinition[] {
  const found = new Set<ModuleDefinition>();
  const visit = (definition: ModuleDefinition): void => {
    found.add(definition);
    definition.submodules.forEach(visit);
  };
  Object.values(exports).filter(isModuleDefinition).forEach(visit);
  return [...found];
}

/** Calls with the addresses of NUL-terminated copies of texts. */
export function withTexts<T>(realm: Realm, texts: readonly string[], call: (...addresses: readonly Address[]) => T): T {
  const { functions, memory } = realm;
  const before = functions.emscripten_stack_get_current();
  try {
    const addresses = texts.map((text) => {
      const room = text.length * 3 + 1;
      const address = functions._emscripten_stack_alloc(room);
      memory.bytes(address, room)[memory.write(text, address, room)] = 0;
      return address;
    });
    return call(...addresses);
  } finally {
    functions._emscripten_stack_restore(before);
  }
}

function load(realm: Realm, number: number, definition: ModuleDefinition): LoadedModule {
  const modules = modulesOf(realm);
  const functions: LoadedFunction[] = [];
  const classes: LoadedClass[] = [];
  const own: number[] = [];
  const add = (one: FunctionDefinition, owner: LoadedClass | undefined): number => {
    const name = owner ? `${owner.definition.name}.${one.name}` : one.name;
    return functions.push({
      definition: one,
      owner,
      reader: new ArgumentReader(name, one.parameters),
      borrowing: owner && one.borrow ? borrowingOf(owner.definition, one.borrow) : { mode: CONSTANTS.WEFT_BORROW_NONE, flags: 0, traced: false },
      quickResult: quickKinds(one.returns),
    }) - 1;
  };
  const loaded: LoadedModule = { number, definition, functions, classes, own };
  definition.classes.forEach((cls, index) => {
    const numbers: number[] = [];
    const made: LoadedClass = { module: loaded, index, definition: cls, functions: numbers, views: undefined };
    numbers.push(...cls.functions.map((one) => add(one, made)));
    classes.push(made);
    modules.classes.set(cls, made);
  });
  own.push(...definition.functions.map((one) => add(one, undefined)));
  const fingerprint = hash(JSON.stringify([
    definition.classes.map((cls) => [cls.name, [...cls.fields].map(([name, { kind, size }]) => [name, kind, size]), { ...cls.options, fields: 0, base: 0, buffer: { ...cls.options.buffer, as: cls.options.buffer?.as.name } }, cls.tracing !== undefined]),
    functions.map(({ definition: one }) => [one.name, one.kind, one.borrow, one.parameters.map(({ name, kind }) => [name, kind])]),
  ]));
  if (realm.functions.weft_module_same(number, fingerprint) === 0) {
    throw new TypeError(`the Python module ${definition.name} is not the same on all threads: its code must not depend on where it runs, nor change while it is used`);
  }
  definition.exceptions.forEach((one, i) => modules.exceptions.set(one, { module: loaded, index: classes.length + i }));
  modules.modules[number] = loaded;
  return loaded;
}

/** 32 bits, never 0. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value | 0 || 1;
}

/**
 * The module in this realm, loaded now where it is not yet.
 * @throws TypeError when this realm cannot load it.
 */
export function loadedModule(realm: Realm, number: number): LoadedModule {
  return modulesOf(realm).modules[number] ?? loadNow(realm, number);
}

/** Where the code of a module is; `undefined` where there is no module of this number. */
function urlOf(realm: Realm, number: number): string | undefined {
  const at = realm.functions.weft_module_url(number);
  if (at === 0) {
    return undefined;
  }
  let length = 0;
  while (realm.memory.bytes(at + length, 1)[0] !== 0) {
    length++;
  }
  return realm.memory.text(at, length);
}

function loadNow(realm: Realm, number: number): LoadedModule {
  const { modules } = modulesOf(realm);
  const url = urlOf(realm, number);
  if (url === undefined) {
    throw new TypeError(`there is no host module ${number}`);
  }
  if (!realm.importNow) {
    throw new TypeError(`the module ${url} is not loaded on this thread, and this platform cannot load it while Python runs: name it in loadWeft's "modules"`);
  }
  for (const definition of definitionsIn(realm.importNow(url))) {
    const same = withTexts(realm, [definition.name, url], (name, text) => realm.functions.weft_module_register(name!, text!));
    if (!modules[same]) {
      load(realm, same, definition);
    }
  }
  const loaded = modules[number];
  if (!loaded) {
    throw new TypeError(`${url} no longer exports the Python module that it did`);
  }
  return loaded;
}

/** Loads every module that some realm has added, until one has what is looked for. */
function search<T>(realm: Realm, find: () => T | undefined): T | undefined {
  let found = find();
  for (let number = 0; found === undefined && realm.functions.weft_module_url(number) !== 0; number++) {
    loadedModule(realm, number);
    found = find();
  }
  return found;
}

/**
 * A class as this realm knows it.
 * @throws TypeError when it is in no module that was added.
 */
export function loadedClass(realm: Realm, definition: ClassDefinition): LoadedClass {
  const { classes } = modulesOf(realm);
  // Another module's may be its base.
  const known = classes.get(definition) ?? search(realm, () => classes.get(definition));
  if (!known) {
    throw new TypeError(`the class ${definition.name} is in no module that was added: use pyModule(...).add(${definition.name}) and weft.addModule(url)`);
  }
  return known;
}

/**
 * The module of an exception type, and the type's number in it.
 * @throws TypeError when it is in no module that was added.
 */
export function loadedException(realm: Realm, definition: ExceptionDefinition): { readonly module: LoadedModule; readonly index: number } {
  const { exceptions } = modulesOf(realm);
  const known = search(realm, () => exceptions.get(definition));
  if (!known) {
    throw new TypeError(`the exception ${definition.name} is in no module that was added: use pyModule(...).exception(${definition.name}) and weft.addModule(url)`);
  }
  return known;
}

/** Views of a class whose type is there. */
export function viewsOf(py: Python, cls: LoadedClass): Views {
  if (!cls.views) {
    const { realm } = py;
    const { base } = cls.definition.options;
    const first = realm.functions.weft_class_offset(cls.module.number, cls.index);
    const parent = typeof base === "object" ? viewsOf(py, loadedClass(realm, base)) : undefined;
    cls.views = makeViews(cls.definition, parent, layOut(cls.definition, first).fields, { module: cls.module.number, index: cls.index });
  }
  return cls.views;
}

/** How objects of a class are borrowed. */
export function borrowingOf(cls: ClassDefinition, borrow: Borrow): Borrowing {
  const locked = isLocked(cls);
  return {
    mode: locked ? CONSTANTS.WEFT_BORROW_LOCKED : borrow === "shared" ? CONSTANTS.WEFT_BORROW_SHARED : CONSTANTS.WEFT_BORROW_EXCLUSIVE,
    flags: (isUnsendable(cls) ? CONSTANTS.WEFT_UNSENDABLE : 0) | (locked ? CONSTANTS.WEFT_LOCKED : 0),
    traced: borrow === "exclusive" && isTraced(cls),
  };
}
