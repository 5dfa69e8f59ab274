#!/bin/sh
# Configures and compiles CPython for WASI into static libraries; nothing is linked here.
#
# Input (environment): SOURCE (patched tree; the work folder is beside it, so that the relative path to it, which
# enters the binary, is always the same), WEFT_LIBS, OUT, RECIPE (the folder above this one), JOBS, PREFIX,
# BUILD_PYTHON, CC, AR, WEFT_OPT, WEFT_CFLAGS.
set -eu

CONFIG_SITE="$RECIPE/solo/config.site" "$SOURCE/configure" -q \
  --host=wasm32-unknown-wasi --build="$("$SOURCE/config.guess")" --with-build-python="$BUILD_PYTHON" \
  --prefix="$PREFIX" --disable-gil --disable-shared --without-ensurepip --without-readline --disable-test-modules \
  CC="$CC" AR="$AR" OPT="$WEFT_OPT" CFLAGS="$WEFT_CFLAGS" \
  ZLIB_CFLAGS="-I$WEFT_LIBS/include" ZLIB_LIBS="-L$WEFT_LIBS/lib -lz" \
  BZIP2_CFLAGS="-I$WEFT_LIBS/include" BZIP2_LIBS="-L$WEFT_LIBS/lib -lbz2" \
  LIBLZMA_CFLAGS="-I$WEFT_LIBS/include" LIBLZMA_LIBS="-L$WEFT_LIBS/lib -llzma" \
  LIBSQLITE3_CFLAGS="-I$WEFT_LIBS/include" LIBSQLITE3_LIBS="-L$WEFT_LIBS/lib -lsqlite3"

mkdir -p "$OUT/lib" "$OUT/include" "$OUT/sysconfig"
make -s -j"$JOBS" -f Makefile -f "$RECIPE/modules/static.mk" OUT="$OUT" weft-static
