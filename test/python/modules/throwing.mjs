// A class all of whose special methods throw. Plain JavaScript: every realm loads it as it is.
import { arg, pyClass, pyModule } from "../../../dist/lib/index.js";

/** By how many arguments Python calls them with. */
const METHODS = [
  [
    "__repr__", "__str__", "__bytes__", "__hash__", "__bool__", "__len__", "__iter__", "__next__", "__int__", "__float__", "__complex__", "__index__",
    "__neg__", "__pos__", "__abs__", "__invert__", "__enter__", "__await__", "__aiter__", "__anext__", "__reversed__", "__sizeof__", "__dir__", "__del__",
  ],
  [
    "__format__", "__eq__", "__lt__", "__getitem__", "__delitem__", "__contains__", "__getattr__", "__add__", "__radd__", "__iadd__", "__matmul__", "__delete__", "__buffer__",
    "__divmod__", "__rshift__",
  ],
  ["__setitem__", "__get__", "__set__"],
];

let built = pyClass("Throwing", { doc: "Its special methods throw." }).constructs({ args: [arg.rest("values")] }, (_, values) => {
  if (values.length > 0) {
    throw new RangeError("constructor");
  }
});
METHODS.forEach((names, count) => {
  for (const name of names) {
    built = built.method(name, { args: ["a", "b"].slice(0, count).map((one) => arg(one)) }, () => {
      throw new RangeError(name);
    });
  }
});
built = built.method("__call__", { args: [arg.rest("values")] }, () => { throw new RangeError("__call__"); })
  .method("__exit__", { args: [arg.rest("values")] }, () => { throw new RangeError("__exit__"); })
  .property("both", { get: () => { throw new RangeError("get"); }, set: () => { throw new RangeError("set"); }, delete: () => { throw new RangeError("delete"); } })
  .staticMethod("fixed", {}, () => { throw new RangeError("static"); })
  .classMethod("of", {}, () => { throw new RangeError("class"); });

export const Throwing = built;

export const throwing = pyModule("throwing").add(Throwing).function("fail", {}, () => { throw new RangeError("function"); });
