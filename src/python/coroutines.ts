import type { PyAny } from "./any.js";
import type { Python } from "./python.js";

/**
 * Runs code in which `await` may stand outside of functions, and awaits the value of an expression. The modules are
 * imported where it runs, on Python's main thread. Each call has an event loop of its own, which asyncio.run() ends in
 * order: with what still runs cancelled, also when a signal interrupts it. Python's own handler is hidden from
 * asyncio, which would otherwise make a cancellation of the first interrupt: a loop without an await would not end.
 */
const SOURCE = `
def run(code, space, how):
    import ast, asyncio, inspect, signal
    compiled = compile(code, "<weft>", how, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    async def main():
        value = eval(compiled, space)
        if compiled.co_flags & inspect.CO_COROUTINE:
            value = await value
        if how == "eval" and inspect.isawaitable(value):
            value = await value
        return value
    def interrupt(number, frame):
        raise KeyboardInterrupt
    handler = signal.getsignal(signal.SIGINT)
    if handler is not signal.default_int_handler:
        return asyncio.run(main())
    signal.signal(signal.SIGINT, interrupt)
    try:
        return asyncio.run(main())
    finally:
        signal.signal(signal.SIGINT, handler)
`;

/** A Python function of the code, its globals and `exec` or `eval`. */
export function coroutineRunner(py: Python): PyAny {
  const space = py.dict();
  py.run(SOURCE, space);
  return space.getItem("run");
}
