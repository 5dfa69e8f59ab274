// Emscripten library: the realm's function table, for wasm/libc/closures.c.
addToLibrary({
  weft_table_length: () => wasmTable.length,
  weft_table_reach: (index) => {
    const missing = (index >>> 0) + 1 - wasmTable.length;
    if (missing > 0) {
      try {
        wasmTable.grow(missing);
      } catch (error) {
        // The engine's limit: the caller reports that there is no room.
        if (!(error instanceof RangeError)) throw error;
        return 0;
      }
    }
    return 1;
  },
});
