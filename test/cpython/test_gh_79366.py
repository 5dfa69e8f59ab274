"""gh-79366: removing a logging handler made another one miss a record.

Without the patch it fails always.
"""

import faulthandler
import logging
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class Handler(logging.Handler):
    def __init__(self, action=None):
        super().__init__()
        self.action = action
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())
        if self.action is not None:
            self.action()


class RemoveWhileHandling(unittest.TestCase):
    def test_next_handler_gets_the_record(self):
        logger = logging.Logger("test")
        first = Handler(lambda: logger.removeHandler(first))
        second = Handler()
        logger.addHandler(first)
        logger.addHandler(second)
        logger.error("one")
        logger.error("two")
        self.assertEqual(first.messages, ["one"])
        self.assertEqual(second.messages, ["one", "two"])

    def test_added_handler_gets_the_next_record(self):
        logger = logging.Logger("test")
        second = Handler()
        first = Handler(lambda: logger.addHandler(second))
        logger.addHandler(first)
        logger.error("one")
        logger.error("two")
        self.assertEqual(second.messages, ["two"])


if __name__ == "__main__":
    unittest.main()
