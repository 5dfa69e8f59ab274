#!/bin/sh
# Links the system-call layer with plain C into a wasm module and runs it under Node:
# proves that names and layouts fit the C library. EMCC names the compiler; ZLIB_CFLAGS
# and ZLIB_LIBS say where a zlib built with -pthread is.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
EMCC=${EMCC:-emcc}
sources=$(sed "s#^#$root/wasm/sys/#" "$root/wasm/sys/sources.txt")
# shellcheck disable=SC2086
$EMCC -std=gnu11 -D_GNU_SOURCE -O1 -pthread -Wall -Wextra -I"$root/wasm/include" -I"$root/wasm/sys" \
  ${ZLIB_CFLAGS-} "$root/test/sys/wasm-smoke.c" $sources ${ZLIB_LIBS--lz} -o "$out/smoke.mjs" \
  --js-library "$root/wasm/host-library.js" -sFILESYSTEM=0 -sMODULARIZE -sEXPORT_ES6 \
  -sEXPORTED_FUNCTIONS=_main,_malloc,_free -sEXPORTED_RUNTIME_METHODS=wasmMemory \
  -sINCOMING_MODULE_JS_API=weftHost,noExitRuntime,onExit -sEXIT_RUNTIME=1 -sASSERTIONS=1 \
  -sPTHREAD_POOL_SIZE=12 -sALLOW_MEMORY_GROWTH -sINITIAL_MEMORY=64MB -sMAXIMUM_MEMORY=1GB \
  -sSTACK_SIZE=1MB -sENVIRONMENT=node,worker -Wno-pthreads-mem-growth
"$root/node_modules/.bin/esbuild" "$root/src/hosts/node/host-fs.ts" --bundle --format=esm \
  --platform=node --outfile="$out/host-fs.mjs" --log-level=warning
node "$root/test/sys/make-zip.mjs" "$out/test.zip"
mkdir "$out/folder"
WEFT_TEST_HOST_FS="$out/host-fs.mjs" node --import "$root/test/sys/wasm-smoke-host.mjs" \
  "$root/test/sys/wasm-smoke.mjs" "$out/smoke.mjs" "$out/folder" "$out/test.zip"
