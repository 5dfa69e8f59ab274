import { portableSuite } from "../portable/suite.js";

const REASON = "Bun 1.4 does not end a worker that runs a loop of compiled WebAssembly and never calls JavaScript";

portableSuite("bun", [
  { file: "attach.test.ts", test: "terminate > ends threads whatever they do, and tells those who wait", reason: REASON },
  { file: "basic.test.ts", test: "terminate ends threads that would never end", reason: REASON },
]);
