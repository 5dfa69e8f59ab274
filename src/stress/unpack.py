"""Writes the files that a page was given into its memory."""

import json
import os


def unpack(data):
    view = memoryview(data)
    at = 4 + int.from_bytes(view[:4], "little")
    for path, size in json.loads(bytes(view[4:at])):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(view[at : at + size])
        at += size
