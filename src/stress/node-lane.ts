import { pathToFileURL } from "node:url";
import { loadWeft, type Mount } from "../node.js";
import type { Lane, TestSession } from "./lane.js";
import { Session } from "./session.js";

/** Interpreters of this process, which see the tests' folders as mounts. */
export class NodeLane implements Lane {
  readonly name = "node";
  readonly #mounts: readonly Mount[];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #runtime: string;
  readonly #modules: readonly string[];
  readonly #startTimeout: number;

  /**
   * @param modules files of ES modules that define Python modules.
   * @param startTimeout seconds in which an interpreter is to be ready.
   */
  constructor(mounts: readonly Mount[], environment: Readonly<Record<string, string>>, runtime: string, modules: readonly string[], startTimeout: number) {
    this.#mounts = mounts;
    this.#environment = environment;
    this.#runtime = runtime;
    this.#modules = modules;
    this.#startTimeout = startTimeout;
  }

  async start(): Promise<TestSession> {
    const moduleUrl = (file: string): string => pathToFileURL(file).href;
    const options = { mounts: this.#mounts, env: this.#environment, runtime: this.#runtime, modules: this.#modules.map(moduleUrl) };
    return Session.start(this.#startTimeout, moduleUrl, (signal) => loadWeft({ ...options, signal }));
  }

  async close(): Promise<void> {
    // Nothing is shared.
  }
}
