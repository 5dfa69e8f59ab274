/**
 * Exit codes of our own failures; those of the program itself are CPython's. From
 * sysexits.h, so that they do not collide with common program codes.
 */
export const ExitCode = {
  /** A wrong command line. */
  usage: 64,
  /** A script or environment file that cannot be read. */
  noInput: 66,
  /** The runtime's files are missing or damaged. */
  runtimeFiles: 69,
  /** The runtime broke: a bug of ours or of the engine. */
  crash: 70,
  /** A build that failed. */
  build: 71,
  /** A mount or folder that cannot be used. */
  mount: 73,
  /** This machine or engine cannot run Weft. */
  unsupported: 78,
} as const;

/** A failure to report as one line, without a stack trace. */
export class CliError extends Error {
  override readonly name = "CliError";
  constructor(
    message: string,
    readonly exitCode: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
