// Preloaded into every realm of the smoke test (node --import), before the glue.
const { NodeHostFs } = await import(process.env.WEFT_TEST_HOST_FS);
const host = new NodeHostFs();
host.stdinRequest = () => {}; // the test pushes its input unasked
host.ttyMode = () => 0;
globalThis.weftHost = host;
