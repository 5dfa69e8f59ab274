"""Runs workloads that it is given as text, and says how long each took: the same on every peer.

As a program it reads one request from each line of standard input, and answers each with a line.
"""

import gc
import json
import sys
import threading
import time

_modules = {}

# A workload for several threads does so many units of work for each of its loops, whatever the number of threads.
UNITS = 32


def team(module, loops, threads):
    """Calls the workload's `work` on so many threads at once. Neither starting nor ending them is counted."""
    shared = module["setup"](threads) if "setup" in module else None
    results = [None] * threads
    times = [None] * threads
    gate = threading.Barrier(threads)
    end = threading.Barrier(threads)

    def member(index):
        units = UNITS * loops * (index + 1) // threads - UNITS * loops * index // threads
        gate.wait()
        try:
            start = time.perf_counter()
            results[index] = module["work"](shared, index, units)
            times[index] = start, time.perf_counter()
        finally:
            end.wait()

    members = [threading.Thread(target=member, args=(index,)) for index in range(threads)]
    for one in members:
        one.start()
    for one in members:
        one.join()
    return sum(results) // loops, max(end for _, end in times) - min(start for start, _ in times)


def measure(request):
    """A request is JSON: name, source, loops and, for workloads on several threads, threads. The answer is JSON too."""
    request = json.loads(request)
    name = request["name"]
    try:
        module = _modules.get(name)
        if module is None:
            module = {"__name__": "workload_" + name}
            # After compile(), CPython's threads would count references of the constants, which they do not for a script.
            exec(request["source"], module)
            _modules[name] = module
        arguments = [request["loops"]]
        if "threads" in request:
            arguments.append(request["threads"])
        gc.collect()
        if "work" in module:
            value, seconds = team(module, *arguments)
        else:
            start = time.perf_counter()
            value = module["run"](*arguments)
            seconds = time.perf_counter() - start
    except Exception as error:
        return json.dumps({"error": f"{type(error).__name__}: {error}"})
    if value != module["EXPECTED"]:
        return json.dumps({"error": f"the result is {value!r} instead of {module['EXPECTED']!r}"})
    return json.dumps({"seconds": seconds})


if __name__ == "__main__":
    for line in sys.stdin:
        print(measure(line), flush=True)
