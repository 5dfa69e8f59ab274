"""Two threads in one generator (gh-120321): CPython 3.13 lets both in. Only threads that really run at the same time get
there: between two instructions a generator is either running or not."""

import threading


class HammerGenerator:
    """Threads that share a generator have to get a ValueError where they are not alone in it, and every number once."""

    def numbers(self):
        for number in range(30000):
            yield number

    def setup(self):
        return {"numbers": self.numbers(), "seen": []}

    def next_number(self, state):
        try:
            return next(state["numbers"], None)
        except ValueError:
            # The generator is already executing: what a build with the global lock says too.
            return None

    def op(self, state, index):
        for _ in range(10000):
            number = self.next_number(state)
            if number is not None:
                state["seen"].append(number)

    def check(self, state):
        seen = state["seen"]
        assert len(set(seen)) == len(seen), f"{len(seen) - len(set(seen))} numbers came twice"


class HammerGeneratorFixed(HammerGenerator):
    lock = threading.Lock()

    def next_number(self, state):
        with self.lock:
            return next(state["numbers"], None)
