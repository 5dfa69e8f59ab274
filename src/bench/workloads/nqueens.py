"""Queens on a board of eight by eight that do not attack one another, found with generators and sets."""

LOOPS = 1
EXPECTED = 92


def permutations(items, length):
    """All orders of `length` of the items, written in Python on purpose."""
    if length == 0:
        yield ()
        return
    for index, item in enumerate(items):
        for rest in permutations(items[:index] + items[index + 1:], length - 1):
            yield (item, *rest)


def solutions(size):
    columns = range(size)
    for queens in permutations(list(columns), size):
        if size == len({queens[i] + i for i in columns}) == len({queens[i] - i for i in columns}):
            yield queens


def run(loops):
    for _ in range(loops):
        value = sum(1 for _ in solutions(8))
    return value
