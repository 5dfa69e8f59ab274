"""Shows values in the page, from any thread: pictures, tables, HTML."""

import base64
import itertools
import json
import os

_numbers = itertools.count(1)
# Below what one write hands on as a whole, so that no other thread's output comes between.
_PART = 32 * 1024


def send(message):
    """A message to the page, in order with what this thread writes: an escape sequence that terminals ignore."""
    data = json.dumps(message)
    number = next(_numbers)
    import sys

    try:
        sys.stdout.flush()
    except Exception:
        # Closed, or replaced by what cannot be flushed.
        pass
    for begin in range(0, len(data), _PART):
        last = int(begin + _PART >= len(data))
        os.write(1, f"\x1b]7373;{number};{last};{data[begin:begin + _PART]}\x07".encode("ascii"))


class HTML:
    """Text of a page; it is shown in a frame without scripts."""

    def __init__(self, text):
        self.text = text

    def _repr_html_(self):
        return self.text


class SVG:
    """A drawing."""

    def __init__(self, text):
        self.text = text

    def _repr_svg_(self):
        return self.text


class PNG:
    """A picture's bytes."""

    def __init__(self, data):
        self.data = bytes(data)

    def _repr_png_(self):
        return self.data


class Canvas:
    """A picture that threads fill row by row while it is shown.

    >>> canvas = Canvas(320, 200)
    >>> display(canvas)
    >>> canvas.row(0, bytes([255, 0, 0]) * 320)     # red, green, blue of each pixel
    """

    def __init__(self, width, height):
        if not (0 < width <= 8192 and 0 < height <= 8192):
            raise ValueError(f"a canvas has 1 to 8192 pixels a side, not {width} x {height}")
        self.width = width
        self.height = height
        self._id = f"canvas-{next(_numbers)}"

    def row(self, y, pixels):
        """Draws row `y`, from any thread."""
        if len(pixels) != 3 * self.width:
            raise ValueError(f"a row has 3 * {self.width} bytes, not {len(pixels)}")
        if not 0 <= y < self.height:
            raise IndexError(f"row {y} of a canvas of {self.height}")
        send({"canvas": self._id, "row": y, "pixels": base64.b64encode(pixels).decode("ascii")})


def _table(value):
    if isinstance(value, dict):
        if value and all(isinstance(column, (list, tuple)) for column in value.values()):
            rows = list(itertools.zip_longest(*value.values(), fillvalue=""))
            return {"columns": [str(name) for name in value], "rows": [[str(cell) for cell in row] for row in rows]}
        return {"columns": ["key", "value"], "rows": [[str(key), str(item)] for key, item in value.items()]}
    names = list(dict.fromkeys(str(name) for row in value for name in row))
    return {"columns": names, "rows": [[str(row.get(name, "")) for name in names] for row in value]}


def _content(value):
    if isinstance(value, Canvas):
        return {"type": "canvas", "canvas": value._id, "width": value.width, "height": value.height}
    for method, kind in (("_repr_svg_", "svg"), ("_repr_png_", "png"), ("_repr_html_", "html")):
        found = getattr(value, method, None)
        text = found() if found is not None else None
        if text is not None:
            if isinstance(text, (bytes, bytearray)):
                text = base64.b64encode(text).decode("ascii")
            return {"type": kind, "text": text}
    if isinstance(value, dict) or (isinstance(value, (list, tuple)) and value and all(isinstance(row, dict) for row in value)):
        return {"type": "table", **_table(value)}
    return {"type": "text", "text": value if isinstance(value, str) else repr(value)}


class Display:
    """What has been shown; `update` puts another value in its place."""

    def __init__(self):
        self._id = f"display-{next(_numbers)}"

    def update(self, value):
        send({"display": self._id, "content": _content(value)})


def display(value):
    """Shows a value in the page: SVG, PNG, HTML, Canvas, a dict or a list of dicts as a table, others as text.

    Objects may have `_repr_svg_`, `_repr_png_` or `_repr_html_`. Returns a handle with `update(value)`.
    """
    shown = Display()
    shown.update(value)
    return shown


def _publish():
    """`from weft import display`, whether Python has a module of that name of its own or not."""
    import sys
    import types

    try:
        import weft
    except ImportError:
        weft = sys.modules["weft"] = types.ModuleType("weft", "What Weft adds to Python.")
    for value in (display, Canvas, HTML, SVG, PNG):
        setattr(weft, value.__name__, value)


_publish()
