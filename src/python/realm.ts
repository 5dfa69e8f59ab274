import type { Address, Functions } from "../abi/functions.js";
import { offsetOf } from "../abi/layout.js";
import { AttachError, DetachedError, lifecycleState, Lifecycle, type LifecycleState } from "./lifecycle.js";
import { Memory } from "./memory.js";
import { Scope } from "./scope.js";

/** Places in the runtime's words, in words. */
const DROPPED = offsetOf("weft_words", "dropped") / 4;
const RELEASED = offsetOf("weft_words", "released") / 4;

/** Bytes of the realm's scratch memory. */
const SCRATCH = 4096;

/**
 * What one realm knows of the interpreter: its functions, its views of memory, how often its thread
 * is attached, and the values of this realm that Python objects stand for.
 *
 * `attachCount` is this thread's: above 0 attached, 0 detached, -1 while the garbage collector visits
 * an object of ours. Only this realm's own code reads and writes it.
 */
export class Realm {
  /** This realm's number; 1 is the host realm. */
  readonly id: number;
  readonly functions: Functions;
  readonly memory: Memory;
  /**
   * Scratch memory of this realm for parameters and results of functions that run no Python code:
   * nothing in it outlives a call.
   */
  readonly scratch: Address;
  /** Bytes there. */
  readonly scratchSize = SCRATCH;
  attachCount = 0;
  /** Imports an ES module without waiting, which only some platforms can: for threads that are in Python. */
  importNow: ((url: string) => Readonly<Record<string, unknown>>) | undefined;
  /** The innermost scope while attached. */
  scope: Scope | undefined;
  readonly #words: Address;
  readonly #values = new Map<number, unknown>();
  #nextValue = 1;
  #seenReleased = 0;
  /** Calls from Python that are under way on this thread. */
  #calls = 0;
  #gone = false;
  #drains = 0;

  constructor(id: number, memory: WebAssembly.Memory, functions: Functions) {
    this.id = id;
    this.functions = functions;
    this.memory = new Memory(memory);
    this.scratch = functions.malloc(SCRATCH);
    this.#words = functions.weft_python_words();
  }

  /** The interpreter's state. */
  get lifecycle(): LifecycleState {
    if (this.#gone) {
      return "finalized";
    }
    return lifecycleState(Atomics.load(this.memory.words(this.#words), this.#words >>> 2));
  }

  /**
   * All threads have ended, or were ended wherever they were: one of them may have held a lock, so nothing of
   * the guest's is called from now on. References are left as they are.
   */
  abandon(): void {
    this.#gone = true;
    this.#values.clear();
  }

  /** Whether this thread is attached. */
  get attached(): boolean {
    return this.attachCount > 0;
  }

  /** @throws DetachedError when this thread is not attached. */
  requireAttached(): void {
    if (this.attachCount <= 0) {
      throw new DetachedError(
        this.attachCount < 0
          ? "Python may not be used while the garbage collector visits an object"
          : "this thread is not attached to Python: use weft.attach()",
      );
    }
  }

  /**
   * Attaches, calls, detaches. Nested calls only count.
   * @throws AttachError when the interpreter is not running.
   */
  attach<T>(call: (scope: Scope) => T): T {
    if (this.attachCount < 0) {
      throw new DetachedError("the garbage collector is visiting an object: attaching is not possible now");
    }
    if (this.#gone) {
      throw new AttachError("finalized");
    }
    const outer = this.scope;
    const inner = new Scope();
    if (this.attachCount === 0) {
      const refused = this.functions.weft_attach();
      if (refused !== 0) {
        throw new AttachError(lifecycleState(refused < 0 ? Lifecycle.uninitialized : refused));
      }
    }
    this.attachCount++;
    this.scope = inner;
    try {
      this.drain();
      return call(inner);
    } finally {
      this.#leave(inner, outer);
    }
  }

  #leave(inner: Scope, outer: Scope | undefined): void {
    this.scope = outer;
    // Not so when the interpreter ended while the thread was detached inside.
    if (this.attachCount > 0) {
      // Destructors that run here still find the thread attached.
      inner.end(this.functions);
      if (this.attachCount === 1 && this.#calls === 0) {
        this.functions.weft_detach();
      }
      this.attachCount--;
    } else {
      inner.abandon();
    }
  }

  /**
   * Calls with the thread detached, so that others need not wait for it, and attaches again.
   * Attaching inside of it works. Below a call from Python attaching again always works: Python is not
   * finalized before the thread has returned.
   * @throws AttachError when the interpreter ended meanwhile; the thread then stays detached.
   */
  detach<T>(call: () => T): T {
    this.requireAttached();
    const count = this.attachCount;
    const calls = this.#calls;
    const { scope } = this;
    if (calls > 0) {
      this.functions.weft_suspend();
    } else {
      this.functions.weft_detach();
    }
    this.attachCount = 0;
    this.#calls = 0;
    this.scope = undefined;
    try {
      return call();
    } finally {
      let refused = 0;
      if (calls > 0) {
        this.functions.weft_resume();
      } else {
        refused = this.functions.weft_attach();
      }
      if (refused !== 0) {
        // Over whatever `call` threw: nothing that needs Python can go on.
        throw new AttachError(lifecycleState(refused));
      }
      // Only now: until here the thread is not attached.
      this.attachCount = count;
      this.#calls = calls;
      this.scope = scope;
      this.drain();
    }
  }

  /**
   * Runs a call that Python makes on this thread: it is attached by its caller, who need not be us.
   */
  entered<T>(call: (scope: Scope) => T): T {
    const outer = this.scope;
    const inner = this.beginCall();
    try {
      return call(inner);
    } finally {
      this.endCall(inner, outer);
    }
  }

  /** Begins such a call: {@link endCall} has to follow, whatever happens, with the scope that there was before. */
  beginCall(): Scope {
    const inner = new Scope();
    this.attachCount++;
    this.#calls++;
    this.scope = inner;
    this.drain();
    return inner;
  }

  endCall(inner: Scope, outer: Scope | undefined): void {
    // Before the call is over: while destructors run it still needs to be attached.
    this.#leave(inner, outer);
    this.#calls--;
  }

  /** Attached: releases what detached threads dropped, and values that Python let go of. */
  drain(): void {
    // A thread that stays attached and only calls would hold up all threads' freed memory. Not each time: nested attaches are
    // to cost little.
    if ((++this.#drains & 63) === 0) {
      this.functions.weft_quiescent();
    }
    const words = this.memory.words(this.#words + RELEASED * 4);
    const at = this.#words >>> 2;
    if (words[at + DROPPED] !== 0) {
      this.functions.weft_pool_drain();
    }
    const released = words[at + RELEASED]!;
    if (released !== this.#seenReleased) {
      this.#seenReleased = released;
      for (let id = this.functions.weft_host_object_released(); id >= 0; id = this.functions.weft_host_object_released()) {
        this.#values.delete(id);
      }
    }
  }

  /** Releases a reference on any thread, attached or not. */
  release(pointer: Address): void {
    if (this.#gone) {
      return;
    }
    if (this.attachCount > 0) {
      this.functions.Py_DecRef(pointer);
    } else {
      this.functions.weft_pool_drop(pointer);
    }
  }

  /** Keeps a value of this realm until Python releases its number. */
  keep(value: unknown): number {
    const id = this.#nextValue++;
    this.#values.set(id, value);
    return id;
  }

  /** Forgets a value that no Python object came to stand for. */
  forget(id: number): void {
    this.#values.delete(id);
  }

  /** The value that {@link keep} numbered. */
  value(id: number): unknown {
    return this.#values.get(id);
  }

  /** How many values Python objects stand for, for leak checks. */
  get keptValues(): number {
    return this.#values.size;
  }

  /** Calls with the address of `text` as NUL-terminated UTF-8. */
  withText<T>(text: string, call: (address: Address, length: number) => T): T {
    const room = text.length * 3 + 1;
    const address = room <= SCRATCH ? this.scratch : this.functions.malloc(room);
    if (address === 0) {
      throw new RangeError(`out of guest memory: could not allocate ${room} bytes`);
    }
    try {
      const length = this.memory.write(text, address, room);
      this.memory.bytes(address, room)[length] = 0;
      return call(address, length);
    } finally {
      if (address !== this.scratch) {
        this.functions.free(address);
      }
    }
  }
}
