/** Run with --expose-gc. */
import { loadWeft } from "../../../dist/lib/index.js";
import { forget } from "./buffer.mjs";

const weft = await loadWeft();
console.log(await forget(weft));
await weft.terminate();
