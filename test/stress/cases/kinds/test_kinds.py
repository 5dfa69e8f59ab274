import unittest
import warnings


class Mark:
    def __init__(self, name):
        self.name = name
        self.args = ()


def test_function():
    for _ in range(200):
        assert sum(range(1000)) == 499500


def test_needs_fixture(tmp_path):
    raise AssertionError("is not run")


def test_marked():
    raise AssertionError("is not run")


test_marked.pytestmark = [Mark("thread_unsafe")]


class TestClass:
    def setup_method(self):
        self.values = [1, 2, 3]

    def test_method(self):
        for _ in range(100):
            assert self.values == [1, 2, 3]


class Suite(unittest.TestCase):
    def setUp(self):
        self.value = 1

    def test_passes(self):
        for _ in range(100):
            self.assertEqual(self.value, 1)

    def test_fails_always(self):
        self.assertEqual(self.value, 2)

    def test_skips_itself(self):
        self.skipTest("for a reason")

    def test_warning_as_error(self):
        # An exception that is a Warning is a failure like any other.
        raise UserWarning("raised")
