import { bound, PyAny } from "./any.js";
import type { Attached } from "./attached.js";
import { DetachedError } from "./lifecycle.js";
import type { Py, SentPy } from "./py.js";

/** What a lazy error is made of: a type and the values to call it with, or a type that is an exception already. */
export interface ErrorParts {
  readonly type: PyAny;
  readonly values?: readonly unknown[];
}

/** How far a {@link PyErr} is. */
type State =
  | { readonly kind: "normalized"; readonly value: Py<PyAny> }
  | { readonly kind: "lazy"; readonly build: (py: Attached) => ErrorParts }
  | { readonly kind: "building" }
  | { readonly kind: "failed"; readonly error: unknown };

/**
 * A Python exception in JavaScript. It owns the exception: {@link dispose} it, or leave it to the
 * garbage collector as errors usually are.
 *
 * `message` is made when the error is taken from Python: the type's name and `str(value)`. A lazy error
 * (`lazyError`) has a placeholder until its exception is first needed.
 *
 * It belongs to the thread that made it, as all JavaScript objects do: no lock guards its state.
 * @example
 * ```js
 * try {
 *   weft.attach((py) => py.eval("[].pop()"));
 * } catch (error) {
 *   console.log(error instanceof PyErr, error.typeName); // true IndexError
 * }
 * ```
 */
export class PyErr extends Error {
  override readonly name: string = "PyErr";
  #typeName: string;
  #state: State;

  /** @internal Applications make them with `py.error()`. */
  constructor(typeName: string, text: string, value: Py<PyAny> | ((py: Attached) => ErrorParts)) {
    super(text === "" || typeName === "" ? typeName || text : `${typeName}: ${text}`);
    this.#typeName = typeName;
    this.#state = typeof value === "function" ? { kind: "lazy", build: value } : { kind: "normalized", value };
  }

  /**
   * The exception's type, as `builtins` types are called: `ValueError`, others with their module. Empty
   * while a lazy error has not been made.
   */
  get typeName(): string {
    return this.#typeName;
  }

  /**
   * The exception, made now if this error is lazy. The closure runs once, whatever becomes of it: a PyErr
   * that it throws takes this one's place, as in `raise f()`; anything else is thrown now and at every later use.
   * An exception that is there is only read: nothing detaches or runs Python code.
   * @throws PanicError when the closure needs the exception that it is making.
   */
  #normalized(py: Attached): Py<PyAny> {
    const state = this.#state;
    switch (state.kind) {
      case "normalized":
        return state.value;
      case "building":
        throw new PanicError("the closure of a lazy error uses the error that it is making");
      case "failed":
        throw state.error;
      case "lazy":
        break;
    }
    this.#state = { kind: "building" };
    try {
      let exception: PyAny;
      try {
        const { type, values } = state.build(py);
        exception = makeException(py, type, values ?? []);
      } catch (error) {
        if (!(error instanceof PyErr)) {
          throw error;
        }
        exception = error.value(py);
      }
      const { typeName, text } = describe(exception);
      const value = exception.toOwned();
      this.#state = { kind: "normalized", value };
      this.#typeName = typeName;
      this.message = text === "" ? typeName : `${typeName}: ${text}`;
      return value;
    } catch (error) {
      this.#state = { kind: "failed", error };
      throw error;
    }
  }

  /** Whether the exception has been made: always, but for lazy errors. */
  get normalized(): boolean {
    return this.#state.kind === "normalized";
  }

  /** The exception object. */
  value(py: Attached): PyAny {
    return this.#normalized(py).bind(py);
  }

  /** Whether it is an instance of this type, or of one of a tuple of types. */
  matches(py: Attached, type: PyAny): boolean {
    return py.realm.functions.PyErr_GivenExceptionMatches(this.value(py).pointer, type.pointer) !== 0;
  }

  /** The traceback, or `undefined`. */
  traceback(py: Attached): PyAny | undefined {
    return this.#part(py, "PyException_GetTraceback");
  }

  /** What `raise ... from` named, or `undefined`. */
  pyCause(py: Attached): PyAny | undefined {
    return this.#part(py, "PyException_GetCause");
  }

  /** The exception that was being handled when this one was raised, or `undefined`. */
  context(py: Attached): PyAny | undefined {
    return this.#part(py, "PyException_GetContext");
  }

  #part(py: Attached, getter: "PyException_GetTraceback" | "PyException_GetCause" | "PyException_GetContext"): PyAny | undefined {
    const pointer = py.realm.functions[getter](this.value(py).pointer);
    return pointer === 0 ? undefined : new PyAny(py, pointer);
  }

  /** Sets what `raise ... from` names; `undefined` for none. Context is then not printed, as in Python. */
  setCause(py: Attached, cause: PyErr | undefined): void {
    const value = this.value(py);
    // Takes the reference over.
    py.realm.functions.PyException_SetCause(value.pointer, cause === undefined ? 0 : cause.value(py).leak());
  }

  /** Sets the exception that was being handled; `undefined` for none. */
  setContext(py: Attached, context: PyErr | undefined): void {
    const value = this.value(py);
    py.realm.functions.PyException_SetContext(value.pointer, context === undefined ? 0 : context.value(py).leak());
  }

  /** Replaces the traceback; `undefined` for none. */
  setTraceback(py: Attached, traceback: PyAny | undefined): void {
    py.check(py.realm.functions.PyException_SetTraceback(this.value(py).pointer, traceback?.pointer ?? py.none));
  }

  /** The exceptions of an exception group; none for other exceptions. */
  exceptions(py: Attached): PyAny[] {
    const value = this.value(py);
    using builtins = new PyAny(py, py.importModule("builtins"));
    return value.isInstance(builtins.getAttr("BaseExceptionGroup")) ? [...value.getAttr("exceptions")] : [];
  }

  /** The notes that were added to it. */
  notes(py: Attached): string[] {
    const notes = this.value(py).getOptionalAttr("__notes__");
    return notes === undefined ? [] : [...notes].map((note) => note.str());
  }

  /** Adds a note. */
  addNote(py: Attached, note: string): void {
    this.value(py).callMethod("add_note", note);
  }

  /** The text that Python prints of it, with its traceback, causes and notes. */
  format(py: Attached): string {
    using module = new PyAny(py, py.importModule("traceback"));
    return [...module.callMethod("format_exception", this.value(py))].map((line) => line.str()).join("");
  }

  /** Makes it the pending exception of this thread, as a function of Python's C API does that fails. */
  restore(py: Attached): void {
    py.realm.functions.PyErr_SetRaisedException(this.value(py).leak());
  }

  /**
   * Moves the exception into a message for another thread. This error keeps its message only.
   * @param py needed for a lazy error, whose exception is made now.
   * @throws DetachedError when a lazy error is sent without `py`, or the exception was given away before.
   */
  send(py?: Attached): SentPy {
    if (this.#state.kind === "normalized") {
      return this.#state.value.send();
    }
    if (py === undefined) {
      throw new DetachedError("a lazy error that has not been made needs a token to be sent");
    }
    return this.#normalized(py).send();
  }

  /** Releases the exception. A second time does nothing. A lazy error is never made. */
  dispose(): void {
    if (this.#state.kind === "normalized") {
      this.#state.value.drop();
    } else if (this.#state.kind === "lazy") {
      this.#state = { kind: "failed", error: new DetachedError("this error was disposed of") };
    }
  }
}

/** How errors show an exception: its type's name with the module, and its text. */
export function describe(exception: PyAny): { readonly typeName: string; readonly text: string } {
  using type = exception.type();
  const module = type.getOptionalAttr("__module__")?.toJs();
  const name = type.getAttr("__qualname__").str();
  let text: string;
  try {
    text = exception.str();
  } catch {
    // Its own __str__ fails: as Python's traceback module shows it.
    text = "<exception str() failed>";
  }
  const plain = typeof module !== "string" || module === "builtins" || module === "__main__";
  return { typeName: plain ? name : `${module}.${name}`, text };
}

/** Whether the object is an exception. */
export function isException(object: PyAny): boolean {
  using builtins = new PyAny(object.py, object.py.importModule("builtins"));
  return object.isInstance(builtins.getAttr("BaseException"));
}

/**
 * The exception for a type and values, as `raise type(*values)` makes it. An exception in the type's place
 * is taken as it is. Anything else becomes a TypeError.
 * @throws PyErr what making it raises.
 */
export function makeException(py: Attached, type: PyAny, values: readonly unknown[]): PyAny {
  using builtins = new PyAny(py, py.importModule("builtins"));
  const base = builtins.getAttr("BaseException");
  const wrong = (text: string): PyAny => builtins.getAttr("TypeError").call(text);
  if (type.isInstance(builtins.getAttr("type")) && type.isSubclass(base)) {
    const made = type.call(...values);
    return made.isInstance(base)
      ? made
      : wrong(`calling ${type.repr()} should have returned an instance of BaseException, not ${made.type().repr()}`);
  }
  if (values.length === 0 && type.isInstance(base)) {
    py.realm.functions.Py_IncRef(type.pointer);
    return new PyAny(py, type.pointer);
  }
  return wrong("exceptions must derive from BaseException");
}

/**
 * Makes an exception type.
 * @param name with its module: `mod.Name`.
 * @param base an exception type, or a tuple of them; `Exception` by default.
 * @throws PyErr TypeError for a base that is no exception type, SystemError for a name without a module.
 */
export function newExceptionType(py: Attached, name: string, base?: PyAny, doc?: string): PyAny {
  const { functions, memory } = py.realm;
  using builtins = new PyAny(py, py.importModule("builtins"));
  // Not in scratch memory: making a class runs the base's __init_subclass__.
  const bytes = new TextEncoder().encode(`${name.replaceAll("\0", "")}\0${(doc ?? "").replaceAll("\0", "")}\0`);
  const address = py.realm.allocate(bytes.length);
  try {
    memory.bytes(address, bytes.length).set(bytes);
    const docAt = doc === undefined ? 0 : address + bytes.indexOf(0) + 1;
    const type = bound(py, functions.PyErr_NewExceptionWithDoc(address, docAt, base?.pointer ?? 0, 0));
    if (!type.isSubclass(builtins.getAttr("BaseException"))) {
      const error = builtins.getAttr("TypeError").call(`the base of ${name} is no exception type`);
      const { typeName, text } = describe(error);
      throw new PyErr(typeName, text, error.unbind());
    }
    return type;
  } finally {
    functions.free(address);
  }
}

/**
 * A fault inside of Weft or of code that ran under a lock, not an error of Python's. In Python it is a
 * `weft.PanicException`, which `except Exception` does not catch.
 * @example
 * ```js
 * try {
 *   weft.attach((py) => py.function(() => { throw new PanicError("cannot be"); }, "f").call());
 * } catch (error) {
 *   console.log(error instanceof PanicError, error.message); // true cannot be
 * }
 * ```
 */
export class PanicError extends Error {
  override readonly name = "PanicError";
  /**
   * The exception, where Python raised it.
   * @internal
   */
  exception: PyErr | undefined;
}
