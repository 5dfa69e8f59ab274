"""Exceptions raised at depth, caught by class, chained, and used to end loops; context managers and finally."""

LOOPS = 3
EXPECTED = 21250


class Broken(Exception):
    def __init__(self, level):
        super().__init__(f"broken at {level}")
        self.level = level


class VeryBroken(Broken):
    pass


class Guard:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.log[0] += 1
        return kind is KeyError


def sink(level, at):
    try:
        if level == at:
            raise (VeryBroken if at & 1 else Broken)(level)
        return sink(level + 1, at)
    finally:
        at += 1


def run(loops):
    for _ in range(loops):
        value = 0
        log = [0]
        for i in range(1500):
            try:
                sink(0, i % 12)
            except VeryBroken as error:
                value += error.level
            except Broken as error:
                value -= error.level
            try:
                try:
                    {}[i]
                except KeyError as error:
                    raise ValueError(i) from error
            except ValueError as error:
                value += error.__cause__.args[0] == i
            with Guard(log):
                raise KeyError(i)
            try:
                value += int("12" if i % 3 else "x")
            except ValueError:
                value += 1
        iterator = iter(range(10_000))
        while True:
            try:
                value += next(iterator) & 1
            except StopIteration:
                break
        value += log[0]
    return value
