import { expect, test } from "vitest";
import { BodyReader } from "../../src/hosts/browser/body-reader.js";

const DATA = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 31) >> 3);
/** Smaller and larger than the parts that are taken, and empty parts of those between them. */
const CHUNKS = [1, 7, 40_000, 3, 20_000, 39_989];

function chunks(): Uint8Array<ArrayBuffer>[] {
  let at = 0;
  return CHUNKS.map((length) => DATA.slice(at, (at += length)));
}

/** Bodies of both kinds: engines have responses of bytes, or of chunks only. */
const KINDS = ["bytes", "chunks"] as const;

function bodyOf(kind: (typeof KINDS)[number]): ReadableStream<Uint8Array> {
  const left = chunks();
  const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController<Uint8Array>): void => {
    const chunk = left.shift();
    if (chunk) {
      controller.enqueue(chunk);
      return;
    }
    controller.close();
    if ("byobRequest" in controller) {
      // A read into a buffer that waits ends by this.
      controller.byobRequest?.respond(0);
    }
  };
  return kind === "bytes" ? new ReadableStream({ type: "bytes", pull }) : new ReadableStream<Uint8Array>({ pull });
}

test.each(KINDS)("a body of %s is read in parts of any size", async (kind) => {
  const body = new BodyReader(bodyOf(kind));
  let at = 0;
  for (const size of [0, 16, 50_000, 0, 1, 49_983]) {
    const part = await body.take(size);
    expect(part.buffer.byteLength).toBe(size);
    expect(Buffer.compare(part, DATA.subarray(at, at + size))).toBe(0);
    at += size;
  }
  expect(at).toBe(DATA.length);
  await expect(body.take(1)).rejects.toThrow(new RangeError("the body ended 1 bytes too early"));
});

test.each(KINDS)("a body of %s that ends too early is an error", async (kind) => {
  await expect(new BodyReader(bodyOf(kind)).take(DATA.length + 5)).rejects.toThrow(new RangeError("the body ended 5 bytes too early"));
});
