import type { Address } from "../../abi/functions.js";
import { boundAs, PyAny } from "../any.js";
import type { Attached } from "../attached.js";
import { typeOfSample } from "../py-class.js";

/** A weak reference: it does not keep its object alive. Base of those that are called and of proxies. */
abstract class Weak extends PyAny {
  /**
   * A strong reference to the object, or `undefined` when it is gone. In a race with the last strong reference's
   * release it is one or the other; an object that is given stays alive until the reference is released.
   */
  upgrade(): PyAny | undefined {
    const { pointer, py } = this;
    const found = py.optional((place) => py.realm.functions.PyWeakref_GetRef(pointer, place));
    return found === 0 ? undefined : new PyAny(py, found);
  }
}

/**
 * A `weakref.ref`.
 * @example
 * ```js
 * console.log(weft.attach((py) => {
 *   const set = py.eval("set()");
 *   return py.import("weakref").getAttr("ref").call(set).cast(PyWeakref).upgrade().is(set);
 * })); // true
 * ```
 */
export class PyWeakref extends Weak {
  static readonly typeName: string = "weakref.ReferenceType";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    using type = new PyAny(py, py.realm.functions.PyObject_Type(py.none));
    return [typeOfSample(py, py.realm.functions.PyWeakref_NewRef(type.pointer, 0))];
  }

  /**
   * A weak reference to an object. `callback` gets it when the object has died, on the thread that released it last.
   * @throws PyErr TypeError for objects that have no weak references.
   */
  static create(py: Attached, object: PyAny, callback?: unknown): PyWeakref {
    const notify = callback === undefined ? 0 : py.from(callback).pointer;
    return boundAs(PyWeakref, py, py.realm.functions.PyWeakref_NewRef(object.pointer, notify));
  }
}

/**
 * A `weakref.proxy`, which behaves like its object.
 * @example
 * ```js
 * console.log(weft.attach((py) => {
 *   const set = py.eval("{1}");
 *   return py.import("weakref").getAttr("proxy").call(set).length();
 * })); // 1
 * ```
 */
export class PyWeakrefProxy extends Weak {
  static readonly typeName: string = "weakref.ProxyType";

  /** @internal */
  static pyTypes(py: Attached): readonly Address[] {
    const { functions } = py.realm;
    using callable = new PyAny(py, functions.PyObject_Type(py.none));
    using other = boundAs(PyAny, py, functions.PySet_New(0));
    return [typeOfSample(py, functions.PyWeakref_NewProxy(other.pointer, 0)), typeOfSample(py, functions.PyWeakref_NewProxy(callable.pointer, 0))];
  }

  /** A proxy for an object; `callback` as for {@link PyWeakref.create}. */
  static create(py: Attached, object: PyAny, callback?: unknown): PyWeakrefProxy {
    const notify = callback === undefined ? 0 : py.from(callback).pointer;
    return boundAs(PyWeakrefProxy, py, py.realm.functions.PyWeakref_NewProxy(object.pointer, notify));
  }
}
