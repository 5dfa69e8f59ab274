import { diagnose } from "../runtime/observer/diagnosis.js";
import { reportThreads } from "../runtime/observer/report.js";
import type { HostWeft, PyAny } from "../index.js";
import type { Collected, Iteration, Outcome, Raised, Ran, TestName } from "./iteration.js";
import { LaneError, type Collection, type TestSession } from "./lane.js";
import start from "./start.py";
import { isEsModule } from "./es-module.js";
import { Samples } from "./timeline.js";
import runner from "./weft_stress.py";
import collection from "./weft_stress_collect.py";
import pytestCollection from "./weft_stress_pytest.py";

/** Python modules of the runner, loaded when they are first imported. */
const MODULES = { weft_stress: runner, weft_stress_collect: collection, weft_stress_pytest: pytestCollection };

/** Milliseconds between looks at the threads. */
const LOOK = 250;
/** A deadlock is believed when it is the same for so many milliseconds. */
const CERTAIN = 3000;

/** An interpreter of this realm that runs tests. */
export class Session implements TestSession {
  readonly #weft: HostWeft;
  /** What ends it is heard of by who uses it. */
  readonly alive = true;
  readonly #collected = new Set<string>();

  readonly #moduleUrl: (file: string) => string;

  private constructor(weft: HostWeft, moduleUrl: (file: string) => string) {
    this.#weft = weft;
    this.#moduleUrl = moduleUrl;
  }

  /**
   * Starts an interpreter for tests.
   * @param seconds in which it is to be ready.
   * @param moduleUrl address of a file that is an ES module.
   * @param load gives an interpreter, unless the signal ends that.
   * @param prepare brings the tests' files there.
   * @throws LaneError when it is not ready in time: with what the threads did; what else makes loading fail.
   */
  static async start(
    seconds: number,
    moduleUrl: (file: string) => string,
    load: (signal: AbortSignal) => Promise<HostWeft>,
    prepare: (weft: HostWeft) => Promise<void> = () => Promise.resolve(),
  ): Promise<Session> {
    const signal = AbortSignal.timeout(seconds * 1000);
    const late = (what: string, cause?: unknown): LaneError => new LaneError(`an interpreter was not ready for tests after ${seconds} s: ${what}`, { cause });
    const weft = await load(signal).catch((error: unknown) => {
      throw signal.aborted ? late((error as Error).message, error) : error;
    });
    const begin = async (): Promise<void> => {
      await prepare(weft);
      await weft.run(start);
      await weft.call((py) => ({ callable: py.eval("start") as PyAny, positional: [JSON.stringify(MODULES)] }), undefined, () => undefined);
      await weft.run("del start");
    };
    let abort!: () => void;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        reject(late(`the tests were not prepared yet\n${reportThreads(weft.threads())}`));
      };
    });
    signal.addEventListener("abort", abort);
    if (signal.aborted) {
      abort();
    }
    try {
      await Promise.race([begin(), aborted]);
    } catch (error) {
      await weft.terminate();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return new Session(weft, moduleUrl);
  }

  async end(): Promise<void> {
    await this.#weft.terminate();
  }

  #call(module: keyof typeof MODULES, name: string, values: readonly unknown[]): Promise<unknown> {
    return this.#weft.call(
      (py) => ({ callable: py.import(module).getAttr(name), positional: values }),
      undefined,
      (result) => JSON.parse(result.str()) as unknown,
    );
  }

  async collect(file: string, seconds: number): Promise<Collection> {
    const collecting = isEsModule(file)
      ? this.#weft.addModule(this.#moduleUrl(file)).then((names) => this.#call("weft_stress_collect", "collect", [file, names]))
      : this.#call("weft_stress_collect", "collect", [file]);
    const found = await this.#watched(collecting, seconds);
    if ("value" in found) {
      this.#collected.add(file);
      return found.value as { error: Raised | null; tests: Collected[] };
    }
    return found;
  }

  async run(one: Iteration): Promise<Outcome> {
    const tests: readonly TestName[] = [[one.file, one.name], ...one.companions];
    for (const [file] of tests) {
      if (!this.#collected.has(file)) {
        const loaded = await this.collect(file, one.timeout);
        if ("kind" in loaded) {
          return loaded;
        }
      }
    }
    const values = [tests, one.threads, one.schedule, one.seed, one.rate, [...one.changes], one.shared];
    const ran = await this.#watched(this.#call("weft_stress", "run", values), one.timeout);
    return "value" in ran ? { kind: "ran", ...(ran.value as Omit<Ran, "kind">) } : ran;
  }

  /** Waits for a call, and looks at the threads meanwhile. */
  async #watched(call: Promise<unknown>, seconds: number): Promise<{ readonly value: unknown } | Exclude<Outcome, Ran>> {
    const ended = call.then(
      (value) => ({ value }),
      (error: unknown) => ({ kind: "crash" as const, message: crashText(error) }),
    );
    const begin = performance.now();
    let before = this.#weft.threads();
    let deadlockSince: number | undefined;
    const samples = new Samples();
    for (;;) {
      const left = begin + seconds * 1000 - performance.now();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, Math.max(1, Math.min(LOOK, left)), undefined);
      });
      const end = await Promise.race([ended, late]);
      clearTimeout(timer);
      if (end) {
        return end;
      }
      const now = this.#weft.threads();
      samples.add((performance.now() - begin) / 1000, now);
      const diagnosis = diagnose(before, now);
      before = now;
      // A thread that is starting is not among them yet: on a busy machine its worker takes seconds.
      const starting = now.some(({ frames }) => frames.some(({ name }) => name === "Thread.start"));
      deadlockSince = diagnosis.verdict === "deadlock" && !starting ? (deadlockSince ?? performance.now()) : undefined;
      const certain = deadlockSince !== undefined && performance.now() - deadlockSince >= CERTAIN;
      if (certain || left <= 0) {
        return { kind: "hang", diagnosis, report: reportThreads(now, diagnosis), timeline: samples.timeline };
      }
    }
  }
}

function crashText(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
