import type { Address, Functions } from "../abi/functions.js";
import { CONSTANTS, offsetOf } from "../abi/layout.js";
import { canBlock, SPIN_MS, WouldBlockError } from "./can-block.js";
import { AttachError, DetachedError, lifecycleState, Lifecycle, type LifecycleState } from "./lifecycle.js";
import { Memory } from "./memory.js";
import { releasePromise } from "./js/promises.js";
import { Scope } from "./scope.js";

/** Places in the runtime's words, in words. */
const DROPPED = offsetOf("weft_words", "dropped") / 4;
const RELEASED = offsetOf("weft_words", "released") / 4;
const WORLD = offsetOf("weft_words", "world");

/** What `weft_attach_now()` returns when it would have to wait: WEFT_ATTACH_BUSY. */
const BUSY = -2;
/** Milliseconds between two looks where there is no `Atomics.waitAsync`. */
const POLL_MS = 4;

/** Bytes of the realm's scratch memory. */
const SCRATCH = 4096;
/** Words for the arguments of calls that are going on in a realm; those of longer or deeper ones are allocated. */
const ARGUMENTS = 1024;

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
  /** Memory for the arguments of calls, and how many words of it calls that have not ended hold: the last one gives back first. */
  readonly #arguments: Address;
  #argumentsHeld = 0;
  #none = 0 as Address;
  #zero = 0 as Address;
  attachCount = 0;
  /**
   * Whether this thread may wait for others by standing still. A page's main thread may not; tests set it.
   * Where it may not, nothing of ours calls what would wait: it tries for a moment, then it throws.
   */
  mayBlock = canBlock();
  /** The program shall not end before the promise is settled: the host realm's platform sets it. */
  keepAlive: <T>(promise: Promise<T>) => Promise<T> = (promise) => promise;
  /** Imports an ES module without waiting, which only some platforms can: for threads that are in Python. */
  importNow: ((url: string) => Readonly<Record<string, unknown>>) | undefined;
  /** Attached: gives `sys.unraisablehook` an error. The layer above sets it. */
  tell: (error: unknown) => void = () => undefined;
  /** Called once, as soon as this thread is detached next. */
  whenDetached: (() => void) | undefined;
  /** What the host realm offers to Python's own modules (src/hosts/shared/services.ts); Python finds it as `weft._services`. */
  services: object = {};
  /** The innermost scope while attached. */
  scope: Scope | undefined;
  /** Objects whose state this thread has alone at the moment, of classes that trace their state. */
  readonly exclusive: Address[] = [];
  /** Errors of code that ran where nobody could be told: the next call tells `sys.unraisablehook`. */
  readonly #untold: unknown[] = [];
  readonly #words: Address;
  /** Values by their numbers, and how many proxies have each. */
  readonly #values = new Map<number, { readonly value: unknown; count: number }>();
  readonly #numbers = new Map<unknown, number>();
  #nextValue = CONSTANTS.WEFT_JS_SERVICES + 1;
  #seenReleased = 0;
  /** Calls from Python that are under way on this thread. */
  #calls = 0;
  /** The same with those in which the thread is detached, and other code that somebody waits for. */
  #callers = 0;
  /** Whether the thread may be waiting in C to attach. */
  #attaching = false;
  /** References that were dropped while no thread ran in this realm. */
  readonly #late: Address[] = [];
  #gone = false;
  #drains = 0;
  /** Words that each {@link changed} waits for. */
  readonly #watched = new Set<{ readonly address: Address }>();

  constructor(id: number, memory: WebAssembly.Memory, functions: Functions) {
    this.id = id;
    this.functions = functions;
    this.memory = new Memory(memory);
    this.scratch = functions.malloc(SCRATCH);
    this.#arguments = functions.malloc(4 * ARGUMENTS);
    this.#words = functions.weft_python_words();
  }

  /** The address of `None`, which is immortal. Attached. */
  get none(): Address {
    return this.#none === 0 ? (this.#none = this.functions.Py_GetConstant(CONSTANTS.Py_CONSTANT_NONE)) : this.#none;
  }

  /** The address of the int 0, which is immortal. Attached. */
  get zero(): Address {
    return this.#zero === 0 ? (this.#zero = this.functions.PyLong_FromLong(0)) : this.#zero;
  }

  /**
   * Memory for a call's arguments, which {@link giveWords} takes back: the caller's while it runs Python code, and any calls of this
   * realm's begin and end meanwhile. Cheaper than the guest's stack, which takes three calls into the guest.
   */
  takeWords(count: number): Address {
    if (this.#argumentsHeld + count <= ARGUMENTS) {
      this.#argumentsHeld += count;
      return this.#arguments + 4 * (this.#argumentsHeld - count);
    }
    return this.allocate(4 * count);
  }

  giveWords(address: Address, count: number): void {
    if (address >>> 0 >= this.#arguments >>> 0 && address >>> 0 < (this.#arguments >>> 0) + 4 * ARGUMENTS) {
      this.#argumentsHeld -= count;
    } else {
      this.functions.free(address);
    }
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
    // Nobody else will notify those.
    this.#watched.forEach(({ address }) => {
      this.poke(address);
    });
    this.#numbers.clear();
  }

  /**
   * For the host realm, whose program has ended or is being ended: realms that it does not end see it at their next attach. Python's
   * main thread, the other one that writes the word, may still say that it is finalizing, which refuses them as well.
   */
  markFinalized(): void {
    const words = this.memory.words(this.#words);
    Atomics.store(words, this.#words >>> 2, Lifecycle.finalized);
    Atomics.notify(words, this.#words >>> 2);
  }

  /** Whether {@link abandon} was called. */
  get abandoned(): boolean {
    return this.#gone;
  }

  /** Ends the thread of a realm that goes on without it. Detached. */
  leave(): void {
    if (!this.#gone) {
      this.functions.weft_thread_leave();
      this.functions._emscripten_thread_exit(0);
      this.abandon();
    }
  }

  /** Whether this thread is attached. */
  get attached(): boolean {
    return this.attachCount > 0;
  }

  /** Whether an event that is handled now came while this thread is in Python or on its way there. */
  get busy(): boolean {
    return this.attachCount !== 0 || this.#attaching;
  }

  /** Whether this thread runs below somebody who gets what is thrown, not just below an event loop. */
  get inCall(): boolean {
    return this.attachCount > 0 || this.#callers > 0;
  }

  /** Runs code whose caller gets what it throws; see {@link inCall}. */
  calling<T>(call: () => T): T {
    this.#callers++;
    try {
      return call();
    } finally {
      this.#callers--;
    }
  }

  #attachWaiting(): number {
    this.#attaching = true;
    try {
      return this.functions.weft_attach();
    } finally {
      this.#attaching = false;
    }
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
   * For what needs no attaching but a running interpreter; it may end meanwhile.
   * @throws AttachError where attaching would.
   */
  requireRunning(): void {
    this.#requireAttachable();
    const state = this.lifecycle;
    if (state !== "running") {
      throw new AttachError(state);
    }
  }

  /**
   * Attaches, calls, detaches. Nested calls only count.
   * @throws AttachError when the interpreter is not running.
   */
  attach<T>(call: (scope: Scope) => T): T {
    this.#requireAttachable();
    if (this.attachCount === 0) {
      const refused = this.mayBlock ? this.#attachWaiting() : this.#attachSpinning();
      if (refused !== 0) {
        throw new AttachError(lifecycleState(refused < 0 ? Lifecycle.uninitialized : refused));
      }
    }
    return this.#during(call);
  }

  /**
   * As {@link attach}, when it is possible without waiting. Never stands still.
   * @throws AttachError when the interpreter is not running, or ends meanwhile.
   */
  async attachAsync<T>(call: (scope: Scope) => T): Promise<T> {
    // So that the call never runs before this has returned.
    await undefined;
    for (;;) {
      // Read before the attempt: what makes another one worth while changes it afterwards.
      const world = Atomics.load(this.memory.words(this.#words + WORLD), (this.#words + WORLD) >>> 2);
      this.#requireAttachable();
      const refused = this.attachCount === 0 ? this.functions.weft_attach_now() : 0;
      if (refused === 0) {
        return this.#during(call);
      }
      if (refused !== BUSY) {
        throw new AttachError(lifecycleState(refused < 0 ? Lifecycle.uninitialized : refused));
      }
      await this.changed(this.#words + WORLD, world);
    }
  }

  /** Settles when the word may have another value than this one, or when all has ended. May settle too early. */
  async changed(address: Address, value: number): Promise<void> {
    if (this.#gone) {
      return;
    }
    if (typeof Atomics.waitAsync !== "function") {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      return;
    }
    const wait = Atomics.waitAsync(this.memory.words(address) as Int32Array<SharedArrayBuffer>, address >>> 2, value);
    if (wait.async) {
      const watched = { address };
      this.#watched.add(watched);
      await this.keepAlive(wait.value);
      this.#watched.delete(watched);
    }
  }

  /** Lets those look again who wait for a word with {@link changed}. */
  poke(address: Address): void {
    Atomics.notify(this.memory.words(address) as Int32Array<SharedArrayBuffer>, address >>> 2);
  }

  #requireAttachable(): void {
    if (this.attachCount < 0) {
      throw new DetachedError("the garbage collector is visiting an object: attaching is not possible now");
    }
    if (this.#gone) {
      throw new AttachError("finalized");
    }
  }

  #attachSpinning(): number {
    const deadline = performance.now() + SPIN_MS;
    for (;;) {
      const refused = this.functions.weft_attach_now();
      if (refused !== BUSY) {
        return refused;
      }
      if (performance.now() > deadline) {
        throw new WouldBlockError(`all of Python's threads have been stopped for ${SPIN_MS} ms and this thread may not wait: use attachAsync()`);
      }
    }
  }

  /** Attached by now: calls, and detaches. */
  #during<T>(call: (scope: Scope) => T): T {
    const outer = this.scope;
    const inner = new Scope();
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
      this.#detached();
    } else {
      inner.abandon();
    }
  }

  #detached(): void {
    const { whenDetached } = this;
    if (whenDetached && this.attachCount === 0) {
      this.whenDetached = undefined;
      whenDetached();
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
    this.#detached();
    try {
      return call();
    } finally {
      let refused = 0;
      if (calls > 0) {
        this.functions.weft_resume();
      } else {
        refused = this.#attachWaiting();
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
    this.#callers++;
    this.scope = inner;
    this.drain();
    return inner;
  }

  endCall(inner: Scope, outer: Scope | undefined): void {
    // Before the call is over: while destructors run it still needs to be attached.
    this.#leave(inner, outer);
    this.#calls--;
    this.#callers--;
  }

  /**
   * Runs code of an author's while the garbage collector visits an object: it cannot attach, use a token or count references, and
   * what it drops goes to the pool. Never throws: an error is told when Python can be used again, and the
   * result is then empty.
   */
  visiting<T>(call: () => T[]): T[] {
    const { attachCount, scope } = this;
    this.attachCount = -1;
    this.scope = undefined;
    try {
      return call();
    } catch (error) {
      this.#untold.push(error);
      return [];
    } finally {
      this.attachCount = attachCount;
      this.scope = scope;
    }
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
    // Plain reads, which cost a tenth: a value that is a moment old is as good, since who writes after this look has
    // dropped after it too, and the next attach sees it.
    if (words[at + DROPPED] !== 0) {
      this.functions.weft_pool_drain();
    }
    const released = words[at + RELEASED]!;
    if (released !== this.#seenReleased) {
      this.#seenReleased = released;
      this.forgetReleased();
    }
    while (this.#untold.length > 0) {
      this.tell(this.#untold.shift());
    }
    while (this.#late.length > 0) {
      this.functions.Py_DecRef(this.#late.pop()!);
    }
  }

  /** Forgets values that Python let go of. Needs no attached thread. */
  forgetReleased(): void {
    for (let id = this.functions.weft_js_released(); id >= 0; id = this.functions.weft_js_released()) {
      this.forget(id);
    }
  }

  /** Releases a reference on any thread, attached or not. */
  release(pointer: Address): void {
    if (this.#gone) {
      return;
    }
    if (this.attachCount > 0) {
      this.functions.Py_DecRef(pointer);
    } else if (this.functions.weft_thread_present() !== 0) {
      this.functions.weft_pool_drop(pointer);
    } else {
      // A finalizer ran in a worker between two threads: without a stack, C cannot be called. The next thread does it.
      this.#late.push(pointer);
    }
  }

  /** Gives up one reference to a lock or the like. On any thread, attached or not. */
  dropRecord(record: Address): void {
    if (!this.#gone) {
      this.functions.weft_sync_drop(record);
    }
  }

  /**
   * Keeps a value of this realm until Python releases its number, as often as it was kept. While it is kept it has
   * the same number; the globals always have 0.
   */
  keep(value: unknown): number {
    if (value === globalThis) {
      return 0;
    }
    const known = this.#numbers.get(value);
    if (known !== undefined) {
      this.#values.get(known)!.count++;
      return known;
    }
    const id = this.#nextValue++;
    this.#values.set(id, { value, count: 1 });
    this.#numbers.set(value, id);
    return id;
  }

  /** Undoes one {@link keep}. */
  forget(id: number): void {
    const kept = this.#values.get(id);
    if (kept && --kept.count === 0) {
      this.#values.delete(id);
      this.#numbers.delete(kept.value);
      releasePromise(kept.value);
    }
  }

  /** The value that {@link keep} numbered. */
  value(id: number): unknown {
    return id === 0 ? globalThis : id === CONSTANTS.WEFT_JS_SERVICES ? this.services : this.#values.get(id)?.value;
  }

  /** How many values Python objects stand for, for leak checks. */
  get keptValues(): number {
    return this.#values.size;
  }

  /**
   * Memory of the C library's; the caller frees it.
   * @throws RangeError where there is none.
   */
  allocate(bytes: number): Address {
    const address = this.functions.malloc(bytes);
    if (address === 0) {
      throw new RangeError(`out of guest memory: could not allocate ${bytes} bytes`);
    }
    return address;
  }

  /**
   * Calls with the address of `text` as UTF-8 in memory of its own, which goes to the callee unless that returns 0.
   * @throws RangeError where there is no memory for it.
   */
  withOwnText(text: string, call: (address: Address, length: number) => number): number {
    const room = text.length * 3 + 1;
    const address = this.allocate(room);
    const result = call(address, this.memory.write(text, address, room));
    if (result === 0) {
      this.functions.free(address);
    }
    return result;
  }

  /** Calls with the address of `text` as NUL-terminated UTF-8. */
  withText<T>(text: string, call: (address: Address, length: number) => T): T {
    const room = text.length * 3 + 1;
    const address = room <= SCRATCH ? this.scratch : this.allocate(room);
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
