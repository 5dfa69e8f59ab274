import { readdirSync, readFileSync } from "node:fs";

/** Seconds that each thread of a process has run on a processor, by its number; nothing where the system does not tell. */
export function taskTimes(pid: number): Map<string, number> | undefined {
  let tasks: string[];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {
    return undefined;
  }
  const times = new Map<string, number>();
  for (const task of tasks) {
    try {
      times.set(task, Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]) / 1e9);
    } catch {
      // It has ended meanwhile, or this kernel does not count.
    }
  }
  return times.size > 0 ? times : undefined;
}
