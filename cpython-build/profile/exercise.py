"""What most programs do in their first second: the engine's code of the functions that this calls is kept (src/code).

Each megabyte of code takes some 7 ms to load, so it is no place for what few programs do. Nobody reads what it prints.
"""

import dataclasses
import json
import queue
import re
import sys
import threading
import time


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0

    @property
    def squared(self):
        return self.x**2 + self.y**2

    @classmethod
    def origin(cls):
        return cls(0)


class Base:
    count = 0

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

    def add(self, *names, key=None, **others):
        self.count += len(names) + len(others)
        return key or self


class Derived(Base):
    def add(self, *names, **others):
        return super().add(*names, **others)


def numbers():
    total, large, floating = 0, 1, 0.0
    for i in range(-100, 100):
        total += i * i % 7 - i // 3 & 0xFF ^ i << 2
        large = large * (i | 1) % (10**20 + 39)
        floating = floating * 0.5 + i / 7
        if not -5 < i <= 10 or i == 3:
            total -= int(floating) + abs(i)
    return divmod(total, 7), float("1.5"), int("12"), str(large), round(floating, 2), max(1, 2), sum([1, 2.5])


def texts():
    words = "the quick brown fox jumps över the lazy dog".split()
    text = ", ".join(word.capitalize() for word in words)
    text = text.replace("The", "A").strip().lower() + "\n"
    assert text.startswith("a") and "fox" in text and text.find("zzz") < 0 and text[3:] != text[:-1]
    assert text.encode().decode() == text
    assert "%s %r %5.2f" % ("a", "b", 1.5) == "{} {!r} {:5.2f}".format("a", "b", 1.5) == f"a 'b' {1.5:5.2f}"
    return [match.group(1) for match in re.finditer(r"(\w+),\s*", text)], re.sub(r"[aeiou]+", "-", text), json.loads(json.dumps({"text": text, "list": [1, 2.5, None, True]}))


def containers():
    numbers = [i * 7919 % 101 for i in range(100)]
    table = {str(number): (number, number**2) for number in numbers if number % 3}
    for key, (first, second) in table.items():
        assert table[key] == (first, second) and key in table
    unique = set(numbers) | {1, 2}
    unique.add(5)
    numbers.append(table.pop("1", None) or 1)
    numbers.extend(sorted(unique, key=lambda number: -number))
    del numbers[0]
    table.setdefault("new", []).append(1)
    return numbers[1:-1], numbers.pop(), list(zip(numbers, enumerate(unique))), [*map(str, numbers)], dict(table, other=1), any(unique), sorted(table)


def functions():
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)

    def generator(n):
        for i in range(n):
            yield i
        yield from range(n)

    thing = Derived("thing").add(1, 2, other=3).add(key=None)
    for wrong in (lambda: 1 // 0, lambda: {}["key"], lambda: thing.missing, lambda: int("x"), lambda: [].pop()):
        try:
            wrong()
        except (ArithmeticError, AttributeError, LookupError) as error:
            str(error)
        except Exception as error:
            repr(error)
        finally:
            thing.count += 1
    namespace = {}
    exec(compile("import sys\nclass A:\n    def f(self, x=1):\n        return [x for _ in range(3) if x]\nprint = A().f()\n", "exercise", "exec"), namespace)
    points = sorted((Point(i % 3, i) for i in range(10)), key=lambda point: point.squared)
    return fibonacci(10), list(generator(5)), repr(thing), points[0] == Point.origin(), hasattr(thing, "name"), isinstance(thing, Base)


def threads():
    results, todo, lock, done = [], queue.Queue(), threading.Lock(), threading.Event()

    def work():
        while (item := todo.get()) is not None:
            with lock:
                results.append(item)
        done.set()

    members = [threading.Thread(target=work) for _ in range(2)]
    for member in members:
        member.start()
    for item in [*range(10), None, None]:
        todo.put(item)
    done.wait()
    for member in members:
        member.join()
    return time.perf_counter(), len(results)


for _ in range(3):
    print(numbers(), texts(), containers(), functions(), threads(), file=sys.stderr, flush=True)
