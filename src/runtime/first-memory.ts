import { createMemory } from "./guest-memory.js";
import { startsFromSnapshot, type Snapshot } from "./snapshot.js";

/** What has to be known of a program, as GuestOptions has it, before its memory is made. */
export interface Program {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: { readonly memory: number; readonly stackSize: number };
}

/**
 * The memory of a guest to come. Made early, it can have most of the snapshot and the standard library before there is an instance of the
 * module, while the engine compiles that. And engines that collect garbage when they see as large a memory do so while there is little of it.
 */
export class FirstMemory {
  readonly memory: WebAssembly.Memory;
  readonly #program: Program;

  /** @throws RangeError for limits that are none, and when the engine has no room. */
  constructor(program: Program) {
    this.memory = createMemory(program.limits.memory);
    this.#program = program;
  }

  /** Whether the program may begin with a snapshot; for others Python has to be initialized anew. */
  get mayRestore(): boolean {
    return startsFromSnapshot(this.#program.arguments, this.#program.environment);
  }

  /** Whether the program begins with this snapshot. */
  restores(snapshot: Snapshot): boolean {
    return this.mayRestore && snapshot.stackSize >= this.#program.limits.stackSize && snapshot.size <= this.memory.buffer.byteLength;
  }
}
