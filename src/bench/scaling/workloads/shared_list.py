"""One list to which all threads append, and which they read."""

LOOPS = 100
EXPECTED = 8192


def setup(threads):
    return []


def work(shared, index, units):
    for unit in range(units):
        for i in range(256):
            shared.append(i)
            shared[-1]
    return units * 256
