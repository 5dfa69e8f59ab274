"""What programs are made of: classes, properties, text, modules in C. Nothing is shared but the code."""

import collections
import dataclasses
import itertools
import math

LOOPS = 240
EXPECTED = 6208


@dataclasses.dataclass
class Point:
    x: int
    y: int

    @property
    def length(self):
        return math.hypot(self.x, self.y)

    @staticmethod
    def middle(one, other):
        return Point((one.x + other.x) // 2, (one.y + other.y) // 2)


Step = collections.namedtuple("Step", "number point")


class Walk:
    def __init__(self, name):
        self.name = name
        self.steps = collections.deque()

    def add(self, point):
        self.steps.append(Step(len(self.steps), point))

    def describe(self):
        return f"{self.name}, steps: {len(self.steps)}"


class Loop(Walk):
    def add(self, point):
        super().add(point)
        if not isinstance(point, Point):
            raise TypeError("a loop is made of points")


def work(shared, index, units):
    value = 0
    for _ in range(units):
        loop = Loop("a loop")
        for x, y in itertools.product(range(6), repeat=2):
            loop.add(Point(x, y))
        middle = Point.middle(loop.steps[0].point, loop.steps[-1].point)
        text = "; ".join(f"{step.number:3d} at {step.point.x}, {step.point.y}" for step in loop.steps)
        value += len(text.split("; ")) + len(loop.describe()) + middle.x
        value += sum(round(step.point.length) for step in loop.steps)
    return value
