"""Runs workloads that it is given as text, and says how long each took: the same on every peer.

As a program it reads one request from each line of standard input, and answers each with a line.
"""

import gc
import json
import sys
import time

_modules = {}


def measure(request):
    """A request is JSON: name, source, loops and, for workloads on several threads, threads. The answer is JSON too."""
    request = json.loads(request)
    name = request["name"]
    try:
        module = _modules.get(name)
        if module is None:
            module = {"__name__": "workload_" + name}
            exec(compile(request["source"], name + ".py", "exec"), module)
            _modules[name] = module
        arguments = [request["loops"]]
        if "threads" in request:
            arguments.append(request["threads"])
        gc.collect()
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
