/** Functions that tests spawn; see schema.test.ts. */
import { t } from "../../../dist/lib/index.js";

/** Replaces all items at once, and shrinks and fills the containers between. */
export function write(weft, list, dict, done) {
  let turns = 0;
  weft.attach((py) => {
    const space = py.dict([["list", list.bind(py)], ["dict", dict.bind(py)]]);
    py.run("def turn(n):\n list[:] = [n] * (50 + n % 50)\n dict.update(dict.fromkeys(dict, n))", space);
    const turn = space.getItem("turn");
    for (; turns < 1 || !done.bind(py).callMethod("is_set").truthy(); turns++) {
      py.scoped(() => turn.call(turns + 1));
      if (turns % 16 === 0) {
        py.detach(() => undefined);
      }
    }
  });
  [list, dict, done].forEach((one) => one.drop());
  return turns;
}

export function read(weft, list, dict, rounds) {
  let right = 0;
  for (let i = 0; i < rounds; i++) {
    weft.attach((py) => {
      const items = list.bind(py).extract(t.list(t.int));
      if (items.length < 50 || items.some((item) => item !== items[0])) {
        throw new Error(`not of one moment: ${items}`);
      }
      if (dict.bind(py).extract(t.dict(t.str, t.int)).size !== 100) {
        throw new Error("keys are missing");
      }
      right++;
    });
  }
  [list, dict].forEach((one) => one.drop());
  return right;
}
