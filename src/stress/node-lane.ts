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

  /** @param modules files of ES modules that define Python modules. */
  constructor(mounts: readonly Mount[], environment: Readonly<Record<string, string>>, runtime: string, modules: readonly string[]) {
    this.#mounts = mounts;
    this.#environment = environment;
    this.#runtime = runtime;
    this.#modules = modules;
  }

  async start(): Promise<TestSession> {
    const moduleUrl = (file: string): string => pathToFileURL(file).href;
    return Session.start(await loadWeft({ mounts: this.#mounts, env: this.#environment, runtime: this.#runtime, modules: this.#modules.map(moduleUrl) }), moduleUrl);
  }

  async close(): Promise<void> {
    // Nothing is shared.
  }
}
