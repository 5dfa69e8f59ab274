"""Objects to pickles and back."""

import datetime
import pickle

LOOPS = 40
EXPECTED = [22425.0, "2000-10-26", True, 2]


class Thread:
    def __init__(self, number):
        self.number = number
        self.color = ("red", "green", "blue")[number % 3]
        self.length = number * 0.5
        self.since = datetime.date(2000, 1, 1) + datetime.timedelta(days=number)


# Found by its name when it is unpickled, whatever module the benchmark has made of this file.
def run(loops):
    import sys
    import types

    module = types.ModuleType("weft_bench_pickle")
    module.Thread = Thread
    Thread.__module__ = module.__name__
    sys.modules[module.__name__] = module
    threads = [Thread(i) for i in range(300)]
    plain = {i: {"name": f"n{i}", "values": (i, i * 2.5, [str(i)] * 4, {i, i + 1}, b"x" * i)} for i in range(200)}
    shared = [threads[0], plain[3]] * 100
    for _ in range(loops):
        data = pickle.dumps([threads, plain, shared], protocol=5)
        back, plain_back, shared_back = pickle.loads(data)
        value = [
            sum(one.length for one in back),
            back[-1].since.isoformat(),
            plain_back == plain,
            len({id(one) for one in shared_back}),
        ]
    return value
