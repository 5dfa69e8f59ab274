"""Objects that live for a moment: text, tuples, lists, dicts, instances."""

LOOPS = 300
EXPECTED = 191520


class Pair:
    def __init__(self, first, second):
        self.first = first
        self.second = second


def work(shared, index, units):
    value = 0
    for _ in range(units):
        kept = []
        for i in range(100):
            pair = Pair((i, i + 1), [i] * 8)
            kept.append({"pair": pair, "text": f"{i}:{i * 2}", "float": i * 0.5})
            value += len(kept[-1]["text"]) + pair.first[1]
        value += len(kept) + len(b"x" * 300)
    return value
