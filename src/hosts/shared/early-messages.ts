/**
 * Keeps the messages that a worker realm gets before its glue listens: browsers and Deno deliver them whether somebody listens or not.
 * @param takes a message that is not for the glue, and says so.
 * @returns hands the messages to those who listen now, in their order; nothing is kept any more.
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
    scope.removeEventListener("message", keep);
    for (const data of early) {
      scope.dispatchEvent(new MessageEvent("message", { data }));
    }
  };
}
