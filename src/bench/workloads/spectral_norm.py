"""The largest singular value of an infinite matrix, by the power method on a corner of it."""

LOOPS = 1
EXPECTED = 1.27421999


def element(i, j):
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


def times(vector):
    return [sum(element(i, j) * x for j, x in enumerate(vector)) for i in range(len(vector))]


def transposed_times(vector):
    return [sum(element(j, i) * x for j, x in enumerate(vector)) for i in range(len(vector))]


def norm(size):
    u = [1.0] * size
    for _ in range(8):
        v = transposed_times(times(u))
        u = transposed_times(times(v))
    along = sum(a * b for a, b in zip(u, v))
    return (along / sum(b * b for b in v)) ** 0.5


def run(loops):
    for _ in range(loops):
        value = round(norm(100), 8)
    return value
