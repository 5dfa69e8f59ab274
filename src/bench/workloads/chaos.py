"""The chaos game: a point jumps by the maps that a closed spline gives, and is counted where it lands."""

import random

LOOPS = 3
EXPECTED = [2000, 110, 77]


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)

    def __mul__(self, factor):
        return Vector(self.x * factor, self.y * factor)

    def length(self):
        return (self.x * self.x + self.y * self.y) ** 0.5

    def mix(self, other, part):
        return self * (1.0 - part) + other * part


class Spline:
    """A uniform B-spline, evaluated by de Boor's algorithm."""

    def __init__(self, points, degree=3):
        self.points = points
        self.degree = degree
        inner = len(points) - degree
        self.knots = [0] * degree + list(range(inner + 1)) + [inner] * degree
        self.end = float(inner)

    def interval(self, at):
        for index in range(self.degree, len(self.knots) - self.degree - 1):
            if self.knots[index] <= at < self.knots[index + 1]:
                return index
        return len(self.knots) - self.degree - 2

    def __call__(self, at):
        k = self.interval(at)
        p = self.degree
        near = [self.points[k - p + i] for i in range(p + 1)]
        for level in range(1, p + 1):
            for i in range(p, level - 1, -1):
                low = self.knots[k - p + i]
                high = self.knots[k + 1 + i - level]
                near[i] = near[i - 1].mix(near[i], (at - low) / (high - low))
        return near[p]


SPLINES = [
    Spline([Vector(x, y) for x, y in points])
    for points in (
        [(1.6, 0.3), (1.6, 0.3), (1.3, 1.0), (1.4, 1.6), (1.3, 1.6), (1.5, 0.3)],
        [(2.9, 1.4), (2.9, 1.4), (1.4, 1.9), (1.5, 2.3), (1.4, 1.8), (2.8, 1.2)],
        [(0.6, 0.9), (0.2, 1.3), (0.5, 2.4), (1.1, 1.5), (1.3, 2.1)],
    )
]
WIDTH, HEIGHT, THICKNESS = 60, 60, 0.25


def jump(point, choose):
    """Maps the unit square to a strip along one of the splines."""
    spline = choose.choice(SPLINES)
    at = point.x * spline.end
    here = spline(at)
    step = 1.0 / 50000
    ahead = spline(at + step) - here if at + step < spline.end else here - spline(at - step)
    length = ahead.length() or 1.0
    off = (point.y - 0.5) * THICKNESS
    x = here.x - ahead.y / length * off
    y = here.y + ahead.x / length * off
    return Vector(min(max(x / 3.0, 0.0), 1.0), min(max(y / 3.0, 0.0), 1.0))


def run(loops):
    for _ in range(loops):
        choose = random.Random(1234)
        counts = [[0] * WIDTH for _ in range(HEIGHT)]
        point = Vector(0.5, 0.5)
        for _ in range(2000):
            point = jump(point, choose)
            counts[min(int(point.y * HEIGHT), HEIGHT - 1)][min(int(point.x * WIDTH), WIDTH - 1)] += 1
        value = [sum(map(sum, counts)), sum(1 for row in counts for n in row if n), max(map(max, counts))]
    return value
