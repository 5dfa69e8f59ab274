"""Generators: pipelines, delegation, values sent in, and a tree walked by recursion."""

LOOPS = 5
EXPECTED = 1777669470094


def numbers(count):
    for i in range(count):
        yield i


def squares(source):
    for n in source:
        yield n * n


def keep(source, divisor):
    for n in source:
        if n % divisor:
            yield n


def averager():
    total = count = 0
    while True:
        total += yield total // count if count else 0
        count += 1


def tree(depth):
    return None if depth == 0 else (tree(depth - 1), depth, tree(depth - 1))


def walk(node):
    if node is not None:
        yield from walk(node[0])
        yield node[1]
        yield from walk(node[2])


def run(loops):
    nodes = tree(11)
    for _ in range(loops):
        value = sum(keep(squares(numbers(20_000)), 3))
        average = averager()
        next(average)
        for i in range(10_000):
            value += average.send(i)
        value += sum(walk(nodes))
        value += sum(x + y for x in range(100) for y in (x, x + 1))
    return value
