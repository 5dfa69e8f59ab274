// Asynchronous functions and methods. Plain JavaScript: every realm loads it as it is.
import { arg, field, pyClass, pyException, pyModule, t } from "../../../dist/lib/index.js";

export const Refused = pyException("Refused", { base: "ValueError" });

const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

export const Tally = pyClass("Tally", { fields: { count: field.i32({ get: true }) } })
  .constructs({}, () => undefined)
  .asyncMethod("add", { args: [arg("by", t.int, { default: 1 })], returns: t.int, doc: "Adds later." }, async ({ weft, object }, by) => {
    await turn();
    return weft.attach((py) => Tally.borrowMut(object.bind(py), (it) => (it.count += by)));
  });

export const asynchronous = pyModule("asynchronous")
  .add(Tally)
  .exception(Refused)
  .asyncFunction("later", { args: [arg("value", t.int), arg.keyword("times", t.int, { default: 1 })], returns: t.list(t.int), doc: "Later." }, async (_, value, times) => {
    await turn();
    return Array(times).fill(value);
  })
  .asyncFunction("plain", { args: [arg("value")] }, async (_, value) => value)
  .asyncFunction("refuse", {}, async (weft) => {
    await turn();
    throw weft.attach((py) => Refused.error(py, "not today"));
  })
  .asyncFunction("fail", {}, async () => { throw new RangeError("on purpose"); })
  .asyncFunction("lie", { returns: t.str }, async () => 3);
