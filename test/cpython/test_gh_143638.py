"""gh-143638: re-entrant calls of a Pickler or Unpickler freed what was in use.

Without the patch it crashes always.
"""

import faulthandler
import io
import pickle
import threading
import time
import unittest

faulthandler.dump_traceback_later(120, exit=True)


class Reentrant(unittest.TestCase):
    def test_pickler(self):
        actions = (
            lambda pickler, file: pickler.dump("other"),
            lambda pickler, file: pickler.clear_memo(),
            lambda pickler, file: pickle.Pickler.__init__(pickler, file),
        )
        for action in actions:
            class Pickler(pickle.Pickler):
                def persistent_id(self, obj):
                    if obj == "trigger":
                        action(self, file)

            file = io.BytesIO()
            pickler = Pickler(file)
            with self.assertRaisesRegex(RuntimeError, "in use already"):
                pickler.dump(["trigger"])
            pickler.dump("works again")

    def test_unpickler(self):
        class Pickler(pickle.Pickler):
            def persistent_id(self, obj):
                return 1 if obj == "trigger" else None

        file = io.BytesIO()
        Pickler(file).dump(["x" * 100, "trigger", "y"])
        data = file.getvalue()
        actions = (
            lambda unpickler: unpickler.load(),
            lambda unpickler: pickle.Unpickler.__init__(unpickler, io.BytesIO(data)),
        )
        for action in actions:
            class Unpickler(pickle.Unpickler):
                def persistent_load(self, pid):
                    action(self)

            with self.assertRaisesRegex(RuntimeError, "in use already"):
                Unpickler(io.BytesIO(data)).load()

    def test_find_class_is_meant_to_be_called(self):
        class Unpickler(pickle.Unpickler):
            def find_class(self, module, name):
                return super().find_class(module, name)

        data = pickle.dumps(io.BytesIO)
        self.assertIs(Unpickler(io.BytesIO(data)).load(), io.BytesIO)

    def test_threads(self):
        file = io.BytesIO()
        pickler = pickle.Pickler(file)
        deadline = time.monotonic() + 3
        errors = []

        def work():
            while time.monotonic() < deadline:
                try:
                    pickler.dump([["a", 1, 2.0, (b"b",)]] * 5)
                    pickler.clear_memo()
                    if file.tell() > 1 << 24:
                        file.seek(0)
                except RuntimeError:
                    pass
                except BaseException as error:
                    errors.append(error)
                    break

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
