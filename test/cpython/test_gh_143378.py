"""gh-143378: BytesIO.write() used memory that the argument's __buffer__() had freed.

Without the patch it crashes always.
"""

import faulthandler
import io
import unittest

faulthandler.dump_traceback_later(60, exit=True)


class Data:
    def __init__(self, action):
        self.action = action

    def __buffer__(self, flags):
        self.action()
        return memoryview(b"x" * 5000)


class BufferHasSideEffects(unittest.TestCase):
    def writers(self, stream):
        return (stream.write, lambda data: stream.writelines([data]))

    def test_close(self):
        for i in range(2):
            stream = io.BytesIO(b"0" * 100)
            with self.assertRaisesRegex(ValueError, "closed"):
                self.writers(stream)[i](Data(stream.close))
            self.assertTrue(stream.closed)

    def test_export(self):
        for i in range(2):
            stream = io.BytesIO(b"0" * 100)
            views = []
            with self.assertRaises(BufferError):
                self.writers(stream)[i](Data(lambda: views.append(stream.getbuffer())))
            self.assertEqual(bytes(views[0]), b"0" * 100)
            views[0].release()
            self.assertEqual(stream.getvalue(), b"0" * 100)

    def test_no_side_effects(self):
        for i in range(2):
            stream = io.BytesIO()
            self.writers(stream)[i](Data(lambda: None))
            self.assertEqual(stream.getvalue(), b"x" * 5000)


if __name__ == "__main__":
    unittest.main()
