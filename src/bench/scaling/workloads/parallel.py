"""Computing alone: nothing is shared but the code."""

LOOPS = 400
EXPECTED = 12576


def work(shared, index, units):
    value = 0
    for _ in range(units):
        state = 1
        for i in range(400):
            state = (state * 48271 + i) % 2147483647
            if state & 1:
                value += state % 5
    return value
