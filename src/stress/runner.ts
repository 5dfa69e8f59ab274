import { chooseChanges, shuffled } from "./choices.js";
import { EarlierTests, whichBroke } from "./earlier-tests.js";
import { Interpreters } from "./interpreters.js";
import { failed, raisedBy, type Iteration, type LaneName, type Outcome, type Raised, type TestName } from "./iteration.js";
import type { Lane } from "./lane.js";
import { whereOptions, type StressOptions } from "./options.js";
import { TestVerdict, type BrokenByEarlier } from "./verdict.js";

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

/** What a test does on one thread. */
interface Baseline {
  readonly alone: Iteration;
  readonly outcome: Outcome;
  /** It failed after other tests, but not by itself. */
  readonly order: BrokenByEarlier | undefined;
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
  /** What the current interpreter has run. */
  readonly #earlier = new EarlierTests();
  readonly #baselines = new Map<FoundTest, Baseline>();
  readonly #tests: FoundTest[] = [];

  constructor(options: StressOptions, lane: Lane, events: StressEvents) {
    this.#options = options;
    this.#env = lane.name;
    this.#interpreters = new Interpreters(lane);
    this.#events = events;
  }

  /** Another interpreter, after a hang or a crash. */
  async #replace(): Promise<void> {
    this.#events.onRestart(await this.#renew());
  }

  async #renew(): Promise<number> {
    this.#earlier.clear();
    return this.#interpreters.replace();
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
        broken.push({ env: this.#env, file, raised: raisedBy(found, file) });
        await this.#replace();
      } else {
        if (found.error) {
          broken.push({ env: this.#env, file, raised: found.error });
        }
        tests.push(...found.tests.map((test) => ({ file, ...test })));
      }
    }
    this.#tests.push(...tests);
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
    } else if (outcome.memory > this.#options.memoryBudget) {
      await this.#renew();
    } else {
      this.#earlier.add(one);
    }
    return outcome;
  }

  /** The test on one thread, run once. */
  async #baseline(test: FoundTest): Promise<Baseline> {
    let known = this.#baselines.get(test);
    if (!known) {
      known = await this.#runBaseline(test);
      this.#baselines.set(test, known);
    }
    return known;
  }

  async #runBaseline(test: FoundTest): Promise<Baseline> {
    const { schedule, seed, rate, timeout, sharedFixtures, threads } = this.#options;
    const { file, name } = test;
    const alone: Iteration = {
      ...{ env: this.#env, file, name, threads: 1, companions: [], rate, timeout, shared: sharedFixtures, where: whereOptions(this.#options), changes: [] },
      schedule: schedule === "pct" ? "pct" : "free",
      seed,
    };
    const earlier = this.#earlier.before([file, name]);
    const first = await this.#iterate(alone);
    if (!failed(first) || earlier.length === 0) {
      return { alone, outcome: first, order: undefined };
    }
    const iterate = async (one: Iteration, fresh: boolean): Promise<Outcome> => {
      if (fresh) {
        await this.#renew();
      }
      return this.#iterate(one);
    };
    // After a hang or a crash there is another interpreter already.
    const outcome = await iterate(alone, first.kind === "ran");
    if (failed(outcome)) {
      return { alone, outcome, order: undefined };
    }
    const order = { raised: raisedBy(first, file), alone, threads, after: await whichBroke(earlier, alone, threads, iterate) };
    await this.#renew();
    return { alone, outcome, order };
  }

  /** What the other threads run while a test runs. */
  async #companions(test: FoundTest, seed: number): Promise<readonly TestName[]> {
    const { mix, companions, threads } = this.#options;
    if (!mix || companions.length > 0) {
      return companions;
    }
    const found: TestName[] = [];
    for (const other of shuffled(this.#tests.filter((one) => one !== test && one.skip === null), seed)) {
      if (found.length === threads - 1) {
        break;
      }
      const { outcome } = await this.#baseline(other);
      if (outcome.kind === "ran" && outcome.outcome === "pass") {
        found.push([other.file, other.name]);
      }
    }
    return found;
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
    const mixed = options.mix || options.companions.length > 0;
    verdict.threads = mixed ? options.threads : Math.min(options.threads, test.threads ?? options.threads);
    const { alone, outcome, order } = await this.#baseline(test);
    if (rounds === 0) {
      verdict.order = order;
      this.#events.onIteration(test, 0, outcome);
      if (outcome.kind !== "ran" || outcome.outcome !== "pass") {
        verdict.add(alone, outcome);
        verdict.baselineFailed = outcome.kind === "ran" && outcome.outcome === "fail";
      } else {
        verdict.steps = outcome.steps * verdict.threads;
      }
    }
    if (verdict.goesOn) {
      await this.#parallel(test, verdict, alone, rounds, begin);
      await this.#retry(verdict);
    }
    verdict.seconds += (performance.now() - begin) / 1000;
    return verdict;
  }

  async #parallel(test: FoundTest, verdict: TestVerdict, alone: Iteration, rounds: number, begin: number): Promise<void> {
    const options = this.#options;
    for (let i = 0; i < (test.iterations ?? options.iterations); i++) {
      if (options.duration > 0 && i > 0 && performance.now() - begin > options.duration * 1000) {
        return;
      }
      const seed = options.seed + rounds * options.iterations + i;
      const changes = options.schedule === "pct" ? (options.changes ?? chooseChanges(seed, options.depth, verdict.steps)) : [];
      const companions = await this.#companions(test, seed);
      const threads = companions.length === 0 ? verdict.threads : Math.min(verdict.threads, companions.length + 1);
      const one: Iteration = { ...alone, threads, companions, schedule: options.schedule, seed, changes };
      const outcome = await this.#iterate(one);
      const failedBefore = verdict.failed > 0;
      verdict.add(one, outcome);
      this.#events.onIteration(test, i + 1, outcome);
      if (options.shrink && !failedBefore && outcome.kind !== "crash" && failed(outcome)) {
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
        group.again.failed += failed(outcome) ? 1 : 0;
      }
    }
  }

  /** Leaves out preemptions and threads as long as the iteration still fails. */
  async #shrink(failing: Iteration): Promise<Iteration> {
    let least = failing;
    const fails = async (one: Iteration): Promise<boolean> => failed(await this.#iterate(one));
    for (let i = 0; i < least.changes.length; ) {
      const fewer = { ...least, changes: least.changes.filter((_, at) => at !== i) };
      if (await fails(fewer)) {
        least = fewer;
      } else {
        i++;
      }
    }
    while (least.threads > 2) {
      const fewer = { ...least, threads: least.threads - 1, companions: least.companions.slice(0, least.threads - 2) };
      if (!(await fails(fewer))) {
        break;
      }
      least = fewer;
    }
    return least;
  }
}
