import { loadWeft, type Mount } from "../node.js";
import type { Lane, TestSession } from "./lane.js";
import { Session } from "./session.js";

/** Interpreters of this process, which see the tests' folders as mounts. */
export class NodeLane implements Lane {
  readonly name = "node";
  readonly #mounts: readonly Mount[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #runtime: string | undefined;

  constructor(mounts: readonly Mount[], environment: Readonly<Record<string, string>>, runtime?: string) {
    this.#mounts = mounts;
    this.#environment = environment;
    this.#runtime = runtime;
  }

  async start(): Promise<TestSession> {
    return Session.start(
      await loadWeft({ mounts: this.#mounts, env: this.#environment, ...(this.#runtime === undefined ? {} : { runtime: this.#runtime }) }),
    );
  }

  async close(): Promise<void> {
    // Nothing is shared.
  }
}
