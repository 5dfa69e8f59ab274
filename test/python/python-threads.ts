import type { HostWeft, Py } from "./package.js";

/** What the Python code of concurrent tests uses. */
const HELPERS = `
import gc, sys, threading, time, weakref
PATIENCE = 60
def together(*calls):
    """Runs all at once, each in a thread, and raises what one of them raised."""
    barrier, errors = threading.Barrier(len(calls)), []
    def run(call):
        try:
            barrier.wait(PATIENCE)
            call()
        except BaseException as e:
            errors.append(e)
            raise
    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for t in threads: t.start()
    for t in threads:
        t.join(PATIENCE)
        assert not t.is_alive(), "a thread has not ended"
    if errors: raise errors[0]
def eventually(condition, what):
    for _ in range(200):
        gc.collect()
        if condition(): return
        time.sleep(0.005)
    raise AssertionError(what)
`;

/** Statements on Python's main thread; its threads are other realms. */
export async function runThreads(weft: HostWeft, code: string): Promise<void> {
  const globals = weft.attach((py) => py.dict().unbind());
  await weft.run(`${HELPERS}\n${code}`, { globals: globals as Py });
  globals.drop();
}
