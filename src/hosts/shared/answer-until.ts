/**
 * What somebody else answers, unless the signal comes first.
 * @throws the signal's reason; what `answer` is rejected with.
 */
export function answerUntil<T>(signal: AbortSignal | undefined, answer: Promise<T>): Promise<T> {
  if (signal === undefined) {
    return answer;
  }
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) {
      abort();
    }
    signal.addEventListener("abort", abort);
    answer.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", abort);
    });
  });
}
