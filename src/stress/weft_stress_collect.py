"""Finds tests in files, modules and scripts."""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import io
import json
import os
import pkgutil
import re
import sys
import types
import unittest

from weft_stress import Case, Prepared, cases, described

# What the command line says; no test needs to see it.
options = json.loads(os.environ.pop("WEFT_STRESS", "{}"))


class NeedsPytest(Exception):
    pass


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


def is_script(path, tree):
    """Whether a file has nothing that would be collected from it, and not a test file's name either."""
    if re.fullmatch(r"(test_.*|.*_test|hammer_.*)\.py", os.path.basename(path)):
        return False

    def is_test(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return node.name.startswith("test") or node.name == "op"
        if isinstance(node, ast.ClassDef):
            return node.name.startswith(("Test", "Hammer")) or any("TestCase" in ast.unparse(base) for base in node.bases)
        # Tests may come by an import.
        return isinstance(node, ast.ImportFrom) and any(name.name == "*" or name.name.startswith(("test", "Test")) for name in node.names)

    return not any(is_test(node) for node in tree.body)


def imports_pytest(tree):
    return any(
        isinstance(node, ast.Import) and any(name.name == "pytest" for name in node.names) or isinstance(node, ast.ImportFrom) and node.module == "pytest"
        for node in tree.body
    )


def script_case(path, source):
    """The script as if each thread were a program of its own: with its own names, of which `__name__` is `__main__`."""
    code = compile(source, path, "exec")
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)

    def call(index):
        main = types.ModuleType("__main__")
        main.__file__ = path
        try:
            exec(code, main.__dict__)
        except SystemExit as end:
            if end.code not in (None, 0):
                raise

    return Case(os.path.basename(path), lambda run: Prepared(call))


def marks_of(*objects):
    """Marks by name; of those with the same name the last."""
    found = {}
    for thing in objects:
        marks = getattr(thing, "pytestmark", [])
        for mark in marks if isinstance(marks, (list, tuple)) else [marks]:
            found[mark.name] = mark
    return found


def marked(case, marks):
    """The case as its marks want it run."""

    def number(name):
        mark = marks.get(name)
        return int(mark.args[0]) if mark and mark.args else None

    unsafe = marks.get("thread_unsafe")
    if unsafe and case.skip is None and not options["run_unsafe"]:
        reason = getattr(unsafe, "kwargs", {}).get("reason") or "".join(str(one) for one in unsafe.args[:1])
        case.skip = f"marked thread_unsafe{reason and ': ' + reason}"
    case.threads = number("parallel_threads_limit")
    case.iterations = number("iterations")
    return case


def unittest_cases(cls, module):
    def begin():
        getattr(module, "setUpModule", lambda: None)()
        cls.setUpClass()

    def end():
        try:
            cls.tearDownClass()
        finally:
            cls.doClassCleanups()
            getattr(module, "tearDownModule", lambda: None)()

    for name in unittest.defaultTestLoader.getTestCaseNames(cls):
        method = getattr(cls, name)
        skip = getattr(method, "__unittest_skip_why__", None) or getattr(cls, "__unittest_skip_why__", None)

        def prepare(run, name=name, method=method):
            begin()
            if run.shared:
                test = cls(name)
                test.setUp()

                def end_shared():
                    try:
                        test.tearDown()
                        test.doCleanups()
                    finally:
                        end()

                return Prepared(lambda index: getattr(test, name)(), end=end_shared)
            return Prepared(lambda index: call_unittest(cls(name), name), end=end)

        yield marked(Case(f"{cls.__name__}::{name}", prepare, skip), marks_of(cls, method))


def call_unittest(test, name):
    """As TestCase.debug(), but a test that fails is put away too."""
    if isinstance(test, unittest.IsolatedAsyncioTestCase):
        return test.debug()
    method = getattr(test, name)
    expected = getattr(test, "__unittest_expecting_failure__", False) or getattr(method, "__unittest_expecting_failure__", False)
    try:
        test.setUp()
        try:
            method()
        except Exception:
            if expected:
                raise unittest.SkipTest("fails as expected") from None
            raise
        finally:
            test.tearDown()
    finally:
        if not test.doCleanups():
            raise AssertionError("a cleanup failed")


def function_case(name, function, marks, make_self=None):
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    if make_self:
        needed = needed[1:]
    skip = f"needs fixtures ({', '.join(needed)}): name a folder that has pytest with --site" if needed else None

    def prepare(run):
        if make_self is None:
            return Prepared(lambda index: function())
        own = {}

        def enter(index):
            instance = make_self()
            own[index] = instance
            getattr(instance, "setup_method", lambda: None)()

        def leave(index):
            getattr(own[index], "teardown_method", lambda: None)()

        if run.shared:
            enter(0)
            return Prepared(lambda index: function(own[0]), end=lambda: leave(0))
        return Prepared(lambda index: function(own[index]), enter, leave)

    return marked(Case(name, prepare, skip), marks)


def hammer_case(name, make, marks):
    """`setup()` once, `op(state, index)` on every thread, `check(state)` at the end."""

    def prepare(run):
        scope = make()
        state = scope["setup"]() if "setup" in scope else None

        def end():
            if "check" in scope:
                scope["check"](state)

        return Prepared(lambda index: scope["op"](state, index), end=end)

    return marked(Case(name, prepare), marks)


def hammer_cases(module):
    scope = vars(module)
    if callable(scope.get("op")):
        yield hammer_case("op", lambda: {key: scope[key] for key in ("setup", "op", "check") if callable(scope.get(key))}, marks_of(module))
    for name, value in list(scope.items()):
        if isinstance(value, type) and value.__module__ == module.__name__ and name.startswith("Hammer") and hasattr(value, "op"):

            def factory(value=value):
                thing = value()
                return {key: getattr(thing, key) for key in ("setup", "op", "check") if hasattr(thing, key)}

            yield hammer_case(name, factory, marks_of(module, value))


def cases_of(module):
    yield from hammer_cases(module)
    for name, value in list(vars(module).items()):
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if isinstance(value, type):
            if issubclass(value, unittest.TestCase):
                yield from unittest_cases(value, module)
            elif name.startswith("Test") and value.__init__ is object.__init__:
                for method_name, method in inspect.getmembers(value, inspect.isfunction):
                    if method_name.startswith("test"):
                        yield function_case(f"{name}::{method_name}", method, marks_of(module, value, method), value)
        elif isinstance(value, (types.FunctionType, types.BuiltinFunctionType)) and name.startswith("test"):
            yield function_case(name, value, marks_of(module, value))


def cases_of_package(module):
    """The tests of a module that can be imported, and of those below it: their names then begin with the module's."""
    yield from cases_of(module)
    for found in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if found.name.startswith("test") or found.ispkg:
            for case in cases_of_package(importlib.import_module(f"{module.__name__}.{found.name}")):
                case.name = f"{found.name}::{case.name}"
                yield case


def cases_in(target, modules):
    """The cases of a file, or of `module:` and a name. `modules` are those that an ES module defines."""
    if modules is not None:
        return [case for name in modules for case in cases_of(importlib.import_module(name))]
    if target.startswith("module:"):
        return list(cases_of_package(importlib.import_module(target.removeprefix("module:"))))
    with open(target, encoding="utf-8") as file:
        source = file.read()
    tree = ast.parse(source, target)
    if is_script(target, tree):
        return [script_case(target, source)]
    has_pytest = importlib.util.find_spec("pytest")
    if not has_pytest and imports_pytest(tree):
        raise NeedsPytest(f"{target} imports pytest, which Python does not find here: name the folder that has it with --site, a virtual environment or its site-packages folder")
    if has_pytest and not os.path.basename(target).startswith("hammer_"):
        # Only now: importing pytest takes its time.
        import weft_stress_pytest

        module, found = weft_stress_pytest.collect(target)
        return [*found, *(hammer_cases(module) if module else [])]
    return list(cases_of(load(target)))


def collect(target, modules=None):
    """Loads a file; returns its tests and what keeps any from running, as JSON."""
    output = io.StringIO()
    found = []
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            for case in cases_in(target, modules):
                cases[target, case.name] = case
                found.append({"name": case.name, "skip": case.skip, "threads": case.threads, "iterations": case.iterations})
    except BaseException as error:
        return json.dumps({"error": described(error), "tests": []})
    return json.dumps({"error": None, "tests": found})
