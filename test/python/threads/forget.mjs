/** Run with --expose-gc: forgets references and waits until JavaScript's collector has released them. */
import { loadWeft } from "../../../dist/lib/index.js";

const weft = await loadWeft();
const refs = weft.attach((py) => {
  const list = py.list();
  for (let i = 0; i < 200; i++) {
    const made = py.set();
    list.callMethod("append", py.import("weakref").callMethod("ref", made));
    // Nobody keeps what this gives.
    made.unbind();
  }
  return list.unbind();
});
let alive = 200;
for (let i = 0; i < 1000 && alive > 0; i++) {
  globalThis.gc();
  await new Promise((resolve) => setTimeout(resolve, 5));
  alive = weft.attach((py) => py.eval("sum(ref() is not None for ref in refs)", py.dict([["refs", refs.bind(py)]])).toJs());
}
console.log(`${alive} of 200 alive`);
await weft.terminate();
