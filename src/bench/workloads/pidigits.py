"""Digits of pi by a spigot of big integers."""

from itertools import islice

LOOPS = 3
EXPECTED = ["3141592653", "0513", "2668"]


def digits():
    q, r, t, k, m, x = 1, 0, 1, 1, 3, 3
    while True:
        if 4 * q + r - t < m * t:
            yield m
            q, r, m = 10 * q, 10 * (r - m * t), (10 * (3 * q + r)) // t - 10 * m
        else:
            q, r, t, k, m, x = q * k, (2 * q + r) * x, t * x, k + 1, (q * (7 * k + 2) + r * x) // (t * x), x + 2


def run(loops):
    for _ in range(loops):
        text = "".join(map(str, islice(digits(), 600)))
        value = [text[:10], text[-4:], str(sum(map(int, text)))]
    return value
