# weft.plot draws charts as SVG, from any thread: here four threads each
# measure something and draw it while the others still work.
import random
import threading
import time

from weft import plot


def walk():
    ways = {}
    for name in ("ada", "grace", "guido"):
        place, way = 0, []
        for _ in range(200):
            place += random.choice((-1, 1))
            way.append(place)
        ways[name] = way
    plot.line(ways, title="Three random walks", x_label="step", y_label="place")


def dice():
    throws = [sum(random.randint(1, 6) for _ in range(10)) for _ in range(20_000)]
    plot.histogram(throws, bins=30, title="The sum of ten dice", x_label="sum")


def points():
    x = [random.gauss(0, 1) for _ in range(400)]
    plot.scatter(x, [value * 0.6 + random.gauss(0, 0.5) for value in x], title="Points", x_label="x", y_label="y")


def speeds():
    rates = {}
    for name, work in {"add": lambda: sum(range(2000)), "sort": lambda: sorted(range(2000, 0, -1)), "join": lambda: "".join(map(str, range(2000)))}.items():
        begin, count = time.perf_counter(), 0
        while time.perf_counter() - begin < 0.2:
            work()
            count += 1
        rates[name] = count / 0.2
    plot.bar(rates, rates.values(), title="Runs a second", y_label="runs")


threads = [threading.Thread(target=draw, name=draw.__name__) for draw in (walk, dice, points, speeds)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("four charts by four threads")
