import { portableSuite } from "../portable/suite.js";

const REASON = "Bun 1.4 does not end a worker that runs a loop of compiled WebAssembly and never calls JavaScript";

const STACK = "JavaScriptCore's stacks name functions only";

portableSuite("bun", [
  { file: "js.test.ts", test: "a JsProxy on the host realm > a JavaScript error has its name, message and stack, and comes back itself", reason: STACK },
  { file: "js.test.ts", test: "a JsProxy from another thread > a JavaScript error has its name, message and stack, and comes back itself", reason: STACK },
  { file: "attach.test.ts", test: "terminate > ends threads whatever they do, and tells those who wait", reason: REASON },
  { file: "basic.test.ts", test: "terminate ends threads that would never end", reason: REASON },
]);
