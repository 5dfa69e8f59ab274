#!/bin/sh
# Builds the system-call layer natively and runs its tests, under ThreadSanitizer and
# under AddressSanitizer with UndefinedBehaviorSanitizer. Usage: test-sys.sh [TEST...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${WEFT_TEST_OUT:-${TMPDIR:-/tmp}/weft-test-sys-$(id -u)}
CC=${CC:-cc}
flags="-std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -g -Wall -Wextra -pthread"
flags="$flags -I$root/wasm/include -I$root/wasm/sys -I$root/test/sys"
# These define functions that this machine's C library has itself.
sources=$(grep -v -e syscalls_emscripten.c -e netdb.c -e users.c "$root/wasm/sys/sources.txt")
tests=${*:-$(cd "$root/test/sys" && ls test-*.c | sed 's/^test-//; s/\.c$//')}

build() { # sanitizers, directory
  mkdir -p "$2"
  for source in $sources; do echo "$root/wasm/sys/$source"; done >"$2/list"
  echo "$root/test/sys/host-posix.c" >>"$2/list"
  for test in $tests; do echo "$root/test/sys/test-$test.c"; done >>"$2/list"
  headers=$(ls -t "$root"/wasm/sys/*.h "$root"/wasm/include/*.h "$root"/test/sys/*.h | head -1)
  : >"$2/stale"
  while read -r source; do
    object="$2/$(basename "$source" .c).o"
    [ "$object" -nt "$source" ] && [ "$object" -nt "$headers" ] || echo "$source" >>"$2/stale"
  done <"$2/list"
  xargs -P "$(nproc)" -I{} sh -c \
    'object="$1/$(basename "$2" .c).o"; $3 $4 $5 -c "$2" -o "$object"' \
    _ "$2" {} "$CC" "$flags" "$1" <"$2/stale"
  library=
  for source in $sources host-posix.c; do library="$library $2/${source%.c}.o"; done
  for test in $tests; do
    $CC $flags $1 -o "$2/test-$test" "$2/test-$test.o" $library -lz
  done
}

failed=0
run() { # directory
  for test in $tests; do
    "$1/test-$test" || failed=1
  done
}

export TSAN_OPTIONS="halt_on_error=0 exitcode=66 second_deadlock_stack=1"
export ASAN_OPTIONS="detect_leaks=1 allocator_may_return_null=1"
export UBSAN_OPTIONS="halt_on_error=1 print_stacktrace=1"
build "-fsanitize=thread" "$out/tsan"
echo "ThreadSanitizer"
run "$out/tsan"
build "-fsanitize=address,undefined -fno-sanitize-recover=undefined" "$out/asan"
echo "AddressSanitizer, UndefinedBehaviorSanitizer"
run "$out/asan"
exit $failed
