import { expect, test } from "vitest";
import { python } from "./harness.js";

test("process_time() grows while any thread computes, and not while all sleep", async () => {
  const code = `
    import threading, time
    begin = time.process_time()
    def work():
        while time.process_time() - begin < 0.2: pass
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    begin, clock = time.process_time(), time.monotonic()
    time.sleep(1)
    used, slept = time.process_time() - begin, time.monotonic() - clock
    print("slept" if used < slept / 2 else (used, slept))`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "slept\n", stderr: "" });
});

test("getrusage(), times() and the clock tell the same", async () => {
  const code = `
    import os, resource, time
    before = time.process_time()
    self, times = resource.getrusage(resource.RUSAGE_SELF), os.times()
    after = time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
    print(0 < before <= self.ru_utime + self.ru_stime + 1e-6 <= after + 2e-6)
    # Each of its times is cut off at a hundredth.
    print(before - 0.03 <= times.user + times.system <= after)
    print("megabytes" if 20_000 < self.ru_maxrss < 4_000_000 else self.ru_maxrss)
    first = os.times().elapsed
    while os.times().elapsed == first: time.sleep(0.001)
    print(0 <= first < 60)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(children.ru_utime, children.ru_stime, children.ru_maxrss)
    try:
        resource.getrusage(resource.RUSAGE_THREAD)
    except ValueError as error:
        print(error)`;
  expect(await python(code)).toMatchObject({ status: 0, stdout: "True\nTrue\nmegabytes\nTrue\n0.0 0.0 0\ninvalid who parameter\n", stderr: "" });
});

test("the priority is the usual one", async () => {
  expect(await python("import os; print(os.getpriority(os.PRIO_PROCESS, 0))")).toMatchObject({ status: 0, stdout: "0\n", stderr: "" });
});
