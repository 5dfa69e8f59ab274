import type { StdioKind } from "../../abi/events.js";
import type { FirstMemory } from "../../runtime/first-memory.js";
import type { Guest, GuestFiles, GuestLimits } from "../../runtime/guest.js";
import type { Services } from "./services.js";

/** One end of a channel between two realms, as browsers and Node have it. */
export interface RealmPort {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  /** Setting it starts the delivery of messages. */
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  addEventListener(type: "close", listener: () => void): void;
  close(): void;
}

/** A worker as its own platform has it: the runtime's glue uses it too. */
export interface RealmWorker {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  terminate(): unknown;
  /** Only Node's workers keep a process. */
  ref?(): void;
  unref?(): void;
}

/** The files of a built runtime. */
export interface RuntimeFiles extends GuestFiles {
  /** The glue's URL, where workers of the user's own can join. */
  readonly glueUrl?: string;
}

/** What Weft needs of the platform that it is loaded on. */
export interface HostPlatform {
  readonly files: RuntimeFiles;
  /** See {@link GuestPlatform}: for {@link programOf} this program. */
  readonly firstMemory?: FirstMemory;
  /** Imports of the realm that owns the guest: wasm/include/weft_host.h. */
  readonly realmHost: unknown;
  /** What workers of the user's own need to join, beside the glue's URL; it is posted to them. */
  readonly joinSetup?: unknown;
  /** Kinds of file descriptors 0, 1 and 2. */
  readonly stdio: readonly [StdioKind, StdioKind, StdioKind];
  readonly terminalSize: { readonly rows: number; readonly columns: number } | null;
  readonly limits: GuestLimits;
  readonly services: Services;
  /** The two ends of a new channel. */
  channel(): readonly [RealmPort, RealmPort];
  /** A thread waits for standard input: push some, now or later. */
  onStdinRequest(guest: Guest): void;
  /** As a guest's platform has it. Only where {@link realmHost} posts output. */
  onOutput?(fd: number, data: Uint8Array): void;
  /** Python has ended or was terminated: the guest is not used any more. */
  onEnd?(): void;
  /** No thread runs any more. May be called twice. */
  onThreadsEnded?(): void;
  /** See {@link WeftPlatform}. */
  resolve(source: string): URL;
  /** See {@link WeftPlatform}. */
  read(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array>;
  /** The program shall not end before the promise is settled. */
  keepAlive<T>(promise: Promise<T>): Promise<T>;
}
