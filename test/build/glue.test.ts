import { expect, test } from "vitest";
import { withoutOffers } from "../../src/build/glue.js";

test("the glue offers no function that is listed, and keeps those that it uses", () => {
  const glue = [
    "use(_used);",
    'var _used=Module["_used"]=a0=>(_used=Module["_used"]=wasmExports["a"])(a0);',
    'var _gone=Module["_gone"]=(a0,a1)=>(_gone=Module["_gone"]=wasmExports["$b"])(a0,a1);',
    'var __none=Module["__none"]=()=>(__none=Module["__none"]=wasmExports["_c"])();',
    'var _other=Module["_other"]=()=>(_other=Module["_other"]=wasmExports["d"])();',
    'Module["wasmMemory"]=wasmMemory;',
  ].join("");
  expect(withoutOffers(glue, ["used", "gone", "_none"])).toBe(
    'use(_used);var _used=a0=>(_used=wasmExports["a"])(a0);var _other=Module["_other"]=()=>(_other=Module["_other"]=wasmExports["d"])();Module["wasmMemory"]=wasmMemory;',
  );
});
