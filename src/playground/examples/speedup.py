# The same work on 1, 2 and 4 threads. Without a GIL, threads of one program
# run in parallel: look at the thread view below while it runs.
import os
import threading
import time


def count_primes(begin, end):
    count = 0
    for n in range(begin, end):
        if n > 1 and all(n % d for d in range(2, int(n**0.5) + 1)):
            count += 1
    return count


LIMIT = 200_000


def work(threads):
    """Counts the primes below LIMIT, the numbers dealt out to the threads."""
    counts = [0] * threads
    parts = [LIMIT * i // (8 * threads) for i in range(8 * threads + 1)]

    def run(number):
        for part in range(number, 8 * threads, threads):
            counts[number] += count_primes(parts[part], parts[part + 1])

    workers = [threading.Thread(target=run, args=(n,), name=f"primes-{n + 1}") for n in range(threads)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts), time.perf_counter() - begin


print(f"This machine has {os.cpu_count()} processors.\n")
work(4)  # the browser compiles the interpreter's hot code
print("threads   seconds   speed-up   primes")
alone = None
for threads in (1, 2, 4):
    primes, seconds = work(threads)
    alone = alone or seconds
    print(f"{threads:7}   {seconds:7.2f}   {alone / seconds:7.2f}x   {primes:6}")
