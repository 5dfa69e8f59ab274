"""gh-135878: SimpleNamespace's repr() used values that another thread had freed.

Without the patch it crashed or failed in 5 of 5 runs.
"""

import faulthandler
import threading
import time
import types
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class Value:
    """Its repr() takes a moment and uses the object at the end."""

    def __init__(self):
        self.text = "v" * 10

    def __repr__(self):
        for _ in range(20):
            pass
        return self.text


class NamespaceRepr(unittest.TestCase):
    def test_repr_while_attributes_change(self):
        namespace = types.SimpleNamespace()
        deadline = time.monotonic() + 4
        errors = []

        def change():
            try:
                while time.monotonic() < deadline:
                    for name in ("a", "b", "c"):
                        setattr(namespace, name, Value())
                    for name in ("a", "b", "c"):
                        try:
                            delattr(namespace, name)
                        except AttributeError:
                            pass  # another thread was faster
            except Exception as error:
                errors.append(error)

        def show():
            try:
                while time.monotonic() < deadline:
                    self.assertTrue(repr(namespace).startswith("namespace("))
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=target)
                   for target in (change, change, show, show, show)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
