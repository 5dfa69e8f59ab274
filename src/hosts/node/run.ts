import { constants } from "node:os";
import type { Worker } from "node:worker_threads";
import { CONSTANTS } from "../../abi/layout.js";
import { Guest, type GuestEnd, type GuestLimits, type Mount } from "../../runtime/guest.js";
import { reportThreads } from "../../runtime/observer/report.js";
import { observeThreads } from "../../runtime/observer/threads.js";
import type { RuntimeAssets } from "./assets.js";
import { ClosedBinding } from "../../python/closed-binding.js";
import { KeepAlive } from "./keep-alive.js";
import { defaultLimits } from "./limits.js";
import { loadRuntime } from "./load-runtime.js";
import { NodeRealmHost } from "./realm-host.js";
import { StdinPump } from "./stdin.js";
import { stdioKind, terminalSize } from "./stdio.js";
import { Terminal } from "./terminal.js";

/** A program to run with this process's standard streams and signals. */
export interface NodeProgram {
  readonly assets: RuntimeAssets;
  /** `argv`, as CPython's command line. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly mounts: readonly Mount[];
  /** Whether Python may use JavaScript, and by that all of the machine. */
  readonly javascript: boolean;
  readonly limits?: Partial<GuestLimits>;
}

/** Signals that a program may handle; without a handler their default action is carried out. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const;

/**
 * Runs a program to its end. Its workers may still be running then (daemon threads):
 * end the process, or the realm.
 * @throws RuntimeFilesError when the runtime cannot be loaded.
 * @throws GuestError when a mount or the working directory fails.
 */
export function runProgram(program: NodeProgram): Promise<GuestEnd> {
  return new KeepAlive().during(run(program));
}

async function run(program: NodeProgram): Promise<GuestEnd> {
  const { assets } = program;
  const { factory, module, workers } = await loadRuntime(assets, program.javascript);
  const pump = new StdinPump();
  const terminal = new Terminal();
  const realmHost = new NodeRealmHost(assets.glueUrl);

  const stdio = [stdioKind(0), stdioKind(1), stdioKind(2)] as const;
  let guest: Guest | undefined;
  let interrupts = 0;
  const deliver = (name: (typeof FORWARDED)[number]): void => {
    const number = constants.signals[name];
    // A second Control-C while Python has not looked at the first ends the process.
    const stuck = name === "SIGINT" && interrupts > 0 && guest?.signalPending === true;
    interrupts = name === "SIGINT" ? interrupts + 1 : interrupts;
    if (guest && !stuck && guest.signal(number) !== "default") {
      return;
    }
    if (name === "SIGWINCH" || name === "SIGCONT") {
      return;
    }
    terminal.close();
    process.exit(128 + number);
  };

  guest = await Guest.start(
    {
      files: assets.files(factory, module),
      realmHost,
      realmPython: program.javascript ? new (await import("../../python/binding.js")).RealmBinding(1) : new ClosedBinding(1),
      createWorker: (onError) => workers.create(onError),
      endWorker: (worker) => {
        workers.end(worker as Worker);
      },
      onStdinRequest: (g) => {
        pump.request(g);
      },
      onReadline: (g, prompt) => {
        terminal.ask(g, prompt, () => {
          deliver("SIGINT");
        });
      },
      onTerminalMode: (mode) => {
        if (process.stdin.isTTY) {
          process.stdin.setRawMode((mode & CONSTANTS.WEFT_TTY_RAW) !== 0);
        }
      },
    },
    {
      arguments: program.arguments,
      environment: program.environment,
      workingDirectory: program.workingDirectory,
      mounts: program.mounts,
      stdio,
      terminalSize: terminalSize(),
      limits: { ...defaultLimits(), ...program.limits },
    },
  );
  for (const name of FORWARDED) {
    process.on(name, () => {
      if (name === "SIGWINCH") {
        const size = terminalSize();
        if (size) {
          guest.resize(size.rows, size.columns);
        }
      }
      deliver(name);
    });
  }
  // Also of a program that hangs: nothing is asked of Python.
  process.on("SIGQUIT", () => {
    const functions = guest.module.functions;
    const threads = observeThreads({ memory: guest.module.wasmMemory, records: functions.weft_threads(), states: functions.weft_thread_states() });
    process.stderr.write(`${reportThreads(threads)}\n`);
  });
  const end = await guest.ended;
  terminal.close();
  return end;
}
