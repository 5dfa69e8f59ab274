import { PyAny } from "../any.js";
import { onStack } from "../objects/guest-stack.js";
import { RawFunction, type Python } from "../python.js";
import { holdPromise } from "../js/promises.js";
import { ArgumentReader } from "./arguments.js";
import type { ClassDefinition, FunctionDefinition, ModuleDefinition } from "./definition.js";

/**
 * Asynchronous functions run in the host realm, whose event loop goes on while Python's threads run: a thread of Python's never gets
 * back to its own. What Python finds in a module is a function around a `weft.JsProxy` of the host realm's, which any thread
 * can call; arguments and results are Python objects, the same in all realms. They are in one dict of the module `weft`
 * from before the module can be imported.
 */
const REGISTRY = "_async_functions";

/** The `Weft` that handlers get. */
interface Attacher {
  attach<T>(call: (py: Python) => T): T;
}

/** As a function of Python's, so that it has a name and binds as a method. */
const WRAPPER = `
def wrap(call, name, qualname, module, doc):
    def function(*args, **kwargs):
        return call(*args, **kwargs)
    function.__name__, function.__qualname__, function.__module__, function.__doc__ = name, qualname, module, doc
    return function
`;

function keyOf(module: ModuleDefinition, owner: ClassDefinition | undefined, { name }: FunctionDefinition): string {
  return [module.name, ...(owner ? [owner.name] : []), name].join(" ");
}

function registry(py: Python): PyAny {
  const weft = py.import("weft");
  const known = weft.getOptionalAttr(REGISTRY);
  if (known) {
    return known;
  }
  const made = py.dict();
  // Only the host realm's thread gets here first: it registers modules.
  weft.setAttr(REGISTRY, made);
  return made;
}

/** In the host realm, attached: makes the asynchronous functions of a module callable, before it can be imported. */
export function offerAsyncFunctions(py: Python, weft: Attacher, module: ModuleDefinition): void {
  const offer = (func: FunctionDefinition, owner: ClassDefinition | undefined): void => {
    const key = keyOf(module, owner, func);
    const offered = registry(py);
    // What was offered first stays: a module of the same name is refused.
    if (func.kind !== "async" || offered.contains(key)) {
      return;
    }
    const reader = new ArgumentReader(owner ? `${owner.name}.${func.name}` : func.name, func.parameters);
    const handler = func.handler as (first: unknown, ...values: unknown[]) => unknown;
    const call = new RawFunction((token, positional, keywords) => {
      const [object, ...others] = owner ? positional : [undefined, ...positional];
      if (owner && !object) {
        throw token.error(token.builtin("TypeError"), `unbound method ${owner.name}.${func.name}() needs an argument`);
      }
      const values = read(token, others as PyAny[], keywords, reader);
      const self = object?.toOwned();
      const run = async (): Promise<unknown> => {
        try {
          const result = await handler(owner ? { weft, object: self } : weft, ...values);
          return func.returns ? weft.attach((later) => func.returns!.into(later, result, `result of ${func.name}()`).unbind()) : result;
        } finally {
          self?.drop();
        }
      };
      const promise = run();
      holdPromise(promise);
      return token.jsProxy(promise);
    });
    offered.setItem(key, py.hostObject(call, func.name));
  };
  module.functions.forEach((func) => {
    offer(func, undefined);
  });
  module.classes.forEach((cls) => {
    cls.functions.forEach((func) => {
      offer(func, cls);
    });
  });
}

function read(py: Python, positional: readonly PyAny[], keywords: ReadonlyMap<string, PyAny>, reader: ArgumentReader): readonly unknown[] {
  const { realm } = py;
  const all = [...positional, ...keywords.values()];
  const names = keywords.size === 0 ? 0 : py.tuple([...keywords.keys()]).pointer;
  return onStack(py, 4 * all.length + 4, (values) => {
    all.forEach(({ pointer }, i) => {
      realm.memory.setWord(values + 4 * i, pointer);
    });
    return reader.read(py, realm, values, positional.length, names, 0);
  });
}

/** What Python finds in the module or class. */
export function asyncFunction(py: Python, module: ModuleDefinition, owner: ClassDefinition | undefined, func: FunctionDefinition): PyAny {
  const space = py.dict();
  py.run(WRAPPER, space);
  const call = registry(py).getItem(keyOf(module, owner, func));
  return space.getItem("wrap").call(call, func.name, owner ? `${owner.name}.${func.name}` : func.name, module.name, func.doc);
}
