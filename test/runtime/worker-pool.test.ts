import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { api } from "../python/package.js";

const IDLE_WORKERS = 8;
const IDLE_TIME = 2500;

/** What wasm/realm-library.js uses of the glue, with workers that are objects. */
class Glue {
  readonly created: object[] = [];
  readonly ended: unknown[] = [];
  readonly PThread = {
    unusedWorkers: [] as object[],
    runningWorkers: [] as object[],
    allocateUnusedWorker: (): void => undefined,
    loadWasmModuleToWorker: (): Promise<void> => Promise.resolve(),
    getNewWorker(): object | undefined {
      if (this.unusedWorkers.length === 0) {
        this.allocateUnusedWorker();
      }
      return this.unusedWorkers.pop();
    },
    returnWorkerToPool(worker: object): void {
      this.unusedWorkers.push(worker);
      this.runningWorkers.splice(this.runningWorkers.indexOf(worker), 1);
    },
  };

  constructor() {
    const weft = {
      idleWorkers: IDLE_WORKERS,
      afterIdleTime: (look: () => void) => setTimeout(look, IDLE_TIME),
      createWorker: () => {
        const worker = { loaded: true, pthread_ptr: 16 };
        this.created.push(worker);
        return worker;
      },
      endWorker: (worker: unknown) => this.ended.push(worker),
      mayMakeWorkers: () => true,
      onThreadGone: () => undefined,
    };
    const text = readFileSync(new URL("../../wasm/realm-library.js", import.meta.url), "utf8");
    const load = new Function("addToLibrary", "ENVIRONMENT_IS_PTHREAD", "PThread", "Module", "HEAP32", text) as (...globals: unknown[]) => void;
    load((library: { $weftRealms(): void }) => {
      library.$weftRealms();
    }, false, this.PThread, { weft }, new Int32Array(new SharedArrayBuffer(64)));
  }

  /** So many threads at the same time, which end. */
  burst(threads: number): void {
    const { PThread } = this;
    for (let i = 0; i < threads; i++) {
      PThread.runningWorkers.push(PThread.getNewWorker()!);
    }
    for (const worker of [...PThread.runningWorkers]) {
      PThread.returnWorkerToPool(worker);
    }
  }
}

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("bursts of threads find the workers of earlier ones, also when smaller ones came between", () => {
  vi.useFakeTimers();
  const glue = new Glue();
  glue.burst(12);
  vi.advanceTimersByTime(1);
  const { length } = glue.created;
  for (let i = 0; i < 20; i++) {
    vi.advanceTimersByTime(IDLE_TIME * 0.4);
    glue.burst(2);
    vi.advanceTimersByTime(IDLE_TIME * 0.4);
    glue.burst(12);
  }
  expect([glue.created.length, glue.ended]).toEqual([length, []]);
});

test("of workers that no thread needs some stay, and the others are ended", () => {
  vi.useFakeTimers();
  const glue = new Glue();
  glue.burst(12);
  vi.advanceTimersByTime(2 * IDLE_TIME + 1);
  expect(glue.PThread.unusedWorkers).toHaveLength(IDLE_WORKERS);
  expect(new Set([...glue.ended, ...glue.PThread.unusedWorkers])).toEqual(new Set(glue.created));
  // Nor is there anything more to wait for.
  expect(vi.getTimerCount()).toBe(0);
  for (let i = 0; i < 20; i++) {
    glue.burst(3);
    vi.advanceTimersByTime(IDLE_TIME);
  }
  expect(glue.PThread.unusedWorkers).toHaveLength(IDLE_WORKERS);
});

test("a program that has ended is not looked at again", async () => {
  const set = vi.spyOn(globalThis, "setTimeout");
  const cleared = vi.spyOn(globalThis, "clearTimeout");
  const looks = (): unknown[] => set.mock.results.filter((_, i) => set.mock.calls[i]![1] === IDLE_TIME).map(({ value }) => value as unknown);
  const weft = await api.loadWeft();
  await weft.run(`
import threading
gate = threading.Barrier(12)
threads = [threading.Thread(target=gate.wait) for _ in range(12)]
for one in threads: one.start()
for one in threads: one.join()
`);
  await expect.poll(() => looks().length, { timeout: 10_000 }).toBeGreaterThan(0);
  await weft.terminate();
  // It would have kept the program's memory.
  expect(cleared.mock.calls.map(([timer]) => timer)).toContain(looks().at(-1));
});
