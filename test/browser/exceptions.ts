import type { Exception } from "../portable/suite.js";

/** Tests of the host API that cannot pass in a page, whatever the browser. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    file: "classes-concurrent.test.ts",
    test: "lazy type objects and imports > a module that is added while Python threads are busy can be imported by all of them",
    reason: "workers cannot import while Python runs; the other tests name their module in loadWeft's options",
  },
  { file: "attach.test.ts", test: "start > several interpreters start at once, and each is ready only after its site modules", reason: "mounts a folder of the host" },
  { file: "attach.test.ts", test: "spawn > a worker that exits is reported", reason: "calls process.exit(); load.test.ts has a page's counterpart" },
  {
    file: "buffer.test.ts",
    test: "on several threads > two host threads and two of Python's write one buffer while others collect garbage",
    reason: "starts Python's threads on the page's own thread, which new workers need",
  },
  { file: "buffer.test.ts", test: "on several threads > what was forgotten is released, but not while somebody has its array", reason: "starts a process" },
  {
    file: "classes.test.ts",
    test: "functions > end in a RecursionError and not in the engine's when they call each other without end",
    reason: "calls through JavaScript take more of a worker's small engine stack than the limit counts: it ends first, as a MemoryError",
  },
  { file: "js.test.ts", test: "waiting > finalize is not held up, and refuses a request that comes too late", reason: "mounts a folder of the host" },
  { file: "js.test.ts", test: "promises > a rejection that nobody asks for is unhandled when Python lets go of the promise, not before", reason: "listens to Node's process" },
  { file: "js.test.ts", test: "promises > a cancelled task does not mind what comes later, nor does a closed loop", reason: "listens to Node's process" },
  { file: "pool.test.ts", test: "what was forgotten is released by JavaScript's collector", reason: "starts a process" },
  { file: "sync.test.ts", test: "PyMutex > blocks the host realm too, until the holder lets go", reason: "a page may not wait; async.test.ts has the counterpart" },
  { file: "sync.test.ts", test: "Condvar and Barrier > a wait gives up in time and has the mutex again", reason: "a page may not wait" },
];
