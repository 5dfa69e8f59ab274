"""Runs one of CPython's own test files and reports every test as it happens.

    python -m driver request.json

The request names the file, what to leave out and where to report. The report is a file of
JSON lines: one that is appended to while the tests run still says which test was running
when the process hangs or dies, which a summary at the end could not.

The running itself is regrtest's, with its resources, its clean-up between a file's
tests and its checks of the environment; only its result class is extended.
"""

import json
import os
import re
import sys
import time

# A failure's text, at most: a comparison of two large values can fill a disk.
DETAIL_LIMIT = 6000


class Report:
    """Appends events to the report file.

    Every event is one write() to a descriptor in append mode, so that lines stay whole even
    where a test makes another thread report.
    """

    def __init__(self, path):
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)

    def emit(self, event, **fields):
        line = json.dumps({"event": event, **fields}, ensure_ascii=True) + "\n"
        data = line.encode("ascii")
        while data:
            data = data[os.write(self._fd, data):]


def shorten(text):
    if len(text) <= DETAIL_LIMIT:
        return text
    half = DETAIL_LIMIT // 2
    return f"{text[:half]}\n... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"


def identity(test):
    """The id of a test, also of one of its subtests.

    Asked of the class: test__interpreters, for one, has an attribute of this name.
    """
    test = without_subtest(test)
    return type(test).id(test)


def without_subtest(test):
    import unittest.case

    return test.test_case if isinstance(test, unittest.case._SubTest) else test


def install_result_class(report):
    """Makes regrtest's result class report to us as well."""
    from test.libregrtest import testresult

    class ReportingResult(testresult.RegressionTestResult):
        def startTest(self, test):
            report.emit("start", id=identity(test))
            self.__started = time.perf_counter()
            super().startTest(test)

        def stopTest(self, test):
            super().stopTest(test)
            report.emit("stop", id=identity(test),
                        seconds=round(time.perf_counter() - self.__started, 4))

        def addSuccess(self, test):
            report.emit("outcome", id=identity(test), outcome="passed")
            super().addSuccess(test)

        def addExpectedFailure(self, test, err):
            # The test says itself that it fails: that is its way to pass.
            report.emit("outcome", id=identity(test), outcome="passed")
            super().addExpectedFailure(test, err)

        def addUnexpectedSuccess(self, test):
            report.emit("outcome", id=identity(test), outcome="failed",
                        detail="succeeded, but is marked with expectedFailure")
            super().addUnexpectedSuccess(test)

        def addSkip(self, test, reason):
            report.emit("outcome", id=identity(test), outcome="skipped", detail=str(reason))
            super().addSkip(test, reason)

        def addFailure(self, test, err):
            self.__failed(test, err)
            super().addFailure(test, err)

        def addError(self, test, err):
            self.__failed(test, err)
            super().addError(test, err)

        def addSubTest(self, test, subtest, err):
            if err is not None:
                self.__failed(test, err, f"{subtest._subDescription()}\n")
            super().addSubTest(test, subtest, err)

        def __failed(self, test, err, prefix=""):
            text = prefix + self._exc_info_to_string(err, without_subtest(test))
            report.emit("outcome", id=identity(test), outcome="failed", detail=shorten(text))

    testresult.RegressionTestResult = ReportingResult


def install_filter(report, ignored, matched):
    """Leaves tests out by patterns over their full ids, and reports which."""
    from test.libregrtest import single

    def compile_patterns(patterns):
        # Only `*` is special: ids of doctests contain the other characters of globs.
        texts = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
        return re.compile("|".join(texts), re.DOTALL).fullmatch if patterns else None

    is_ignored = compile_patterns(ignored)
    is_matched = compile_patterns(matched)

    def match_test(test):
        name = identity(test)
        if is_ignored and is_ignored(name):
            report.emit("excluded", id=name)
            return False
        return not is_matched or bool(is_matched(name))

    single.match_test = match_test


def install_file_reasons(report):
    """Reports why a whole file was skipped or could not run."""
    import traceback
    import unittest
    from test import support
    from test.libregrtest import single

    load_and_run = single._load_run_test

    def reporting(result, runtests):
        try:
            load_and_run(result, runtests)
        except unittest.SkipTest as skip:
            report.emit("file-skipped", reason=str(skip))
            raise
        except (support.TestFailed, support.TestDidNotRun, KeyboardInterrupt):
            raise
        except BaseException:
            report.emit("file-error", detail=shorten(traceback.format_exc()))
            raise

    single._load_run_test = reporting


# More than any number of threads, less than any number of bytes that a test finds large.
MOST_THREADS = 1000


def allow_many_threads():
    """Runs the tests that start many threads without asking for memory first.

    They state up to 100 MB for each thread, which is a native stack's address space; ours
    take what they use. The same decorator guards tests with gigabytes of data: those stay
    with regrtest's rule.
    """
    import functools
    from test import support

    guard = support.bigmemtest

    def bigmemtest(size, memuse, dry_run=True):
        if dry_run or size > MOST_THREADS:
            return guard(size, memuse, dry_run)

        def decorate(function):
            @functools.wraps(function)
            def test(self):
                return function(self, size)
            return test
        return decorate

    support.bigmemtest = bigmemtest


def run(request, report):
    from test.libregrtest.runtests import RunTests
    from test.libregrtest.setup import setup_process
    from test.libregrtest.single import run_single_test
    from test.libregrtest.utils import exit_timeout, get_temp_dir, get_work_dir
    from test.support import os_helper

    install_result_class(report)
    install_filter(report, request["ignore"], request["match"])
    install_file_reasons(report)
    allow_many_threads()
    runtests = RunTests(
        tests=(request["name"],), fail_fast=False, fail_env_changed=False,
        match_tests=[], match_tests_dict=None, rerun=False, forever=False,
        pgo=False, pgo_extended=False, output_on_failure=False,
        timeout=request["timeout"], verbose=0, quiet=True, hunt_refleak=None,
        test_dir=None, use_junit=False, coverage=False, memory_limit=None,
        gc_threshold=None, use_resources=tuple(request["resources"]),
        python_cmd=None, randomize=False, random_seed=request["seed"])
    with exit_timeout():
        work_dir = get_work_dir(get_temp_dir(), worker=True)
        with os_helper.temp_cwd(work_dir, quiet=True):
            setup_process()
            result = run_single_test(request["name"], runtests)
            sys.stdout.flush()
            report.emit("end", state=result.state, seconds=round(result.duration, 3))
            sys.exit(0)


def list_files(report):
    from test.libregrtest.findtests import findtests

    report.emit("names", names=findtests())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    report = Report(os.path.abspath(request["report"]))
    # The tests must not find what is in this folder.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]
    del sys.argv[1:]
    if request["name"] is None:
        list_files(report)
    else:
        run(request, report)


if __name__ == "__main__":
    main()
