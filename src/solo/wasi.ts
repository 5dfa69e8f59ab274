/**
 * What the component imports of WASI, without the rest: streams that end in callbacks, clocks, random bytes. It has
 * its files in its own memory, so there are no folders and no network.
 */

/** Where the standard streams lead. */
export interface Streams {
  readonly stdout: (data: Uint8Array) => void;
  readonly stderr: (data: Uint8Array) => void;
  /** Some bytes, at least one, or `undefined` at the end. */
  readonly stdin: () => Uint8Array | undefined;
}

/** The program ended itself: `os._exit()`, a fatal error. */
export class ExitError extends Error {
  override readonly name = "ExitError";
}

/** Random bytes that one call of the platform's gives at most. */
const RANDOM_BYTES = 65_536;
/** Bytes that one write takes at most; WASI allows the adapter no more than it was told. */
const WRITE_BYTES = 1n << 20n;

class InputStream {
  #rest = new Uint8Array();
  constructor(readonly more: Streams["stdin"]) {}

  read(length: bigint): Uint8Array {
    return this.blockingRead(length);
  }

  blockingRead(length: bigint): Uint8Array {
    if (this.#rest.length === 0) {
      const data = this.more();
      if (data === undefined) {
        throw { tag: "closed" };
      }
      this.#rest = new Uint8Array(data);
    }
    const part = this.#rest.slice(0, Number(length));
    this.#rest = this.#rest.slice(part.length);
    return part;
  }
}

class OutputStream {
  constructor(readonly sink: Streams["stdout"]) {}

  checkWrite(): bigint {
    return WRITE_BYTES;
  }

  write(data: Uint8Array): void {
    // The bytes may lie in the component's memory.
    this.sink(data.slice());
  }

  blockingWriteAndFlush(data: Uint8Array): void {
    this.write(data);
  }

  blockingFlush(): void {}
}

/** Never made: the component has no such thing to show. */
class Nothing {}

/** Imports of one instance. */
export function wasiImports(streams: Streams): Record<string, Record<string, unknown>> {
  const stdin = new InputStream(streams.stdin);
  const stdout = new OutputStream(streams.stdout);
  const stderr = new OutputStream(streams.stderr);
  const start = performance.now();
  return {
    "wasi:cli/exit": {
      exit: (status: { tag: "ok" | "err" }) => {
        throw new ExitError(`Python ended itself with status ${status.tag === "ok" ? 0 : 1}; make another interpreter`);
      },
    },
    "wasi:cli/stdin": { getStdin: () => stdin },
    "wasi:cli/stdout": { getStdout: () => stdout },
    "wasi:cli/stderr": { getStderr: () => stderr },
    // Rounded: a clock that shows whole milliseconds or microseconds is not a nanosecond behind them.
    "wasi:clocks/monotonic-clock": { now: () => BigInt(Math.round((performance.now() - start) * 1e6)), resolution: () => 1000n },
    "wasi:clocks/wall-clock": {
      now: () => {
        // performance.now() is finer than Date.now().
        const milliseconds = performance.timeOrigin + performance.now();
        const seconds = Math.floor(milliseconds / 1000);
        return { seconds: BigInt(seconds), nanoseconds: Math.min(999_999_999, Math.floor((milliseconds - seconds * 1000) * 1e6)) };
      },
      resolution: () => ({ seconds: 0n, nanoseconds: 1000 }),
    },
    "wasi:filesystem/preopens": { getDirectories: () => [] },
    "wasi:filesystem/types": { Descriptor: Nothing, filesystemErrorCode: () => undefined },
    "wasi:io/error": { Error: Nothing },
    "wasi:io/streams": { InputStream, OutputStream },
    "wasi:random/random": {
      getRandomBytes: (length: bigint) => {
        const data = new Uint8Array(Number(length));
        for (let at = 0; at < data.length; at += RANDOM_BYTES) {
          crypto.getRandomValues(data.subarray(at, at + RANDOM_BYTES));
        }
        return data;
      },
    },
  };
}
