import { expect, test } from "vitest";
import { Pages } from "./harness.js";

const pages = new Pages();

test("Python runs in a page", async () => {
  const result = await pages.run(async () => {
    const written: string[] = [];
    const weft = await weftPython.loadWeft({ stdout: (text) => written.push(text), stderr: (text) => written.push(text) });
    await weft.run("import sys; print('hello', sys.version_info[:2]); print('añ€😀'); print('error', file=sys.stderr)");
    const value = await weft.eval("2**100");
    const sum = weft.attach((py) => py.eval("sum(range(10))").toJs());
    await weft.terminate();
    return { written: written.join(""), value: String(value), sum };
  });
  expect(result).toEqual({ written: "hello (3, 13)\nañ€😀\nerror\n", value: String(2n ** 100n), sum: 45 });
});
