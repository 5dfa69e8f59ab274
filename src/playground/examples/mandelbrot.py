# Four threads draw the rows of one picture, live.
import threading
import time

from weft import Canvas, display

WIDTH, HEIGHT, STEPS = 360, 240, 90
THREADS = 4

canvas = Canvas(WIDTH, HEIGHT)
display(canvas)
rows = iter(range(HEIGHT))
rows_lock = threading.Lock()


def colour(steps):
    if steps == STEPS:
        return b"\x14\x14\x22"
    t = steps / STEPS
    return bytes((
        int(255 * min(1, 9 * (1 - t) * t**3 * 2 + 0.15 * t)),
        int(255 * min(1, 15 * (1 - t) ** 2 * t**2)),
        int(255 * min(1, 8.5 * (1 - t) ** 3 * t + 0.18)),
    ))


PALETTE = [colour(steps) for steps in range(STEPS + 1)]


def draw_row(y):
    imaginary = 2.3 * y / (HEIGHT - 1) - 1.15
    pixels = bytearray()
    for x in range(WIDTH):
        c = complex(3.4 * x / (WIDTH - 1) - 2.35, imaginary)
        z, steps = 0j, 0
        while steps < STEPS and abs(z) < 2:
            z = z * z + c
            steps += 1
        pixels += PALETTE[steps]
    canvas.row(y, bytes(pixels))


def draw():
    drawn = 0
    while True:
        with rows_lock:
            y = next(rows, None)
        if y is None:
            break
        draw_row(y)
        drawn += 1
    print(f"{threading.current_thread().name} drew {drawn} rows")


begin = time.perf_counter()
threads = [threading.Thread(target=draw, name=f"painter-{n + 1}") for n in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(f"{time.perf_counter() - begin:.2f} s with {THREADS} threads")
