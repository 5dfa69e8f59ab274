import { MessageChannel, MessagePort, Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { sharedWeft } from "../python/harness.js";
import { api, type HostWeft } from "../python/package.js";

const { loadWeft } = api;
const shared = sharedWeft();
const options = { timeout: 30_000 };

/** A worker as an application has it, which talks with it as it likes. */
class OwnWorker {
  readonly #worker = new Worker(new URL("workers/joining.mjs", import.meta.url), { workerData: "the application's" });
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  #next = 1;

  constructor() {
    this.#worker.on("message", ({ id, result, error }: { id: number; result: unknown; error?: string }) => {
      const one = this.#waiting.get(id)!;
      this.#waiting.delete(id);
      if (error === undefined) {
        one.resolve(result);
      } else {
        one.reject(new Error(error));
      }
    });
  }

  ask(command: string, ...values: readonly unknown[]): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, command, values }, values.filter((value) => value instanceof MessagePort));
    });
  }

  join(weft: HostWeft): Promise<unknown> {
    return this.ask("join", weft.joinPort<MessagePort>());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

test("a worker joins, attaches, keeps its thread and its own messages, and leaves", options, async () => {
  const { weft } = shared;
  await using worker = new OwnWorker();
  expect(await worker.join(weft)).toBe("running");
  expect(await worker.ask("data")).toBe("the application's");
  expect(await worker.ask("eval", "6 * 7")).toBe(42);
  expect(await worker.ask("asynchronous", "'later'")).toBe("later");
  // One thread all the time: thread-locals last.
  await worker.ask("keepLocal");
  await worker.ask("keepLocal");
  expect(await worker.ask("eval", "__import__('__main__').local.n")).toBe(2);
  expect(await weft.eval("hasattr(__import__('__main__').local, 'n')")).toBe(false);
  expect(await worker.ask("recurse")).toBe("RecursionError");
  await expect(worker.ask("leaveInside")).rejects.toThrow("leave that first");
  await worker.ask("keep");
  expect(await worker.ask("leave")).toBe("finalized");
  expect(await worker.ask("leave")).toBe("finalized");
  await expect(worker.ask("eval", "1")).rejects.toThrow("AttachError");
  expect(await weft.eval("1 + 1")).toBe(2);
});

test("a worker can join again, another program too", options, async () => {
  await using worker = new OwnWorker();
  for (let round = 0; round < 3; round++) {
    expect(await worker.join(shared.weft)).toBe("running");
    expect(await worker.ask("eval", `${round} + 1`)).toBe(round + 1);
    await worker.ask("leave");
  }
  const other = await loadWeft();
  await other.run("mine = 'the other'");
  expect(await worker.join(other)).toBe("running");
  expect(await worker.ask("eval", "__import__('__main__').mine")).toBe("the other");
  await worker.ask("leave");
  await other.terminate();
});

test("several workers and Python's threads share objects at once", options, async () => {
  const { weft } = shared;
  await weft.run("shared = []");
  const workers = [new OwnWorker(), new OwnWorker(), new OwnWorker()];
  try {
    await Promise.all(workers.map((worker) => worker.join(weft)));
    const python = weft.run("import threading\nthreads = [threading.Thread(target=lambda: [shared.append(-1) for _ in range(100)]) for _ in range(2)]\nfor t in threads: t.start()\nfor t in threads: t.join()");
    const appended = workers.flatMap((worker, n) => Array.from({ length: 50 }, (_, i) => worker.ask("append", 100 * n + i)));
    const hammered = workers.map((worker) => worker.ask("hammer", 1000));
    expect(new Set(await Promise.all([...appended, ...hammered]))).toEqual(new Set([1, 0]));
    await python;
    expect(await weft.eval("[len(shared), len(set(shared))]")).toEqual([350, 151]);
    await Promise.all(workers.map((worker) => worker.ask("leave")));
  } finally {
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  }
});

test("counts as a thread: at the limit joining fails in words, and works when one has left", options, async () => {
  const weft = await loadWeft({ limits: { threads: 2 } });
  await using first = new OwnWorker();
  await using second = new OwnWorker();
  expect(await first.join(weft)).toBe("running");
  await expect(second.join(weft)).rejects.toThrow("limit of threads");
  await first.ask("leave");
  expect(await second.join(weft)).toBe("running");
  await second.ask("leave");
  await weft.terminate();
});

test("hears that Python has ended, in both ways", options, async () => {
  for (const how of ["finalize", "terminate"] as const) {
    const weft = await loadWeft();
    await using worker = new OwnWorker();
    await worker.join(weft);
    await weft[how]();
    await expect.poll(() => worker.ask("eval", "1").catch(String), { timeout: 10_000 }).toMatch("AttachError: Python is final");
    await worker.ask("leave");
    const late = weft.joinPort<MessagePort>();
    await expect(worker.ask("join", late)).rejects.toThrow("Python has ended");
  }
});

test("a signal ends the wait for a realm that does not answer, and another join works then", options, async () => {
  await using worker = new OwnWorker();
  expect(await worker.ask("inVain", new MessageChannel().port2)).toBe("TimeoutError");
  expect(await worker.join(shared.weft)).toBe("running");
  await worker.ask("leave");
});

test("a worker that ends without leaving is reported", options, async () => {
  const weft = await loadWeft();
  await using worker = new OwnWorker();
  await worker.join(weft);
  void worker.ask("exit");
  await expect.poll(() => weft.lifecycle, { timeout: 20_000 }).toBe("finalized");
  await expect(weft.finalize()).rejects.toThrow(/crashed.*without leave\(\)/);
});

test("is for workers", async () => {
  const node = api as unknown as typeof import("../../src/node.js");
  await expect(node.joinWeft(shared.weft.joinPort<MessagePort>())).rejects.toThrow("is for workers");
});
