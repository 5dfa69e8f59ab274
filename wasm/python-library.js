// Emscripten library: the imports of wasm/include/weft_python.h.
//
// Each runs in the calling realm and goes to that realm's Python object: `Module.weftPython`
// where the glue was called with one, or else the global `weftPython` that a worker's script sets
// before it loads the glue. On first use the object gets the memory, and what it gets the functions from (`bind`).
addToLibrary({
  $weftBoundPython: null,
  $weftPython__deps: ["$weftBoundPython", "$weftFunctions"],
  $weftPython: () => {
    if (!weftBoundPython) {
      weftBoundPython = Module["weftPython"] ?? globalThis["weftPython"];
      weftBoundPython["bind"](wasmMemory, weftFunctions);
    }
    return weftBoundPython;
  },
  weft_host_realm__deps: ["$weftPython"],
  weft_host_realm: () => weftPython()["id"],
  weft_host_call__deps: ["$weftPython"],
  weft_host_call: (operation, id, self, values, count, names) => weftPython()["call"](operation, id, self, values, count, names),
  weft_host_function__deps: ["$weftPython"],
  weft_host_function: (module, index, values, count, names, borrow, name) =>
    weftPython()["callFunction"](module, index, values, count, names, borrow, name),
  weft_host_module__deps: ["$weftPython"],
  weft_host_module: (module, object) => weftPython()["execute"](module, object),
  weft_host_traverse__deps: ["$weftPython"],
  weft_host_traverse: (module, index, id, owner, state) => weftPython()["traverse"](module, index, id, owner, state),
  weft_host_clear__deps: ["$weftPython"],
  weft_host_clear: (module, index, id) => weftPython()["clear"](module, index, id),
  weft_host_thread__deps: ["$weftPython"],
  weft_host_thread: (id) => weftPython()["thread"](id),
  weft_host_plain__deps: ["$weftPython"],
  weft_host_plain: () => (weftPython()["isPlain"]?.() ? 1 : 0),
});
