import threading
import time
import unittest

import counted
import pytest


@pytest.mark.parametrize("small, large", [(1, 2), (3, 4)])
def test_parametrized(small, large):
    for _ in range(300):
        assert small < large


def test_function_scope(own):
    assert own["thread"] == threading.get_ident()
    file = own["path"] / "file"
    file.write_text(str(own["thread"]))
    for _ in range(30):
        assert file.read_text() == str(own["thread"])


def test_module_scope(shared):
    for _ in range(100):
        assert shared == [1]


def test_dynamic(request):
    assert request.getfixturevalue("own")["thread"] == threading.get_ident()
    time.sleep(0.01)


class TestClass:
    @pytest.fixture(autouse=True)
    def prepared(self):
        self.thread = threading.get_ident()

    def setup_method(self):
        self.calls = 0

    def test_own_instance(self):
        self.calls += 1
        for _ in range(300):
            assert self.calls == 1 and self.thread == threading.get_ident()


class TestCounting:
    def setup_method(self):
        self.calls = 0

    def test_once(self):
        self.calls += 1
        for _ in range(300):
            assert self.calls == 1


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.prepared = True

    def setUp(self):
        self.count = 0

    def test_own_instance(self):
        for _ in range(300):
            self.count += 1
        self.assertTrue(self.prepared)
        self.assertEqual(self.count, 300)

    def test_fails(self):
        self.assertEqual(1, 2)

    @unittest.skip("not today")
    def test_skipped(self):
        pass


@pytest.mark.slow
def test_skipped_by_conftest():
    pass


@pytest.mark.skipif(True, reason="for a reason")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known")
def test_expected_failure():
    assert False


@pytest.mark.thread_unsafe(reason="has a global")
def test_unsafe():
    pass


@pytest.mark.parallel_threads_limit(2)
@pytest.mark.iterations(3)
def test_limited():
    time.sleep(0.01)


def test_capsys(capsys):
    pass


def test_warns():
    with pytest.warns(UserWarning):
        pass


def test_race():
    assert counted.count(300) == 300


def test_unknown_fixture(nowhere):
    pass


def test_skips_itself():
    pytest.skip("inside")
