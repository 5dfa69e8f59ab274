"""Pure Python on 1 to N threads: the same work, less and less time.

usage: weft run parallel.py [THREADS]
"""

import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor

WIDTH, HEIGHT, LIMIT = 160, 64, 2000


def mandelbrot_row(y):
    """One line of the picture: how long each point stays bounded."""
    imaginary = 2.4 * y / (HEIGHT - 1) - 1.2
    row = []
    for x in range(WIDTH):
        real = 3.2 * x / (WIDTH - 1) - 2.2
        a = b = 0.0
        steps = 0
        while steps < LIMIT and a * a + b * b < 4.0:
            a, b = a * a - b * b + real, 2.0 * a * b + imaginary
            steps += 1
        row.append(steps)
    return row


def draw(threads):
    """The picture, whose rows the threads take as they come, and the seconds it took."""
    with ThreadPoolExecutor(threads) as pool:
        begin = time.perf_counter()
        rows = list(pool.map(mandelbrot_row, range(HEIGHT)))
        return rows, time.perf_counter() - begin


def main():
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    gil = "on" if sys._is_gil_enabled() else "off"
    print(f"Python {sys.version.split()[0]} on {sysconfig.get_platform()}, GIL {gil}")
    draw(most)  # warm-up: the engine compiles the interpreter's hot code beside it
    picture, alone = draw(1)
    for row in picture[::4]:
        print("".join(" .:-=+*%@#"[min(9, steps.bit_length())] for steps in row[::2]))
    print("threads  seconds  speed-up")
    print(f"{1:7d} {alone:8.2f} {1:8.2f}x")
    threads = 2
    while threads <= most:
        same, seconds = draw(threads)
        if same != picture:
            sys.exit(f"{threads} threads drew another picture than one")
        print(f"{threads:7d} {seconds:8.2f} {alone / seconds:8.2f}x")
        threads *= 2


main()
