"""The part of `weft stress` that runs inside of Python: finds tests and runs one of them at a time.

Nothing here waits without an end but for the tests themselves, which the command watches from outside.
"""

import contextlib
import gc
import importlib.util
import inspect
import io
import json
import os
import random
import sys
import threading
import time
import traceback
import types
import unittest

import _weft_stress

TOOL = 4
LIBRARY = os.path.dirname(os.__file__) + "/"
INSTRUCTION = sys.monitoring.events.INSTRUCTION


class Case:
    """One test: `prepare` gives what threads call, and what ends it."""

    def __init__(self, name, prepare, marks=(), skip=None):
        self.name = name
        self.prepare = prepare
        self.skip = skip
        self.marks = {mark.name: mark for mark in marks}


class Mark:
    def __init__(self, name, args=()):
        self.name = name
        self.args = args


cases = {}


def module_name(path):
    return "stress_" + "".join(c if c.isalnum() else "_" for c in path)


def load(path):
    """Imports a test file under a name of its own; its folder is where its imports are looked up first."""
    folder = os.path.dirname(path)
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder = os.path.dirname(folder)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def marks_of(*objects):
    found = []
    for thing in objects:
        marks = getattr(thing, "pytestmark", [])
        for mark in marks if isinstance(marks, (list, tuple)) else [marks]:
            found.append(Mark(mark.name, mark.args))
    return found


def unittest_cases(cls):
    for name in unittest.defaultTestLoader.getTestCaseNames(cls):
        method = getattr(cls, name)
        skip = getattr(method, "__unittest_skip_why__", None) or getattr(cls, "__unittest_skip_why__", None)

        def prepare(name=name):
            cls.setUpClass()
            test = cls(name)
            test.setUp()

            def end():
                try:
                    test.tearDown()
                    test.doCleanups()
                finally:
                    cls.tearDownClass()
                    cls.doClassCleanups()

            return lambda index: getattr(test, name)(), end

        yield Case(f"{cls.__name__}::{name}", prepare, marks_of(cls, method), skip)


def function_case(name, function, marks, make_self=None):
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if make_self:
        needed = needed[1:]
    skip = f"needs fixtures ({', '.join(needed)}), which this runner does not have" if needed else None

    def prepare():
        if make_self is None:
            return lambda index: function(), None
        instance = make_self()
        setup = getattr(instance, "setup_method", None)
        if setup:
            setup()
        teardown = getattr(instance, "teardown_method", None)
        return lambda index: function(instance), teardown

    return Case(name, prepare, marks, skip)


def hammer_case(name, make):
    """`setup()` once, `op(state, index)` on every thread, `check(state)` at the end."""

    def prepare():
        scope = make()
        state = scope["setup"]() if "setup" in scope else None

        def end():
            if "check" in scope:
                scope["check"](state)

        return lambda index: scope["op"](state, index), end

    return Case(name, prepare)


def cases_of(module):
    scope = vars(module)
    if callable(scope.get("op")):
        yield hammer_case("op", lambda: {key: scope[key] for key in ("setup", "op", "check") if callable(scope.get(key))})
    for name, value in list(scope.items()):
        if isinstance(value, type) and getattr(value, "__module__", None) == module.__name__:
            if issubclass(value, unittest.TestCase):
                yield from unittest_cases(value)
            elif name.startswith("Hammer") and hasattr(value, "op"):
                def factory(value=value):
                    thing = value()
                    return {key: getattr(thing, key) for key in ("setup", "op", "check") if hasattr(thing, key)}
                yield hammer_case(name, factory)
            elif name.startswith("Test") and value.__init__ is object.__init__:
                for method_name, method in inspect.getmembers(value, inspect.isfunction):
                    if method_name.startswith("test"):
                        yield function_case(f"{name}::{method_name}", method, marks_of(value, method), value)
        elif isinstance(value, types.FunctionType) and name.startswith("test") and value.__module__ == module.__name__:
            yield function_case(name, value, marks_of(value))


def collect(path):
    """Loads a file; returns its tests and what keeps any from running, as JSON."""
    output = io.StringIO()
    found = []
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            module = load(path)
            for case in cases_of(module):
                cases[path, case.name] = case
                unsafe = case.marks.get("thread_unsafe")
                limit = case.marks.get("parallel_threads_limit")
                found.append({
                    "name": case.name,
                    "skip": case.skip or ("marked thread_unsafe" if unsafe else None),
                    "threads": limit.args[0] if limit and limit.args else None,
                })
    except BaseException as error:
        return json.dumps({"error": described(error), "tests": []})
    return json.dumps({"error": None, "tests": found})


def described(error):
    frames = traceback.extract_tb(error.__traceback__)
    # The innermost that is not the runner's, if there is one also not the standard library's.
    others = [frame for frame in frames if frame.filename != "weft_stress.py"]
    own = [frame for frame in others if not frame.filename.startswith((LIBRARY, "<frozen"))] or others
    where = f"{own[-1].filename}:{own[-1].lineno}" if own else ""
    return {
        "type": type(error).__qualname__,
        "message": str(error)[:2000],
        "where": where,
        "traceback": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-6000:],
    }


def run(path, name, threads, schedule, seed, rate, changes):
    """Runs one test once on so many threads; what happened, as JSON."""
    case = cases[path, name]
    random.seed(seed)
    output = io.StringIO()
    errors = []
    spans = []
    skipped = []

    def body(index, call):
        began = None
        try:
            # Returns when all threads are there.
            _weft_stress.enroll(index)
            began = time.perf_counter()
            call(index)
        except unittest.SkipTest as reason:
            skipped.append(str(reason))
        except BaseException as error:
            # Also Warnings that were made errors, SystemExit and KeyboardInterrupt: no thread's end is lost.
            errors.append({"thread": index, **described(error)})
        finally:
            _weft_stress.leave()
            if began is not None:
                spans.append((index, began, time.perf_counter()))

    result = {}
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        end = None
        try:
            call, end = case.prepare()
            if schedule == "perturb":
                _weft_stress.perturb(seed, rate)
            elif schedule == "pct":
                _weft_stress.pct(threads, seed, tuple(changes))
            _weft_stress.gather(threads)
            workers = [threading.Thread(target=body, args=(i, call), name=f"stress-{i}", daemon=True) for i in range(threads)]
            if schedule != "free":
                sys.monitoring.set_events(TOOL, INSTRUCTION)
            try:
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
            finally:
                if schedule != "free":
                    sys.monitoring.set_events(TOOL, 0)
                    result = _weft_stress.result()
                    _weft_stress.off()
        except unittest.SkipTest as reason:
            skipped.append(str(reason))
        except BaseException as error:
            errors.append({"thread": None, **described(error)})
        try:
            if end:
                end()
        except BaseException as error:
            errors.append({"thread": None, **described(error)})
    overlapped = len(spans) > 1 and max(b for _, b, _ in spans) < min(e for _, _, e in spans)
    return json.dumps({
        "outcome": "fail" if errors else "skip" if skipped else "pass",
        "errors": errors,
        "skipped": skipped[:1],
        "overlapped": overlapped or schedule == "pct" and result.get("switches", 0) > threads,
        "steps": result.get("steps", 0),
        "switches": result.get("switches", 0),
        "trace": str(result.get("trace", 0)),
        "output": output.getvalue()[-4000:],
        # Only failures are looked at.
        "spans": spans if errors else [],
        "events": result.get("events", []) if errors else [],
    })


sys.monitoring.use_tool_id(TOOL, "weft stress")
sys.monitoring.register_callback(TOOL, INSTRUCTION, _weft_stress.event)
gc.freeze()
