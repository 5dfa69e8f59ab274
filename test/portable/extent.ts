/**
 * Whether tests that are the same on several hosts run on all of them, as `npm run test:hosts` has it. `npm test` runs each of them
 * where it takes least, mostly in Node, and elsewhere only those about what a host or an engine does in its own way.
 */
export const ON_ALL_HOSTS = process.env["WEFT_ALL_HOSTS"] === "1";
