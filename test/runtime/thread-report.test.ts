import { expect, test } from "vitest";
import { python } from "./harness.js";

test("Control-\\ reports the threads of a program, which goes on", { timeout: 30_000 }, async () => {
  const outcome = await python(
    `
    import threading
    lock = threading.Lock()
    lock.acquire()
    def reported():
        lock.acquire()
        print("released", flush=True)
    thread = threading.Thread(target=reported)
    thread.start()
    print("ready", flush=True)
    input()
    lock.release()
    thread.join()`,
    {
      interact: async (process) => {
        await process.until("ready");
        // Both threads are on their way to where they wait: asked until they are there.
        let there = false;
        const both = Promise.all(["in reported", "waits for input"].map((text) => process.until(text, "stderr"))).then(() => {
          there = true;
        });
        while (!there) {
          process.child.kill("SIGQUIT");
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        await both;
        process.child.stdin!.write("\n");
        await process.until("released");
      },
    },
  );
  expect(outcome).toMatchObject({ status: 0, stdout: "ready\nreleased\n" });
  expect(outcome.stderr).toContain("waits for input");
});
