// Emscripten library: `weftFunctions()`, the functions of wasm/python/functions.c in this realm.
addToLibrary({
  $weftFunctions__deps: ["$weftMadeFunctions", "$UTF8ToString", "weft_functions"],
  $weftFunctions__postset: 'Module["weftFunctions"] = weftFunctions;',
  $weftMadeFunctions: null,
  $weftFunctions: () => {
    if (!weftMadeFunctions) {
      const functions = {};
      for (let entry = _weft_functions() >>> 0; ; entry += 8) {
        const name = HEAPU32[entry >>> 2];
        if (name === 0) break;
        functions[UTF8ToString(name)] = wasmTable.get(HEAPU32[(entry + 4) >>> 2]);
      }
      // Engines look up a member of an object with so many by its name, each time, but not that of a prototype.
      weftMadeFunctions = Object.create(functions);
    }
    return weftMadeFunctions;
  },
});
