"""Shows values to whoever loaded Weft, from any thread: pictures, tables, HTML."""

import base64
import itertools

import weft

_numbers = itertools.count(1)


def receiver():
    """The host's function that takes what is shown, or None."""
    try:
        return weft._services.display
    except (AttributeError, RuntimeError):
        return None


def send(message):
    """Gives the host a message, in order with what this thread writes. Without a host that shows anything, False."""
    import sys

    try:
        sys.stdout.flush()
    except Exception:
        # Closed, or replaced by what cannot be flushed.
        pass
    receive = receiver()
    if receive is None:
        return False
    receive(message)
    return True


class HTML:
    """Text of a page."""

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
        send({"canvas": self._id, "row": y, "pixels": bytes(pixels)})


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
    if isinstance(value, (bytes, bytearray)) and value.startswith(b"\x89PNG\r\n\x1a\n"):
        return {"type": "png", "text": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict) or (isinstance(value, (list, tuple)) and value and all(isinstance(row, dict) for row in value)):
        return {"type": "table", **_table(value)}
    return {"type": "text", "text": value if isinstance(value, str) else repr(value)}


class Display:
    """What has been shown; `update` puts another value in its place."""

    def __init__(self):
        self._id = f"display-{next(_numbers)}"

    def update(self, value):
        if not send({"display": self._id, "content": _content(value)}):
            print(value)


def display(value):
    """Shows a value where Weft was loaded: SVG, PNG, HTML, Canvas, a dict or a list of dicts as a table, others as text.

    Objects may have `_repr_svg_`, `_repr_png_` or `_repr_html_`. Returns a handle with `update(value)`. Where the host has
    no place to show anything, the value is printed.
    """
    shown = Display()
    shown.update(value)
    return shown
