"""The part of `weft stress` that runs inside of Python: runs tests on several threads at once.

Nothing here waits without an end but for the tests themselves, which the command watches from outside.
"""

import contextlib
import gc
import io
import json
import os
import random
import sys
import threading
import time
import traceback
import unittest

import _weft_stress

TOOL = 4
LIBRARY = os.path.dirname(os.__file__) + "/"
INSTRUCTION = sys.monitoring.events.INSTRUCTION
# Files whose frames say nothing about a test: the runner's own, and those of frameworks that call tests.
machinery = ["weft_stress"]


class Case:
    """One test. `prepare(run)` gives what the threads of one run of it do."""

    def __init__(self, name, prepare, skip=None, threads=None, iterations=None):
        self.name = name
        self.prepare = prepare
        self.skip = skip
        self.threads = threads
        self.iterations = iterations


class Prepared:
    """`call(index)` on all threads at once. Before it `enter(index)` and after it `leave(index)` on each thread, but one
    after the other, so that what they do is the same in every run; at last `end()` on the main thread."""

    def __init__(self, call, enter=None, leave=None, end=None):
        self.call = call
        self.enter = enter
        self.leave = leave
        self.end = end


class Run:
    """What `prepare` may want to know: the cases of this run, and whether threads share what could be each one's own."""

    def __init__(self, cases, shared):
        self.cases = cases
        self.shared = shared


# By file and name.
cases = {}


def from_machinery(filename):
    return filename.startswith(tuple(machinery))


def described(error):
    """What an exception is, in words; without the frames of those who called the test."""
    entry = error.__traceback__
    while entry and entry.tb_next and from_machinery(entry.tb_frame.f_code.co_filename):
        entry = entry.tb_next
    # The innermost frame that is not the machinery's, if there is one also not the standard library's.
    others = [frame for frame in traceback.extract_tb(entry) if not from_machinery(frame.filename)]
    own = [frame for frame in others if not frame.filename.startswith((LIBRARY, "<frozen"))] or others
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else ""
    return {
        "type": type(error).__qualname__,
        "message": str(error)[:2000],
        "where": where,
        "traceback": "".join(traceback.format_exception(type(error), error, entry))[-6000:],
    }


class Noting:
    """Keeps what is raised, also Warnings that were made errors, SystemExit and KeyboardInterrupt: no thread's end is lost."""

    def __init__(self, errors, skipped, thread=None, test=None):
        self.errors = errors
        self.skipped = skipped
        self.whose = {"thread": thread, **({"test": test} if test else {})}

    def __enter__(self):
        return self

    def __exit__(self, kind, error, entry):
        if isinstance(error, unittest.SkipTest):
            self.skipped.append(str(error))
        elif error is not None:
            self.errors.append({**self.whose, **described(error)})
        return True


def run(tests, threads, schedule, seed, rate, changes, shared):
    """Runs tests, given by file and name, once: the threads take them in turn. What happened, as JSON."""
    chosen = [cases[path, name] for path, name in tests]
    output = io.StringIO()
    errors, skipped = [], []
    began, ended = {}, {}
    entered = [threading.Event() for _ in range(threads)]
    leaving = [threading.Event() for _ in range(threads)]
    through = threading.Semaphore(0)
    random.seed(seed)

    def arm():
        if schedule == "perturb":
            _weft_stress.perturb(seed, rate)
        if schedule != "free":
            sys.monitoring.set_events(TOOL, INSTRUCTION)

    def body(index, prepared):
        ready = False
        noting = Noting(errors, skipped, index, "::".join(tests[index % len(tests)]) if len(tests) > 1 else None)
        with noting:
            if prepared.enter:
                prepared.enter(index)
            ready = True
        if index == threads - 1:
            # Only now: what comes before the tests is no part of them.
            arm()
        entered[index].set()
        with noting:
            try:
                # Returns when all threads are there.
                _weft_stress.enroll(index)
                began[index] = time.perf_counter()
                if ready:
                    prepared.call(index)
            finally:
                # By the same clock as its beginning.
                ended[index] = time.perf_counter()
                _weft_stress.leave()
        if prepared.leave:
            through.release()
            leaving[index].wait()
            with noting:
                prepared.leave(index)

    result = {}
    plan = {}
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            with Noting(errors, skipped):
                for case in chosen:
                    if case not in plan:
                        plan[case] = case.prepare(Run(chosen, shared))
                share = [plan[chosen[i % len(chosen)]] for i in range(threads)]
                if schedule == "pct":
                    _weft_stress.pct(threads, seed, tuple(changes))
                _weft_stress.gather(threads)
                workers = [threading.Thread(target=body, args=(i, prepared), name=f"stress-{i}", daemon=True) for i, prepared in enumerate(share)]
                try:
                    for i, worker in enumerate(workers):
                        worker.start()
                        if share[i].enter:
                            entered[i].wait()
                    for prepared in share:
                        if prepared.leave:
                            through.acquire()
                    # The last first: what each one puts back is then what it found.
                    for i in reversed(range(threads)):
                        leaving[i].set()
                        workers[i].join()
                finally:
                    if schedule != "free":
                        sys.monitoring.set_events(TOOL, 0)
                        result = _weft_stress.result()
                        _weft_stress.off()
        finally:
            for prepared in plan.values():
                if prepared.end:
                    with Noting(errors, skipped):
                        prepared.end()
    spans = [(index, begin, ended[index]) for index, begin in sorted(began.items(), key=lambda one: one[1])]
    overlapped = any(later < end for (_, _, end), (_, later, _) in zip(spans, spans[1:]))
    return json.dumps({
        "outcome": "fail" if errors else "skip" if skipped else "pass",
        "errors": errors,
        "skipped": skipped[:1],
        "overlapped": overlapped or schedule == "pct" and result.get("switches", 0) > threads,
        "steps": result.get("steps", 0),
        "switches": result.get("switches", 0),
        "memory": _weft_stress.memory(),
        "trace": str(result.get("trace", 0)),
        "output": output.getvalue()[-4000:],
        # Only failures are looked at.
        "spans": spans if errors else [],
    })


sys.monitoring.use_tool_id(TOOL, "weft stress")
sys.monitoring.register_callback(TOOL, INSTRUCTION, _weft_stress.event)
gc.freeze()
