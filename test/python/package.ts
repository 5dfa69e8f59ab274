/** The bundled package with its types: tests use what applications get. */
import type * as Source from "../../src/node.js";

export const api = (await import(new URL("../../dist/lib/index.js", import.meta.url).href)) as typeof Source;
export type * from "../../src/node.js";
