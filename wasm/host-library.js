// Emscripten library: the imports of wasm/include/weft_host.h.
//
// Each runs in the calling realm and forwards numbers to that realm's host object:
// `Module.weftHost` where the glue was called with one, or else the global `weftHost`
// that a worker's script sets before it loads the glue. On first use the object is told
// where memory is, and what gives it functions (`bind`); it must look at `memory.buffer` again on every
// call, since any thread may have grown it.
const weftHostImports = {
  weft_host_stdio_write: ["stdioWrite", "npp"],
  weft_host_stdio_read: ["stdioRead", "nppn"],
  weft_host_stdin_request: ["stdinRequest", ""],
  weft_host_tty_mode: ["ttyMode", "n"],
  weft_host_library: ["library", "pppp"],
  weft_host_process_usage: ["processUsage", "p"],
  weft_host_fs_open: ["fsOpen", "pnn"],
  weft_host_fs_close: ["fsClose", "n"],
  weft_host_fs_read: ["fsRead", "nppn"],
  weft_host_fs_write: ["fsWrite", "nppn"],
  weft_host_fs_fstat: ["fsFstat", "np"],
  weft_host_fs_ftruncate: ["fsFtruncate", "nn"],
  weft_host_fs_fsync: ["fsFsync", "n"],
  weft_host_fs_lstat: ["fsLstat", "pp"],
  weft_host_fs_readdir: ["fsReaddir", "ppp"],
  weft_host_fs_mkdir: ["fsMkdir", "pn"],
  weft_host_fs_rmdir: ["fsRmdir", "p"],
  weft_host_fs_unlink: ["fsUnlink", "p"],
  weft_host_fs_rename: ["fsRename", "pp"],
  weft_host_fs_link: ["fsLink", "pp"],
  weft_host_fs_symlink: ["fsSymlink", "pp"],
  weft_host_fs_readlink: ["fsReadlink", "ppp"],
  weft_host_fs_truncate: ["fsTruncate", "pn"],
  weft_host_fs_chmod: ["fsChmod", "pn"],
  weft_host_fs_access: ["fsAccess", "pn"],
  weft_host_fs_utimes: ["fsUtimes", "pnnnn"],
  weft_host_fs_statfs: ["fsStatfs", "pp"],
};

const weftHostLibrary = {
  $weftBoundHost: null,
  $weftRealmHost__deps: ["$weftBoundHost", "$weftFunctions"],
  $weftRealmHost: () => {
    if (!weftBoundHost) {
      weftBoundHost = Module["weftHost"] ?? globalThis["weftHost"];
      if (!weftBoundHost) {
        throw new Error(
          "this realm has no host object: pass `weftHost` to the module factory, or set globalThis.weftHost before loading the module in a worker",
        );
      }
      weftBoundHost["bind"](wasmMemory, weftFunctions);
    }
    return weftBoundHost;
  },
};

for (const [name, [method, types]] of Object.entries(weftHostImports)) {
  const parameters = [...types].map((_, i) => `a${i}`);
  // An address or size (p) is unsigned; wasm hands it over signed.
  const values = [...types].map((type, i) => (type === "p" ? `a${i} >>> 0` : `a${i}`));
  weftHostLibrary[`${name}__deps`] = ["$weftRealmHost"];
  weftHostLibrary[name] = new Function(
    ...parameters,
    `return weftRealmHost()["${method}"](${values.join(", ")});`,
  );
}

addToLibrary(weftHostLibrary);
