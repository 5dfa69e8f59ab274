import { arch, cpus, loadavg, release, totalmem, type } from "node:os";

/** Where and when a benchmark ran. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  /** Load average of the minute before: other work on the machine shows here. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    date: new Date().toISOString(),
    cpu: cores[0]?.model.trim() ?? "unknown processor",
    cores: cores.length,
    memory: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.versions.node,
    load: loadavg()[0]!,
  };
}
