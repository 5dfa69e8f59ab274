"""Objects made, linked, called and dropped: trees, methods, properties, inheritance, closures, cycles."""

LOOPS = 3
EXPECTED = 9995806


class Node:
    __slots__ = ("key", "left", "right")

    def __init__(self, key):
        self.key = key
        self.left = None
        self.right = None

    def insert(self, key):
        node = self
        while True:
            side = "left" if key < node.key else "right"
            child = getattr(node, side)
            if child is None:
                setattr(node, side, Node(key))
                return
            node = child

    def __iter__(self):
        if self.left:
            yield from self.left
        yield self.key
        if self.right:
            yield from self.right


class Shape:
    count = 0

    def __init__(self, size):
        self.size = size
        Shape.count += 1

    @property
    def double(self):
        return self.size * 2

    @classmethod
    def make(cls, size):
        return cls(size)

    @staticmethod
    def clamp(value):
        return value if value < 100 else 100

    def area(self):
        raise NotImplementedError


class Square(Shape):
    def area(self):
        return self.clamp(self.size * self.size)


class Cube(Square):
    def __init__(self, size):
        super().__init__(size)
        self.depth = size

    def area(self):
        return super().area() * 6 + self.depth


def counter(start):
    def step(by=1):
        nonlocal start
        start += by
        return start

    return step


def run(loops):
    for _ in range(loops):
        root = Node(500)
        key = 1
        for _ in range(1500):
            key = key * 7919 % 10007
            root.insert(key)
        value = sum(root)
        for i in range(4000):
            shape = (Square, Cube)[i & 1].make(i % 20)
            value += shape.area() + shape.double
        for i in range(1000):
            first, second = Shape(i), Shape(i)
            first.other = second
            second.other = first
            value += first.other.other.size
        steps = [counter(i) for i in range(300)]
        for _ in range(10):
            for step in steps:
                value += step() + step(by=2)
    return value
