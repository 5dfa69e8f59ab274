#!/bin/sh
# Builds the free-threaded CPython for this machine, from the same source and without our patches, with the parts
# that benchmarks need. OUT can be moved: PYTHONHOME names it.
#
# Input (environment): SOURCE (unpacked tree; the work folder is the current one), NATIVE_LIBS (prefix of zlib and
# sqlite), OUT, JOBS, PGO (yes or no), HOSTCC, BUILD_CFLAGS.
set -eu

optimizations=
if [ "$PGO" = yes ]; then
  optimizations=--enable-optimizations
  # Where clang has it; configure looks for it on PATH, by a name without a version.
  profdata=$("$HOSTCC" -print-prog-name=llvm-profdata)
  case $profdata in
    /*) export LLVM_PROFDATA="$profdata" ;;
  esac
else
  # The training runs CPython's tests; nobody else needs them.
  optimizations=--disable-test-modules
fi

"$SOURCE/configure" -q --prefix=/usr --disable-gil --without-ensurepip --without-readline $optimizations \
  CC="$HOSTCC" CFLAGS="$BUILD_CFLAGS" \
  ZLIB_CFLAGS="-I$NATIVE_LIBS/include" ZLIB_LIBS="-L$NATIVE_LIBS/lib -lz" \
  LIBSQLITE3_CFLAGS="-I$NATIVE_LIBS/include" LIBSQLITE3_LIBS="-L$NATIVE_LIBS/lib -lsqlite3 -lm"
make -s -j"$JOBS"

library="$OUT/lib/python3.13t"
mkdir -p "$OUT/bin" "$library/lib-dynload"
cp python "$OUT/bin/python3.13t"
cp -R "$SOURCE/Lib/." "$library/"
rm -rf "$library/test" "$library/lib2to3" "$library/tkinter"
build=$(cat pybuilddir.txt)
cp "$build"/*.so "$library/lib-dynload/"
cp "$build"/_sysconfigdata*.py "$library/"

# Compiled bytecode is part of it, as in an installation; and these must be there.
PYTHONHOME="$OUT" PYTHONDONTWRITEBYTECODE= "$OUT/bin/python3.13t" -c 'import sqlite3, zlib, sys; assert not sys._is_gil_enabled()'
PYTHONHOME="$OUT" PYTHONDONTWRITEBYTECODE= "$OUT/bin/python3.13t" -m compileall -q "$library"
