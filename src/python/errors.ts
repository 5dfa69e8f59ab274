import { PyAny } from "./any.js";
import type { Attached } from "./attached.js";
import type { Py, SentPy } from "./py.js";

/**
 * A Python exception in JavaScript. It owns the exception: {@link dispose} it, or leave it to the
 * garbage collector as errors usually are.
 *
 * `message` is made when the error is taken from Python: the type's name and `str(value)`.
 */
export class PyErr extends Error {
  override readonly name: string = "PyErr";
  /** The exception's type, as `builtins` types are called: `ValueError`, others with their module. */
  readonly typeName: string;
  readonly #value: Py<PyAny>;

  /** @internal Applications make them with `py.error()`. */
  constructor(typeName: string, text: string, value: Py<PyAny>) {
    super(text === "" ? typeName : `${typeName}: ${text}`);
    this.typeName = typeName;
    this.#value = value;
  }

  /** The exception object. */
  value(py: Attached): PyAny {
    return this.#value.bind(py);
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
    py.realm.functions.PyErr_SetRaisedException(this.#value.cloneRef(py).intoBound(py).leak());
  }

  /** Moves the exception into a message for another thread. This error keeps its message only. */
  send(): SentPy {
    return this.#value.send();
  }

  /** Releases the exception. A second time does nothing. */
  dispose(): void {
    this.#value.drop();
  }
}

/**
 * A fault inside of Weft or of code that ran under a lock, not an error of Python's. In Python it is a
 * `weft.PanicException`, which `except Exception` does not catch.
 */
export class PanicError extends Error {
  override readonly name = "PanicError";
}
