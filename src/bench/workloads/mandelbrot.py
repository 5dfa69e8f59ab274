"""How soon points of the complex plane escape."""

LOOPS = 2
EXPECTED = 46444


def escape(c, limit):
    z = 0j
    for count in range(limit):
        z = z * z + c
        if z.real * z.real + z.imag * z.imag > 4.0:
            return count
    return limit


def run(loops):
    width, height, limit = 60, 40, 60
    for _ in range(loops):
        value = 0
        for row in range(height):
            y = 2.0 * row / height - 1.0
            for column in range(width):
                value += escape(complex(3.0 * column / width - 2.0, y), limit)
    return value
