# Threads really run at once here, so a race is a race: "read, add, write"
# of two threads can fall between each other, and increments get lost.
import threading

ROUNDS = 50_000


class Counter:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def add(self):
        self.value += 1  # three steps: read, add, write

    def add_locked(self):
        with self.lock:
            self.value += 1  # one thread at a time


def count(method_name):
    counter = Counter()

    def run():
        add = getattr(counter, method_name)
        for _ in range(ROUNDS):
            add()

    threads = [threading.Thread(target=run, name=f"adder-{n + 1}") for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counter.value


expected = 4 * ROUNDS
for method in ("add", "add_locked"):
    got = count(method)
    verdict = "correct" if got == expected else f"{expected - got:,} increments lost"
    print(f"{method:11} {got:>8,} of {expected:,}   {verdict}")
