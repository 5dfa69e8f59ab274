"""Line, bar and scatter charts and histograms as SVG, from any thread.

>>> from weft import plot
>>> plot.line([0, 1, 2], [3, 1, 2], title="Three points", x_label="time", y_label="value")
>>> plot.line(range(3), {"one": [3, 1, 2], "two": [1, 2, 4]})
>>> plot.bar(["a", "b"], [3, 5]).save("bars.svg")
"""

import datetime
import json
import math
import numbers

import weft
from weft._display import display, receiver

__all__ = ["line", "bar", "scatter", "histogram", "Plot"]


class Plot:
    """A finished chart: `svg` is its text."""

    def __init__(self, svg):
        self.svg = svg

    def _repr_svg_(self):
        return self.svg

    def __repr__(self):
        return f"<weft.plot.Plot, {len(self.svg)} characters of SVG>"

    def save(self, path):
        """Writes the SVG to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg)


def _number(value):
    """A number as JSON has it; what is not finite is a gap."""
    if value is None:
        return None
    if not isinstance(value, numbers.Real):
        raise TypeError(f"a chart shows numbers, not {value!r}")
    value = int(value) if isinstance(value, numbers.Integral) else float(value)
    # JavaScript's numbers end there.
    return value if abs(value) <= 1.7e308 else None


def _milliseconds(value):
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    # A time without a zone is shown as it is written.
    zone = value if value.tzinfo else value.replace(tzinfo=datetime.UTC)
    return zone.timestamp() * 1000


def _positions(values):
    """Where points are on the horizontal axis, and what kind of axis that is."""
    values = list(values)
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, datetime.date) for value in known):
        return "time", [None if value is None else _milliseconds(value) for value in values]
    if any(isinstance(value, str) for value in known):
        return "category", ["" if value is None else str(value) for value in values]
    return "value", [_number(value) for value in values]


def _series(values, label):
    """Pairs of a name and numbers."""
    if isinstance(values, dict):
        return [(str(name), [_number(value) for value in column]) for name, column in values.items()]
    return [(label or "", [_number(value) for value in values])]


def _range(values):
    known = [value for value in values if value is not None]
    return f"{len(known)} values from {min(known):.6g} to {max(known):.6g}" if known else "no values"


def _draw(kind, series, *, title, x_label, y_label, description, width, height, show, x_kind="value", categories=None):
    if not series:
        raise ValueError("there is nothing to draw: no series was given")
    for name, value in (("width", width), ("height", height)):
        if not 50 <= value <= 10_000:
            raise ValueError(f"{name} is 50 to 10000 pixels, not {value}")
    if description is None:
        parts = "; ".join(f"{name + ': ' if name else ''}{_range(shown)}" for name, _, shown in series)
        axes = "".join(f", {axis}: {label}" for axis, label in (("horizontally", x_label), ("vertically", y_label)) if label)
        description = f"{kind.capitalize()}{axes}. {parts}."
    spec = {
        "kind": kind, "title": title or "", "description": description, "xLabel": x_label or "", "yLabel": y_label or "", "width": width,
        "height": height, "xKind": x_kind, "categories": categories, "series": [{"name": name, "data": data} for name, data, _ in series],
    }
    try:
        render = weft._services.plot
    except (AttributeError, RuntimeError) as error:
        raise RuntimeError("charts are drawn by the host that loadWeft() runs in, and here is none") from error
    made = Plot(render(json.dumps(spec)).wait())
    if show or (show is None and receiver() is not None):
        display(made)
    return made


def _xy(kind, arguments, x, label, options):
    if len(arguments) == 2:
        x, y = arguments
    elif len(arguments) == 1:
        (y,) = arguments
    else:
        raise TypeError(f"{kind} takes y, or x and y, not {len(arguments)} values")
    columns = _series(y, label)
    longest = max((len(column) for _, column in columns), default=0)
    x_kind, positions = _positions(range(longest) if x is None else x)
    for name, column in columns:
        if len(column) != len(positions):
            raise ValueError(f"x has {len(positions)} values, and {name or 'y'} has {len(column)}")
    if x_kind == "category":
        series = [(name, column, column) for name, column in columns]
        return _draw(kind, series, x_kind=x_kind, categories=positions, **options)
    series = [(name, [list(point) for point in zip(positions, column)], column) for name, column in columns]
    return _draw(kind, series, x_kind=x_kind, **options)


def line(*values, x=None, label=None, title=None, x_label=None, y_label=None, description=None, width=640, height=400, show=None):
    """Lines through points: `line(y)`, `line(x, y)`, or `line(x, {"name": y, ...})` for several.

    `x` are numbers, dates or texts; None and what is not finite in `y` is a gap. The chart is shown at once where the host
    shows what is given to display(), unless `show` is False. Gives a Plot.
    """
    return _xy("line chart", values, x, label, dict(title=title, x_label=x_label, y_label=y_label, description=description, width=width, height=height, show=show))


def scatter(*values, x=None, label=None, title=None, x_label=None, y_label=None, description=None, width=640, height=400, show=None):
    """Points: `scatter(x, y)`; otherwise as line()."""
    return _xy("scatter chart", values, x, label, dict(title=title, x_label=x_label, y_label=y_label, description=description, width=width, height=height, show=show))


def bar(names, values, *, label=None, title=None, x_label=None, y_label=None, description=None, width=640, height=400, show=None):
    """Bars with names, several beside each other for `{"name": values, ...}`. Otherwise as line()."""
    categories = [str(name) for name in names]
    columns = _series(values, label)
    for name, column in columns:
        if len(column) != len(categories):
            raise ValueError(f"there are {len(categories)} names, and {name or 'values'} has {len(column)}")
    return _draw(
        "bar chart", [(name, column, column) for name, column in columns], x_kind="category", categories=categories, title=title, x_label=x_label,
        y_label=y_label, description=description, width=width, height=height, show=show,
    )


def histogram(values, *, bins=None, label=None, title=None, x_label=None, y_label="count", description=None, width=640, height=400, show=None):
    """How many of the values are in each of so many equal ranges, or between given edges; the last range has its end too.

    Otherwise as line().
    """
    known = [value for value in map(_number, values) if value is not None]
    if bins is None or isinstance(bins, int):
        count = bins if bins is not None else math.ceil(math.log2(len(known))) + 1 if known else 1
        if count < 1:
            raise ValueError(f"a histogram has at least one range, not {count}")
        low, high = (min(known), max(known)) if known else (0, 1)
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges = [low + (high - low) * i / count for i in range(count)] + [high]
    else:
        edges = [_number(edge) for edge in bins]
        if len(edges) < 2 or None in edges or any(a >= b for a, b in zip(edges, edges[1:])):
            raise ValueError("the edges of a histogram are at least two finite numbers, each greater than the one before")
    from bisect import bisect_right

    counts = [0] * (len(edges) - 1)
    for value in known:
        if edges[0] <= value <= edges[-1]:
            counts[min(bisect_right(edges, value) - 1, len(counts) - 1)] += 1
    data = [[edges[i], edges[i + 1], counts[i]] for i in range(len(counts))]
    return _draw(
        "histogram", [(label or "", data, known)], title=title, x_label=x_label, y_label=y_label, description=description, width=width,
        height=height, show=show,
    )
