import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Bytes of a process in physical memory. */
export interface Memory {
  /** VmHWM. */
  readonly peak: number;
  /** VmRSS. */
  readonly resident: number;
}

/**
 * Reads `/proc/PID/status`.
 * @throws Error when it lacks a field.
 */
export function parseStatus(text: string): Memory {
  const field = (name: string): number => {
    const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text);
    if (!match) {
      throw new Error(`the status of a process has no ${name}`);
    }
    return Number(match[1]) * 1024;
  };
  return { peak: field("VmHWM"), resident: field("VmRSS") };
}

/** State and processor time of a `/proc/.../stat`. The name before them may hold anything. */
export function parseStat(text: string): { state: string; ticks: number } {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0]!, ticks: Number(fields[11]) + Number(fields[12]) };
}

/** Processor time of a process, or nothing while one of its threads runs or waits for the disk. */
function ticksAtRest(pid: number): number | undefined {
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    let stat: string;
    try {
      stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
    } catch {
      // A thread that ended since: look again.
      return undefined;
    }
    if (parseStat(stat).state !== "S") {
      return undefined;
    }
  }
  return parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")).ticks;
}

/** How many looks in a row, this many milliseconds apart, find a process that is at rest. */
const LOOKS = 5;
const INTERVAL = 100;

/**
 * Memory of a process that waits for input, once it has come to rest: engines go on
 * compiling and collecting in the background after the first output.
 * @throws Error when the process ends, or `signal`'s reason.
 */
export async function memoryAtRest(pid: number, signal: AbortSignal): Promise<Memory> {
  for (let before = -1, same = 0; same < LOOKS; ) {
    await delay(INTERVAL, undefined, { signal });
    const ticks = ticksAtRest(pid);
    same = ticks !== undefined && ticks === before ? same + 1 : 0;
    before = ticks ?? -1;
  }
  return parseStatus(readFileSync(`/proc/${pid}/status`, "utf8"));
}
