import { Interpreters } from "./interpreters.js";
import type { Lane } from "./lane.js";
import { whereOptions, type StressOptions } from "./options.js";
import type { Iteration, LaneName, Outcome, Raised } from "./iteration.js";
import { TestVerdict } from "./verdict.js";

/** A test that was found. */
export interface FoundTest {
  readonly file: string;
  readonly name: string;
  readonly skip: string | null;
  readonly threads: number | null;
  readonly iterations: number | null;
}

/** A file that could not be loaded. */
export interface BrokenFile {
  readonly env: LaneName;
  readonly file: string;
  readonly raised: Raised;
}

/** Who hears what happens. */
export interface StressEvents {
  /** An iteration has ended. */
  onIteration(test: FoundTest, done: number, outcome: Outcome): void;
  /** Milliseconds that a new interpreter took after a hang or a crash. */
  onRestart(milliseconds: number): void;
  /** Half of an iteration's time has passed. */
  onSlow(one: Iteration): void;
}

/** Milliseconds after which an iteration may hang: enough for a new interpreter before a deadlock is certain. */
const SUSPICIOUS = 1000;

/**
 * Runs tests, one iteration after the other, in an interpreter that is replaced when it hangs or crashes.
 * @throws Error when no interpreter can be started.
 */
export class StressRunner {
  readonly #options: StressOptions;
  readonly #env: LaneName;
  readonly #interpreters: Interpreters;
  readonly #events: StressEvents;

  constructor(options: StressOptions, lane: Lane, events: StressEvents) {
    this.#options = options;
    this.#env = lane.name;
    this.#interpreters = new Interpreters(lane);
    this.#events = events;
  }

  async #replace(): Promise<void> {
    this.#events.onRestart(await this.#interpreters.replace());
  }

  async end(): Promise<void> {
    await this.#interpreters.end();
  }

  /** Loads the files. */
  async collect(files: readonly string[]): Promise<{ readonly tests: FoundTest[]; readonly broken: BrokenFile[] }> {
    const tests: FoundTest[] = [];
    const broken: BrokenFile[] = [];
    for (const file of files) {
      const found = await (await this.#interpreters.current()).collect(file, this.#options.timeout);
      if ("kind" in found) {
        const message = found.kind === "crash" ? found.message : `does not end:\n${found.report}`;
        broken.push({ env: this.#env, file, raised: { type: found.kind, message, where: file, traceback: message } });
        await this.#replace();
      } else {
        if (found.error) {
          broken.push({ env: this.#env, file, raised: found.error });
        }
        tests.push(...found.tests.map((test) => ({ file, ...test })));
      }
    }
    return { tests, broken };
  }

  /** One iteration; afterwards there is an interpreter again. */
  async #iterate(one: Iteration): Promise<Outcome> {
    const session = await this.#interpreters.current();
    const timers = [
      setTimeout(() => {
        this.#interpreters.prepare();
      }, SUSPICIOUS),
      setTimeout(() => {
        this.#events.onSlow(one);
      }, (one.timeout * 1000) / 2),
    ];
    const outcome = await session.run(one).finally(() => {
      timers.forEach(clearTimeout);
    });
    if (outcome.kind !== "ran") {
      await this.#replace();
    }
    return outcome;
  }

  /**
   * A test's baseline on one thread and its iterations.
   * @param verdict of the rounds before, of which there were so many.
   */
  async test(test: FoundTest, verdict: TestVerdict = new TestVerdict(`${test.file}::${test.name}`, this.#env), rounds = 0): Promise<TestVerdict> {
    const options = this.#options;
    if (test.skip !== null) {
      verdict.skip = test.skip;
      return verdict;
    }
    const begin = performance.now();
    verdict.threads = Math.min(options.threads, test.threads ?? options.threads);
    const base = { env: this.#env, file: test.file, name: test.name, rate: options.rate, timeout: options.timeout, shared: options.sharedFixtures, where: whereOptions(options), changes: [] };
    if (rounds === 0) {
      const alone: Iteration = { ...base, threads: 1, schedule: options.schedule === "pct" ? "pct" : "free", seed: options.seed };
      const first = await this.#iterate(alone);
      this.#events.onIteration(test, 0, first);
      if (first.kind !== "ran" || first.outcome !== "pass") {
        verdict.add(alone, first);
        verdict.baselineFailed = first.kind === "ran" && first.outcome === "fail";
      } else {
        verdict.steps = first.steps * verdict.threads;
      }
    }
    if (verdict.goesOn) {
      await this.#parallel(test, verdict, base, rounds, begin);
      await this.#retry(verdict);
    }
    verdict.seconds += (performance.now() - begin) / 1000;
    return verdict;
  }

  async #parallel(test: FoundTest, verdict: TestVerdict, base: Omit<Iteration, "threads" | "schedule" | "seed" | "changes">, rounds: number, begin: number): Promise<void> {
    const options = this.#options;
    for (let i = 0; i < (test.iterations ?? options.iterations); i++) {
      if (options.duration > 0 && i > 0 && performance.now() - begin > options.duration * 1000) {
        return;
      }
      const seed = options.seed + rounds * options.iterations + i;
      const changes = options.schedule === "pct" ? (options.changes ?? chooseChanges(seed, options.depth, verdict.steps)) : [];
      const one: Iteration = { ...base, threads: verdict.threads, schedule: options.schedule, seed, changes };
      const outcome = await this.#iterate(one);
      const failedBefore = verdict.failed > 0;
      verdict.add(one, outcome);
      this.#events.onIteration(test, i + 1, outcome);
      if (options.shrink && !failedBefore && (outcome.kind === "hang" || (outcome.kind === "ran" && outcome.outcome === "fail"))) {
        verdict.shrunk = await this.#shrink(one);
      }
      if (!verdict.goesOn) {
        // It would hang or crash again, at the price of a timeout each time.
        return;
      }
    }
  }

  /** Whether the failures come back with the same seeds. */
  async #retry(verdict: TestVerdict): Promise<void> {
    for (const group of verdict.failures) {
      if (group.again || this.#options.retries === 0) {
        continue;
      }
      group.again = { runs: 0, failed: 0 };
      for (let i = 0; i < this.#options.retries; i++) {
        const outcome = await this.#iterate(group.first);
        group.again.runs++;
        group.again.failed += outcome.kind !== "ran" || outcome.outcome === "fail" ? 1 : 0;
      }
    }
  }

  /** Leaves out preemptions and threads as long as the iteration still fails. */
  async #shrink(failing: Iteration): Promise<Iteration> {
    let least = failing;
    const fails = async (one: Iteration): Promise<boolean> => {
      const outcome = await this.#iterate(one);
      return outcome.kind !== "ran" || outcome.outcome === "fail";
    };
    for (let i = 0; i < least.changes.length; ) {
      const fewer = { ...least, changes: least.changes.filter((_, at) => at !== i) };
      if (await fails(fewer)) {
        least = fewer;
      } else {
        i++;
      }
    }
    while (least.threads > 2) {
      const fewer = { ...least, threads: least.threads - 1 };
      if (!(await fails(fewer))) {
        break;
      }
      least = fewer;
    }
    return least;
  }
}

/** The steps of an iteration's preemptions: the seed decides. */
function chooseChanges(seed: number, depth: number, steps: number): number[] {
  let state = (seed * 2654435761) >>> 0;
  const next = (): number => {
    // xorshift
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
  state ||= 1;
  next();
  const chosen = new Set<number>();
  for (let i = 0; i < depth; i++) {
    chosen.add(1 + (next() % Math.max(1, steps)));
  }
  return [...chosen].sort((a, b) => a - b);
}
