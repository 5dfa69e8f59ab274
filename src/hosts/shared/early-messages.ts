/**
 * Keeps the messages that a worker realm gets before its glue listens: browsers and Deno deliver them whether somebody listens or not.
 * @param takes a message that is not for the glue, and says so.
 * @returns to be called when the glue says that it listens (`listen()` of the realm's binding), which it may await something before, and
 * is not set up to its end then: in the next microtask the messages are handed over, in their order, and nothing is kept any more.
 */
export function keepMessages(scope: Pick<EventTarget, "addEventListener" | "removeEventListener" | "dispatchEvent">, takes: (data: unknown) => boolean = () => false): () => void {
  const early: unknown[] = [];
  const keep = (event: Event): void => {
    const { data } = event as MessageEvent;
    if (!takes(data)) {
      early.push(data);
    }
  };
  scope.addEventListener("message", keep);
  return () => {
    queueMicrotask(() => {
      scope.removeEventListener("message", keep);
      for (const data of early) {
        scope.dispatchEvent(new MessageEvent("message", { data }));
      }
    });
  };
}
