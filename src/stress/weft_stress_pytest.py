"""Tests as pytest collects them: its parametrization, marks, conftest files and fixtures, run on several threads.

Each thread has a copy of the test's item, with function-scoped fixtures and an instance of the test class of its own. What
has a wider scope is set up once and shared. Threads set up and tear down one after the other, as pytest's machinery is made
for one thread; only the tests run at the same time.
"""

import copy
import os
import threading
import unittest

import _pytest
import pluggy
import pytest
from _pytest import tmpdir
from _pytest.config import _prepareconfig
from _pytest.fixtures import FixtureDef, FixtureLookupError
from _pytest.main import Session
from _pytest.outcomes import OutcomeException
from _pytest.runner import SetupState
from _pytest.scope import Scope
from _pytest.skipping import evaluate_xfail_marks

import weft_stress
from weft_stress import Case, Prepared
from weft_stress_collect import marked, options

ARGUMENTS = ["-s", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-o", "addopts=", "-o", "tmp_path_retention_policy=failed"]
MARKERS = [
    "thread_unsafe(reason=None): is not run on several threads",
    "parallel_threads_limit(n): runs on no more threads than these",
    "iterations(n): how often it is run",
]
# Fixtures that change what all threads share.
UNSAFE_FIXTURES = {"capsys", "capsysbinary", "capfd", "capfdbinary", "caplog", "monkeypatch", "pytester", "recwarn", "testdir"}
# What does so when it is called: warnings' filters belong to all threads in CPython 3.13.
UNSAFE_NAMES = {"catch_warnings", "deprecated_call", "warns"}

weft_stress.machinery += [os.path.dirname(module.__file__) + "/" for module in (_pytest, pluggy)]


class PerThread:
    """An attribute of fixtures that is each thread's own where the fixture is function-scoped."""

    def __init__(self, make):
        self.make = make
        self.local = threading.local()

    def __set_name__(self, owner, name):
        self.name = name

    def values(self, fixture):
        return vars(self.local) if fixture._scope is Scope.Function else vars(fixture)

    def key(self, fixture):
        return f"{self.name} {id(fixture)}" if fixture._scope is Scope.Function else self.name

    def __get__(self, fixture, owner=None):
        if fixture is None:
            return self
        return self.values(fixture).setdefault(self.key(fixture), self.make())

    def __set__(self, fixture, value):
        self.values(fixture)[self.key(fixture)] = value


for name, make in (("cached_result", lambda: None), ("_finalizers", list)):
    attribute = PerThread(make)
    attribute.__set_name__(FixtureDef, name)
    setattr(FixtureDef, name, attribute)


class ThreadSetupState(SetupState):
    """What is set up: the collectors once for all threads, items for each thread. Entries of collectors are shared, so a
    module's fixture that one thread sets up is torn down with the module."""

    def __init__(self):
        self.local = threading.local()
        self.collectors = {}

    @property
    def stack(self):
        return getattr(self.local, "stack", self.collectors)

    def enter(self, item):
        self.local.stack = {node: self.collectors[node] for node in item.parent.listchain()}

    def leave(self):
        del self.local.stack

    def activate(self, parents):
        """Sets up the collectors of these tests, and tears down those that none of them needs."""
        chains = [parent.listchain() for parent in parents]
        needed = {node for chain in chains for node in chain}
        errors = []
        for node in reversed([*self.collectors]):
            if node not in needed:
                finalizers, _ = self.collectors.pop(node)
                while finalizers:
                    try:
                        finalizers.pop()()
                    except Exception as error:
                        errors.append(error)
        if errors:
            raise ExceptionGroup("the module of an earlier test could not be torn down", errors)
        for chain in chains:
            for node in chain:
                if node not in self.collectors:
                    self.collectors[node] = ([node.teardown], None)
                    try:
                        node.setup()
                    except (Exception, OutcomeException) as error:
                        self.collectors[node] = (self.collectors[node][0], (error, error.__traceback__))
                if self.collectors[node][1]:
                    raise self.collectors[node][1][0]


class CollectionFailed(Exception):
    pass


class Reports:
    """A plugin that keeps what could not be collected."""

    def __init__(self):
        self.bad = []

    def pytest_collectreport(self, report):
        if not report.passed:
            self.bad.append(report)


session = None
reports = Reports()


def start(path):
    global session
    os.environ.setdefault("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    config = _prepareconfig([path, *ARGUMENTS, *options["pytest_args"]], plugins=[reports])
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    config._do_configure()
    starting = Session.from_config(config)
    config.hook.pytest_sessionstart(session=starting)
    starting._setupstate = ThreadSetupState()
    session = starting


def outcomes_as_unittest(call, *values):
    """Skips and expected failures as the runner knows them."""
    try:
        return call(*values)
    except (pytest.skip.Exception, pytest.xfail.Exception) as outcome:
        raise unittest.SkipTest(str(outcome)) from None


def clone(item):
    """The item with nothing set up."""
    new = copy.copy(item)
    new.own_markers = list(item.own_markers)
    new.stash = type(item.stash)()
    new.stash._storage.update(item.stash._storage)
    # What pytest's reports say of the test, none yet: tmp_path asks when it is torn down.
    new.stash[tmpdir.tmppath_result_key] = {}
    for name in ("_instance", "_obj"):
        if isinstance(item.parent, pytest.Class):
            vars(new).pop(name, None)
    new._initrequest()
    return new


def set_up(item):
    session._setupstate.enter(item)
    try:
        outcomes_as_unittest(lambda: item.ihook.pytest_runtest_setup(item=item))
    except FixtureLookupError as error:
        raise CollectionFailed(str(error.formatrepr())) from None


def tear_down(item):
    try:
        item.ihook.pytest_runtest_teardown(item=item, nextitem=item.parent)
    finally:
        session._setupstate.leave()


def call(item):
    try:
        outcomes_as_unittest(item.runtest)
        # What a unittest.TestCase reported.
        for caught in getattr(item, "_excinfo", None) or ():
            outcomes_as_unittest(raise_, caught.value)
    except Exception as error:
        expected = None if isinstance(error, unittest.SkipTest) else evaluate_xfail_marks(item)
        if expected and (expected.raises is None or isinstance(error, expected.raises)):
            raise unittest.SkipTest(f"fails as expected: {expected.reason}") from None
        raise


def raise_(error):
    raise error


def prepare(item, run):
    session._setupstate.activate([case.item.parent for case in run.cases if hasattr(case, "item")])
    if run.shared:
        only = clone(item)
        try:
            set_up(only)
        except BaseException:
            tear_down(only)
            raise
        return Prepared(lambda index: call(only), end=lambda: tear_down(only))
    own = {}

    def enter(index):
        own[index] = clone(item)
        set_up(own[index])

    return Prepared(lambda index: call(own[index]), enter, lambda index: tear_down(own[index]))


def names_in(code):
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from names_in(constant)


def unsafe_reason(item):
    """Why the test cannot run on several threads whatever it tests."""
    fixtures = UNSAFE_FIXTURES.intersection(item.fixturenames)
    if fixtures:
        return f"uses {', '.join(sorted(fixtures))}, which changes what all threads share"
    if getattr(item.obj, "is_hypothesis_test", False):
        return "is a test of hypothesis, whose examples are made for one thread"
    code = getattr(item.obj, "__code__", None)
    names = UNSAFE_NAMES.intersection(names_in(code)) if code else ()
    if names:
        return f"uses {', '.join(sorted(names))}: the filters of warnings belong to all threads"
    return None


def case_of(item, name):
    if not isinstance(item, pytest.Function):
        return Case(name, None, skip=f"is a {type(item).__name__}, which this runner does not run")
    case = Case(name, lambda run: prepare(item, run))
    case.item = item
    case = marked(case, {mark.name: mark for mark in reversed(list(item.iter_markers()))})
    if case.skip is None and not options["run_unsafe"]:
        case.skip = unsafe_reason(item)
    return case


def collect(path):
    """The module and the cases of a file."""
    if session is None:
        start(path)
    reports.bad.clear()
    items = session.perform_collect([path], genitems=True)
    failed = [report for report in reports.bad if report.failed]
    if failed:
        raise CollectionFailed("\n".join(report.longreprtext for report in failed))
    skipped = [Case("(module)", None, skip=str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix("Skipped: ")) for report in reports.bad]
    modules = {module: None for module in (item.getparent(pytest.Module) for item in items) if module}
    prefix = {module: len(module.nodeid) + 2 for module in modules}
    found = [case_of(item, item.nodeid[prefix.get(item.getparent(pytest.Module), 0) :]) for item in items]
    return next((module.obj for module in modules), None), [*found, *skipped]
