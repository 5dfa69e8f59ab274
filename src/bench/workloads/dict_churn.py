"""Dicts that grow, shrink, are copied and merged; keys are numbers, text and tuples."""

LOOPS = 3
EXPECTED = 34994510


def run(loops):
    names = [f"name{i}" for i in range(3000)]
    for _ in range(loops):
        value = 0
        numbers = {}
        for i in range(12_000):
            numbers[i * 31 % 9973] = i
        for i in range(0, 9973, 2):
            numbers.pop(i, None)
        value += len(numbers) + sum(numbers.values())
        counts = {}
        for name in names * 4:
            counts[name] = counts.get(name, 0) + 1
        value += sum(counts.values())
        grid = {(x, y): x * y for x in range(60) for y in range(60)}
        for x in range(1, 59):
            for y in range(1, 59):
                if (x - 1, y) in grid and grid[x, y + 1] > 100:
                    value += 1
        small = [{"a": i, "b": i + 1, **{"c": i}} for i in range(2000)]
        for one in small:
            one["d"] = one["a"] + one["b"]
            del one["a"]
            value += len(one | {"e": 1})
        groups = {}
        for i, name in enumerate(names):
            groups.setdefault(name[-1], []).append(i)
        value += max(len(group) for group in groups.values())
        value += sum(1 for key, _ in sorted(counts.items()) if key.endswith("7"))
    return value
