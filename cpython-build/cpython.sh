#!/bin/sh
# Configures and compiles CPython into static libraries; nothing is linked here.
#
# Input (environment): SOURCE (patched tree; the work folder is beside it, so
# that the relative path to it, which enters the binary, is always the same),
# WEFT_LIBS (prefix of the libraries), OUT, VARIANT, RECIPE (this folder), JOBS,
# PREFIX, BUILD_PYTHON, WEFT_OPT, WEFT_CFLAGS, COUNTING_CFLAGS (to count what runs), COUNTED_CFLAGS (to compile
# by what was counted), TOGETHER_CFLAGS (to optimise files together).
set -eu

config_args=
case $VARIANT in
  release) config_args=--disable-test-modules ;;
  test | counting) ;;
  debug) config_args=--with-pydebug ;;
  *) echo "unknown variant $VARIANT" >&2; exit 2 ;;
esac

# makesetup reads Setup.local first: this is how modules that configure rules
# out for Emscripten in general, but that our system layer supports, get in.
mkdir -p Modules
cat "$RECIPE/modules/Setup.common" > Modules/Setup.local
if [ "$VARIANT" != release ]; then
  cat "$RECIPE/modules/Setup.test" >> Modules/Setup.local
fi
if [ "$VARIANT" = counting ]; then
  cat "$RECIPE/modules/Setup.counting" >> Modules/Setup.local
  cp "$RECIPE/modules/_weft_counters.c" "$SOURCE/Modules/"
fi

# With CFLAGS given, configure does not add a -g of its own. The libraries are
# named by flags because there is no pkg-config for the target.
CONFIG_SITE="$RECIPE/config.site" emconfigure "$SOURCE/configure" -q \
  --host=wasm32-unknown-emscripten --build="$("$SOURCE/config.guess")" --with-build-python="$BUILD_PYTHON" \
  --prefix="$PREFIX" --disable-gil --disable-shared --enable-wasm-pthreads --with-emscripten-target=node \
  --enable-ipv6 --without-ensurepip --without-readline $config_args \
  OPT="$WEFT_OPT" CFLAGS="$WEFT_CFLAGS" \
  ZLIB_CFLAGS="-I$WEFT_LIBS/include" ZLIB_LIBS="-L$WEFT_LIBS/lib -lz" \
  BZIP2_CFLAGS="-I$WEFT_LIBS/include" BZIP2_LIBS="-L$WEFT_LIBS/lib -lbz2" \
  LIBLZMA_CFLAGS="-I$WEFT_LIBS/include" LIBLZMA_LIBS="-L$WEFT_LIBS/lib -llzma" \
  LIBFFI_CFLAGS="-I$WEFT_LIBS/include" LIBFFI_LIBS="-L$WEFT_LIBS/lib -lffi" \
  LIBSQLITE3_CFLAGS="-I$WEFT_LIBS/include" LIBSQLITE3_LIBS="-L$WEFT_LIBS/lib -lsqlite3"

counted= together=
case $VARIANT in
  counting) counted=$COUNTING_CFLAGS ;;
  release | test)
    "$BUILD_PYTHON" -I "$RECIPE/profile/counts.py" text "$RECIPE/profile/counts.txt" counts.proftext
    llvm_root=$(em-config LLVM_ROOT)
    # Debian's names end with the version.
    for profdata in "$llvm_root/llvm-profdata" "$llvm_root"/llvm-profdata-[0-9]*; do
      [ ! -x "$profdata" ] || break
    done
    together=$TOGETHER_CFLAGS
    if [ -x "$profdata" ]; then
      "$profdata" merge -o counts.profdata counts.proftext
      counted="$COUNTED_CFLAGS -fprofile-instr-use=$PWD/counts.profdata"
    else
      echo "$llvm_root has no llvm-profdata: CPython is compiled without its profile, and is slower" >&2
    fi
    ;;
esac

mkdir -p "$OUT/lib" "$OUT/include" "$OUT/sysconfig"
status=0
emmake make -s -j"$JOBS" -f Makefile -f "$RECIPE/modules/static.mk" OUT="$OUT" COUNTED_CFLAGS="$counted" TOGETHER_CFLAGS="$together" \
  weft-static 2> make.err || status=$?
cat make.err >&2
[ "$status" = 0 ] || exit "$status"
if [ -f counts.profdata ]; then
  "$BUILD_PYTHON" -I "$RECIPE/profile/counts.py" stale "$RECIPE/profile/counts.txt" make.err > "$OUT/profile.json"
fi
"$BUILD_PYTHON" -I "$RECIPE/modules/tables.py" "$OUT"/lib/libpython*.a "$OUT/tables" "$OUT/include/weft_tables.h"
