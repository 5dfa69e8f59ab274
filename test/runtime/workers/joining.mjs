/** A worker of an application's own that joins Python; see join.test.ts. It does what it is told. */
import { parentPort, workerData } from "node:worker_threads";
import { joinWeft } from "../../../dist/lib/index.js";

let weft;
let kept;
const COMMANDS = {
  join: async (port) => {
    weft = await joinWeft(port);
    return weft.lifecycle;
  },
  // The port's other end has nobody who answers.
  inVain: (port) => joinWeft(port, { signal: AbortSignal.timeout(50) }).catch((error) => error.name),
  eval: (code) => weft.attach((py) => py.eval(code).toJs()),
  append: (value) =>
    weft.attach((py) => {
      py.import("__main__").getAttr("shared").callMethod("append", value);
      return weft.realm.attachCount;
    }),
  asynchronous: async (code) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return weft.attachAsync((py) => py.eval(code).toJs());
  },
  keepLocal: () => weft.attach((py) => py.run("import threading\nlocal = globals().get('local') or threading.local()\nlocal.n = getattr(local, 'n', 0) + 1", py.import("__main__").getAttr("__dict__"))),
  hammer: (rounds) => {
    for (let i = 0; i < rounds; i++) {
      weft.attach((py) => {
        const list = py.list([i]);
        list.callMethod("append", i);
        if (i % 200 === 0) {
          py.import("gc").callMethod("collect");
        }
      });
    }
    return weft.realm.attachCount;
  },
  recurse: () =>
    weft.attach((py) => {
      const space = py.dict();
      py.run("import sys\nsys.setrecursionlimit(1000000)\nvalue = []\nfor _ in range(100000): value = [value]\ntry:\n    repr(value)\nexcept RecursionError as error:\n    seen = 'RecursionError'", space);
      return space.getItem("seen").toJs();
    }),
  keep: () => {
    kept = weft.attach((py) => py.list([1]).unbind());
  },
  leaveInside: () => weft.attach(() => weft.leave()),
  leave: async () => {
    kept?.drop();
    await weft.leave();
    return weft.lifecycle;
  },
  data: () => workerData,
  exit: () => process.exit(0),
};

parentPort.on("message", async ({ id, command, values }) => {
  try {
    parentPort.postMessage({ id, result: await COMMANDS[command](...values) });
  } catch (error) {
    parentPort.postMessage({ id, error: `${error.name}: ${error.message}` });
  }
});
