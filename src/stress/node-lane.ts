import { loadWeft, type Mount } from "../node.js";
import { testEnvironment, type Lane, type TestSession } from "./lane.js";
import { Session } from "./session.js";

/** Interpreters of this process, which see the tests' folders as mounts. */
export class NodeLane implements Lane {
  readonly name = "node";
  readonly #mounts: readonly Mount[];
  readonly #pythonPath: readonly string[];
  readonly #runtime: string | undefined;

  constructor(mounts: readonly Mount[], pythonPath: readonly string[], runtime?: string) {
    this.#mounts = mounts;
    this.#pythonPath = pythonPath;
    this.#runtime = runtime;
  }

  async start(): Promise<TestSession> {
    return Session.start(
      await loadWeft({ mounts: this.#mounts, env: testEnvironment(this.#pythonPath), ...(this.#runtime === undefined ? {} : { runtime: this.#runtime }) }),
    );
  }

  async close(): Promise<void> {
    // Nothing is shared.
  }
}
