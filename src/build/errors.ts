/** A build that cannot go on: what happened and what to do about it, without a stack trace. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  /** Full output of the command that failed. */
  readonly log: string | undefined;

  constructor(message: string, options: { log?: string; cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.log = options.log;
  }
}
