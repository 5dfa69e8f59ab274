"""One dict that all threads read and write, at the same keys."""

LOOPS = 100
EXPECTED = 2048


def setup(threads):
    return {key: 0 for key in range(64)}


def work(shared, index, units):
    found = 0
    for unit in range(units):
        for key in range(64):
            shared[key] = unit
            if shared.get(key ^ 1) is not None:
                found += 1
            shared[key, index] = unit
            del shared[key, index]
    return found
