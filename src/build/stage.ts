import type { Cache } from "./cache.js";
import type { Progress } from "./progress.js";
import type { Pins, Recipe, RecipeFolders } from "./recipe.js";

/** What every stage works with. */
export interface BuildContext {
  readonly cache: Cache;
  readonly progress: Progress;
  readonly pins: Pins;
  readonly recipe: Recipe;
  readonly folders: RecipeFolders;
  /** Folder for this build's logs. */
  readonly logs: string;
  readonly jobs: number;
  readonly signal: AbortSignal | undefined;
  /** Receives all output of commands as it comes (`-v`). */
  readonly onOutput: ((text: string) => void) | undefined;
}

/** What the commands of one stage share. */
export interface StageTools {
  readonly log: string;
  readonly signal: AbortSignal | undefined;
  readonly onOutput: ((text: string) => void) | undefined;
}

/** The log and the switches for a stage's commands. */
export function stageTools(context: BuildContext, stage: string): StageTools {
  return { log: `${context.logs}/${stage}.log`, signal: context.signal, onOutput: context.onOutput };
}
