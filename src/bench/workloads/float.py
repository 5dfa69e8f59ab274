"""Many small objects with floats in them: made, scaled to length one, compared."""

from math import cos, sin, sqrt

LOOPS = 2
EXPECTED = [0.894404, 1.0, 0.4472]


class Point:
    __slots__ = ("x", "y", "z")

    def __init__(self, i):
        self.x = x = sin(i)
        self.y = cos(i) * 3
        self.z = (x * x) / 2

    def normalize(self):
        x, y, z = self.x, self.y, self.z
        norm = sqrt(x * x + y * y + z * z)
        self.x /= norm
        self.y /= norm
        self.z /= norm

    def larger(self, other):
        self.x = self.x if self.x > other.x else other.x
        self.y = self.y if self.y > other.y else other.y
        self.z = self.z if self.z > other.z else other.z
        return self


def largest(points):
    first = points[0]
    for point in points[1:]:
        first = first.larger(point)
    return first


def run(loops):
    for _ in range(loops):
        points = [Point(i) for i in range(20_000)]
        for point in points:
            point.normalize()
        one = largest(points)
        value = [round(one.x, 6), round(one.y, 6), round(one.z, 6)]
    return value
