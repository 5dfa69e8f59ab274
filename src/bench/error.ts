/** A benchmark that cannot be run: told in plain words, without a stack trace. */
export class BenchError extends Error {
  override readonly name = "BenchError";
}
