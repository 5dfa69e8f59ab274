import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const FOLDER = fileURLToPath(new URL("python/", import.meta.url));

/** Names of tests by the file below test/python that has them. */
type Tests = Readonly<Record<string, readonly string[]>>;

/** What the host API promises, by the abstraction of PyO3's that it mirrors, and the tests that hold it to that. */
const PROMISES: Readonly<Record<string, Tests>> = {
  "attach count": {
    attach: ["goes up and down through nesting, throws and detaching, in the host realm", "and in threads at once", "stays right while threads hammer and the collector stops them"],
  },
  attach: {
    attach: ["attaching is refused while the collector visits an object, and drops go to the pool", "attaching works inside of a destructor that runs at a scope's end", "refuses threads that attach all the time"],
    async: ["runs the call attached, later, and gives what it returns or throws", "while threads attach and collect all the time"],
  },
  "try to attach": {
    attach: ["several interpreters start at once, and each is ready only after its site modules", "twice, and afterwards nothing hangs"],
    traverse: ["test_try_attach_fail_during_gc"],
  },
  detach: {
    attach: ["lets the collector stop the world; so does not one that holds the attachment", "gives the attachment back when its closure throws, nested as well", "a thread that is detached inside of an attach is refused afterwards, and keeps nobody waiting"],
    traverse: ["test_try_attach_fail_during_gc"],
  },
  token: { basic: ["a token is worthless after its closure, in another attach too", "are sent neither tokens nor bound references"] },
  "owned reference": { basic: ["share objects, and hand references over"], leaks: ["a thread that got it, returned it, or threw"], pool: ["are released at the next attach or by the idle main thread, not before, and not when attached"] },
  "bound reference": { basic: ["gives a token, nests, and releases what the closure made", "lets go inside of detach, where bound references cannot be used"], classes: ["lend objects to handlers for the length of a call"] },
  "reference pool": {
    pool: ["are released while nobody attaches", "by many threads beside threads that attach: every object dies", "may have destructors that drop, attach and drain again", "what was forgotten is released by JavaScript's collector"],
  },
  "owned results of shared containers": {
    "containers-concurrent": ["of a dict's values", "of a list's items", "setDefault from several threads converges on one object for each key"],
  },
  "critical section": {
    sync: ["no count is lost", "make operations of CPython's on the object one step", "inside of another one, a wait for a lock is refused with both places", "inside of another one, a detach shows at the end", "end also when the call throws"],
  },
  "critical section of two": { sync: ["of two objects exclude in either order", "take the same object twice", "of two containers: extending each other is one step"] },
  mutex: { sync: ["lets waiters detach, so that its holder can collect garbage", "is poisoned by a throw, and recovers", "says so when a thread would wait for itself"], async: ["loses no count beside threads"] },
  "waiting for other locks": { sync: ["a thread that waits for it does not keep Python's own locks from working", "keeps writers alone", "hand numbers over one by one"] },
  "once lock": { sync: ["makes the value once (%i failures before)", "stays empty after a failure, and says so when it asks for itself"] },
  intern: { objects: ["interned strs of equal text are one object"], "containers-concurrent": ["threads that intern equal texts at once get one str for each"] },
  once: { sync: ["runs once while the others wait, detached", "is poisoned for all by a throw, until a forced call succeeds"] },
  errors: {
    errors: ["is made once, when it is needed, and needs no attached thread before", "whose closure uses it is refused, also through another attach while detached", "may let other threads run while it is made, and is read without detaching afterwards"],
  },
  "throwing across the border": { errors: ["every thrown value comes back itself, in the host realm and in every thread", "cause, context, traceback and notes", "a throw in %s"] },
  "calls from Python": {
    slots: ["what any special method throws comes out of the operation, on every thread; of destructors it goes to sys.unraisablehook"],
    errors: ["where nobody can catch it, it goes to sys.unraisablehook"],
    buffer: ["test_releasebuffer_unraisable_error: a release that raises goes to sys.unraisablehook"],
  },
  "borrow checker": {
    "classes-concurrent": ["test_thread_safety: the final value is the number of writes that succeeded", "test_thread_safety, by threads of the host's", "test_thread_safety_2: nobody sees one field written and the other not", "shared borrows of one object are held at once"],
    classes: ["says who has the object", "is over when what a call replaced or used is released"],
  },
  locked: { "classes-concurrent": ["no increment is lost, and none fails", "re-entry on one thread is an error and no deadlock"] },
  frozen: { "classes-concurrent": ["frozen: no borrow, whatever a derived class does"], classes: ["that are frozen set references once", "that are frozen need no borrow, also below one that is not"] },
  unsendable: {
    "classes-concurrent": ["use elsewhere is an error, tryBorrow included", "so are derived classes, which have the base's state; methods of a base that is not work elsewhere", "drop and garbage collection elsewhere let go of the state in its own realm", "a destructor elsewhere is an unraisable error"],
    traverse: ["unsendable_are_not_traversed_on_foreign_thread"],
  },
  "lazy type object": { "classes-concurrent": ["racing first uses of a class and its base find one type of each"] },
  traverse: {
    traverse: ["gc_during_borrow: a state is visited in a shared borrow, not in an exclusive one", "tries_gil_in_traverse: %s is refused, told, and nothing dies", "a throw ends the visit, is told, and what the state holds stays", "drop_during_traversal: what a traversal drops is released later, once"],
    "classes-concurrent": ["gc_during_borrow: collections inside of borrows see whole objects", "drop_during_traversal: references that go while others collect are released once"],
  },
  clear: { traverse: ["cycles through a state are collected on its thread, and clear runs there"], "classes-concurrent": ["cycles of objects that several threads make are collected, while others collect"] },
  freelist: { traverse: ["multithreaded_class_with_freelist: new objects are empty, whoever had the memory before", "objects that other threads drop"] },
  modules: {
    "classes-concurrent": ["a module's body runs once in a concurrent first import", "a module that is added while Python threads are busy can be imported by all of them"],
    classes: ["have what the definition says", "are registered by name, with their submodules, as often as one likes"],
  },
  "GIL slot": { "classes-concurrent": ["takes the GIL for good, and warns once", "does not where %s says so", "an import by a thread while others are busy"] },
  datetime: { "containers-concurrent": ["threads that are the first to use datetime find one module"] },
  "iterating dicts and lists": {
    "containers-concurrent": ["a dict's iteration ends whole or throws as Python's does", "a list's iteration always ends", "lockedForEach sees one state of a dict and of a list"],
  },
  "conversions and buffers": {
    "containers-concurrent": ["copies see extensions whole, and lists that extend each other do not block"],
    buffer: ["extend against copy", "every export of one object is released exactly once", "test_pybuffer_drop_without_interpreter"],
    schema: ["a list and a dict that other threads change are read as they were at one moment"],
  },
  awaitables: { "async-functions": ["methods have their object until they are done, from many threads", "an awaitable may be awaited and waited for again, and wakes loops on any thread"], js: ["are awaited in asyncio, on several threads at once"] },
  "upgrading weak references": { "containers-concurrent": ["weak references upgrade to a living object or to none while the last reference goes"] },
  "checking for signals": { "main-thread": ["checkSignals ends TypeScript on Python's main thread, and does nothing on others"] },
  finalization: { attach: ["waits for a thread that is attached", "ends threads that spin detached", "below a call from Python it is waited for, and goes on"], sync: ["Python ends while a thread waits"] },
};

/** The names that a file gives its tests, without those of its suites. */
function namesIn(file: string): Set<string> {
  const source = readFileSync(`${FOLDER}${file}.test.ts`, "utf8");
  // Of test.each, the name follows the table, at the end of its parentheses.
  return new Set([...source.matchAll(/^\s*(?:test\(|test\.each.*\)\(|\]\)\()(["'])(.+?)\1,/gm)].map(([, , name]) => name!));
}

describe("every promise of the host API has its tests:", () => {
  const files = new Map(readdirSync(FOLDER).filter((name) => name.endsWith(".test.ts")).map((name) => [name.replace(".test.ts", ""), namesIn(name.replace(".test.ts", ""))]));
  test.each(Object.entries(PROMISES))("%s", (_, tests) => {
    const missing = Object.entries(tests).flatMap(([file, names]) => names.filter((name) => !files.get(file)?.has(name)).map((name) => `${file}: ${name}`));
    expect(missing).toEqual([]);
    expect(Object.values(tests).flat().length).toBeGreaterThan(0);
  });
});
