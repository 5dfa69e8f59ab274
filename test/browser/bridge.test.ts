import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CONSTANTS } from "../../src/abi/layout.js";
import { RemotePage } from "../../src/hosts/browser/bridge/remote-page.js";
import { servePage } from "../../src/hosts/browser/bridge/serve-page.js";
import type { PagePort } from "../../src/hosts/browser/bridge/wire.js";
import { Method } from "../../src/python/js/operation.js";
import { remoteOf, type Boxed } from "../../src/python/js/remote.js";

vi.mock("../../src/python/js/callable.js", () => ({ isKept: () => true }));

/** The garbage collector, as the tests want it. */
const collected = new Set<unknown>();
let finalizers: { readonly value: unknown; run(): void }[] = [];

beforeEach(() => {
  collected.clear();
  finalizers = [];
  vi.stubGlobal("WeakRef", class<T> {
    constructor(readonly value: T) {}
    deref(): T | undefined {
      return collected.has(this.value) ? undefined : this.value;
    }
  });
  vi.stubGlobal("FinalizationRegistry", class<T> {
    constructor(readonly call: (held: T) => void) {}
    register(value: unknown, held: T): void {
      finalizers.push({ value, run: () => { this.call(held); } });
    }
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function collect(value: unknown): void {
  collected.add(value);
  finalizers.filter((one) => one.value === value).forEach((one) => { one.run(); });
}

/** One end of a connection; what is sent to the other one waits until it is delivered. */
class FakePort implements PagePort {
  onmessage: ((event: never) => void) | null = null;
  other!: FakePort;
  readonly arrived: unknown[] = [];
  postMessage(message: unknown): void {
    this.other.arrived.push(structuredClone(message));
  }
  deliver(): void {
    for (const data of this.arrived.splice(0)) {
      (this.onmessage as ((event: unknown) => void) | null)?.({ data });
    }
  }
  close(): void {
    this.onmessage = null;
  }
}

function connect() {
  const python = new FakePort();
  const page = new FakePort();
  python.other = page;
  page.other = python;
  const remote = new RemotePage(python);
  servePage(page);
  /** Asks, and lets the page answer. In a box: promises are values here. */
  const ask = async (target: unknown, operation: number, self: unknown, ...values: unknown[]): Promise<Boxed> => {
    const answer = remoteOf(target)!.perform(operation, self, values);
    page.deliver();
    python.deliver();
    return answer;
  };
  const get = (target: unknown, name: string): Promise<Boxed> => ask(target, CONSTANTS.WEFT_JS_GET, null, name);
  return { python, page, remote, ask, get };
}

test("RemotePage: a function that Python sends again while the page drops it is still called", async () => {
  const { python, page, remote, ask, get } = connect();
  let saved: ((value: number) => void) | undefined;
  vi.stubGlobal("keep", (func: (value: number) => void) => { saved = func; });
  const keep = (await get((await get(remote.root, "window")).value, "keep")).value as Method;
  const calls: unknown[] = [];
  const func = (value: unknown): void => { calls.push(value); };
  await ask(keep.func, CONSTANTS.WEFT_JS_CALL, keep.self, func);
  saved!(1);
  python.deliver();
  // The page's news is on its way when Python sends the function again.
  collect(saved);
  await ask(keep.func, CONSTANTS.WEFT_JS_CALL, keep.self, func);
  saved!(2);
  python.deliver();
  expect(calls).toEqual([1, 2]);
  // Without that it is forgotten: a call that comes all the same has no receiver.
  const last = saved!;
  collect(last);
  python.deliver();
  last(3);
  python.deliver();
  page.deliver();
  expect(calls).toEqual([1, 2]);
});

test("RemotePage: a promise that Python has forgotten and gets again is settled again", async () => {
  const { python, page, remote, get } = connect();
  vi.stubGlobal("answer", Promise.resolve(7));
  const window = (await get(remote.root, "window")).value;
  const first = (await get(window, "answer")).value as Promise<unknown>;
  await Promise.resolve();
  python.deliver();
  expect(await first).toBe(7);
  // Its finalizer has not run: the page still knows the number.
  collected.add(first);
  const second = (await get(window, "answer")).value as Promise<unknown>;
  expect(second).not.toBe(first);
  await Promise.resolve();
  page.deliver();
  python.deliver();
  expect(await Promise.race([second, new Promise((resolve) => { setImmediate(resolve, "never settled"); })])).toBe(7);
});
