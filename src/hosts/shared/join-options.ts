/** How a worker joins Python. */
export interface JoinOptions {
  /**
   * Ends the wait for the realm that loaded Python, which may be busy or gone; `AbortSignal.timeout(5000)` is a deadline. Once
   * that realm has answered, joining takes its course.
   */
  readonly signal?: AbortSignal | undefined;
}
