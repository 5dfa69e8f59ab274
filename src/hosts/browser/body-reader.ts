/** What is used of the readers of streams; the types that the rest is checked with know only one of the two. */
interface IntoReader {
  read(view: Uint8Array<ArrayBuffer>): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> }>;
}

interface ChunkReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array<ArrayBuffer> }>;
}

/**
 * Reads a body of known parts, each straight to where it is wanted, in engines that can. `Response.arrayBuffer()` gathers the body in
 * pieces first: twice as many pages of memory that nobody has written to, of which each costs an interrupt.
 */
export class BodyReader {
  readonly #into: IntoReader | undefined;
  readonly #chunks: ChunkReader | undefined;
  /** What a chunk had more than was asked for. */
  #rest = new Uint8Array();

  constructor(body: ReadableStream<Uint8Array>) {
    try {
      this.#into = body.getReader({ mode: "byob" }) as unknown as IntoReader;
    } catch {
      // Not a stream of bytes in this engine.
      this.#chunks = body.getReader() as unknown as ChunkReader;
    }
  }

  /**
   * The next bytes, in a buffer of their own.
   * @throws RangeError when the body ends before; what reading throws.
   */
  async take(size: number): Promise<Uint8Array<ArrayBuffer>> {
    let taken = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      if (this.#into) {
        // The engine takes the buffer away and gives it back.
        const { done, value } = await this.#into.read(taken.subarray(at));
        if (done) {
          throw ended(at, size);
        }
        at += value!.length;
        taken = new Uint8Array(value!.buffer);
        continue;
      }
      if (this.#rest.length === 0) {
        const { done, value } = await this.#chunks!.read();
        if (done) {
          throw ended(at, size);
        }
        this.#rest = value!;
      }
      const part = this.#rest.subarray(0, size - at);
      this.#rest = this.#rest.subarray(part.length);
      taken.set(part, at);
      at += part.length;
    }
    return taken;
  }
}

function ended(at: number, size: number): RangeError {
  return new RangeError(`the body ended ${size - at} bytes too early`);
}
