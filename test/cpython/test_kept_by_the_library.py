"""gh-117783: enumerations' members and loggers counted the references of all threads.

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


EARLY = logging.getLogger("test.kept.early")


_first = threading.Thread(target=int)
_first.start()
_first.join()


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

    def test_used_by_threads_while_they_are_made(self):
        gate = threading.Barrier(4)
        raised = []

        def work():
            try:
                gate.wait()
                for i in range(100):
                    Local = enum.Enum(f"Local{i}", "A B")
                    self.assertIs(Local["A"], Local.A)
                    logging.getLogger(f"test.threads.{i}").debug("%s", Local.A)
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(raised, [])


if __name__ == "__main__":
    unittest.main()
