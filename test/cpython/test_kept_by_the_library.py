"""gh-117783: enumerations' members, loggers and patterns of modules counted the references of all threads.

Each is used by threads at once and lives as long as the program. What may go before must still go.
"""

import enum
import faulthandler
import gc
import logging
import re
import sys
import threading
import unittest
import weakref

faulthandler.dump_traceback_later(60, exit=True)

IMMORTAL = sys.getrefcount(None)


class Color(enum.Enum):
    RED = 1
    GREEN = "green"
    ALSO_RED = 1


class Number(enum.IntEnum):
    ONE = 1


class Flags(enum.Flag):
    A = enum.auto()
    B = enum.auto()


BEFORE = re.compile("before the first thread")
EARLY = logging.getLogger("test.kept.early")


class Holder:
    pattern = re.compile("of a class")


def local(text):
    return re.compile(text)


_first = threading.Thread(target=int)
_first.start()
_first.join()
AFTER = re.compile("after the first thread")


def immortal(value):
    return sys.getrefcount(value) == IMMORTAL


class KeptTests(unittest.TestCase):
    def test_members(self):
        Late = enum.Enum("Late", "A B")
        for member in Color.RED, Color.GREEN, Number.ONE, Flags.A, Late.A, Flags.A | Flags.B, ~Flags.A, re.I:
            self.assertTrue(immortal(member), member)
        self.assertIs(Color.ALSO_RED, Color.RED)
        self.assertIs(Color("green"), Color.GREEN)
        self.assertIs(Flags.A | Flags.B, Flags(3))
        self.assertEqual([*Color], [Color.RED, Color.GREEN])

    def test_loggers(self):
        logger = logging.getLogger("test.kept")
        for one in EARLY, logger, logging.getLogger("test"), logging.root, logging.Logger.manager:
            self.assertTrue(immortal(one), one)
        self.assertIs(logging.getLogger("test.kept"), logger)
        self.assertIs(logger.parent, logging.getLogger("test"))
        own = logging.Logger("own")
        self.assertFalse(immortal(own))
        gone = weakref.ref(own)
        del own
        gc.collect()
        self.assertIsNone(gone())

    def test_patterns_of_modules(self):
        for pattern in BEFORE, AFTER, Holder.pattern:
            self.assertTrue(immortal(pattern), pattern)
            self.assertTrue(pattern.match(pattern.pattern))
        names = {}
        exec("import re\nfound = re.compile('of a program')", names)
        self.assertTrue(immortal(names["found"]))

    def test_patterns_of_functions(self):
        patterns = [local("of a function"), re.compile("of a test"), *map(re.compile, ["of a call in C"])]
        gone = []
        re.purge()
        while patterns:
            pattern = patterns.pop()
            self.assertFalse(immortal(pattern), pattern)
            gone.append(weakref.ref(pattern))
        del pattern
        self.assertEqual([one() for one in gone], [None] * 3)

    def test_pattern_that_a_function_made_first(self):
        # It may have references that are counted.
        pattern = local("made by both")
        names = {}
        exec("import re\nfound = re.compile('made by both')", names)
        self.assertIs(names["found"], pattern)
        self.assertTrue(pattern.match("made by both"))

    def test_of_another_thread(self):
        made = []
        thread = threading.Thread(target=lambda: made.append(local("of another thread")))
        thread.start()
        thread.join()
        names = {}
        exec("import re\nfound = re.compile('of another thread')", names)
        self.assertIs(names["found"], made[0])
        gone = weakref.ref(made.pop())
        del names
        re.purge()
        gc.collect()
        self.assertIsNone(gone())

    def test_used_by_threads_while_they_are_made(self):
        gate = threading.Barrier(4)
        raised = []

        def work(number):
            try:
                gate.wait()
                for i in range(100):
                    Local = enum.Enum(f"Local{i}", "A B")
                    self.assertIs(Local["A"], Local.A)
                    logging.getLogger(f"test.threads.{i}").debug("%s", Local.A)
                    names = {}
                    exec(f"import re\nfound = re.compile('threads {i}')", names)
                    self.assertTrue(names["found"].fullmatch(f"threads {i}"))
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(raised, [])


if __name__ == "__main__":
    unittest.main()
