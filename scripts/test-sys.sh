#!/bin/sh
# Builds the system-call layer natively and runs its tests, under ThreadSanitizer and
# under AddressSanitizer with UndefinedBehaviorSanitizer. Usage: test-sys.sh [TEST...]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
out=${WEFT_TEST_OUT:-${WEFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/weft}/sys-tests}
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
CC=${CC:-cc}
flags="-std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -O1 -g -Wall -Wextra -pthread"
flags="$flags -I$root/wasm/include -I$root/wasm/sys -I$root/test/sys"
# These define functions that this machine's C library has itself.
sources=$(grep -v -e syscalls_emscripten.c -e netdb.c -e users.c "$root/wasm/sys/sources.txt")
tests=${*:-$(cd "$root/test/sys" && ls test-*.c | sed 's/^test-//; s/\.c$//')}

# Objects are kept by what they are made of: a new checkout has the same contents, and new times. They name no checkout.
build() { # name, sanitizers
  mkdir -p "$out/objects" "$programs/$1"
  find "$out/objects" -type f -mtime +30 -delete
  common=$( ($CC --version; echo "$flags $2"; cat "$root"/wasm/sys/*.h "$root"/wasm/include/*.h "$root"/test/sys/*.h) | sha256sum)
  list="$programs/$1/list"
  for source in $sources; do echo "$root/wasm/sys/$source"; done >"$list"
  echo "$root/test/sys/host-posix.c" >>"$list"
  for test in $tests; do echo "$root/test/sys/test-$test.c"; done >>"$list"
  while read -r source; do
    key=$( (echo "$common"; cat "$source") | sha256sum)
    echo "$source $out/objects/$(basename "$source" .c)-${key%% *}.o"
  done <"$list" >"$list.objects"
  xargs -P "$(nproc)" -L 1 sh -euc '
    [ -e "$5" ] && exit 0
    $1 $2 "-ffile-prefix-map=$3/=" -c "$4" -o "$5.$$"
    mv "$5.$$" "$5"' _ "$CC" "$flags $2" "$root" <"$list.objects"
  object() { sed -n "s|^.*/$1\.c ||p" "$list.objects"; }
  library=
  for source in $sources host-posix.c; do library="$library $(object "${source%.c}")"; done
  for test in $tests; do
    $CC $flags $2 -o "$programs/$1/test-$test" "$(object "test-$test")" $library -lz
  done
}

failed=0
run() { # name
  for test in $tests; do
    "$programs/$1/test-$test" || failed=1
  done
}

export TSAN_OPTIONS="halt_on_error=0 exitcode=66 second_deadlock_stack=1"
export ASAN_OPTIONS="detect_leaks=1 allocator_may_return_null=1"
export UBSAN_OPTIONS="halt_on_error=1 print_stacktrace=1"
build tsan "-fsanitize=thread"
echo "ThreadSanitizer"
run tsan
build asan "-fsanitize=address,undefined -fno-sanitize-recover=undefined"
echo "AddressSanitizer, UndefinedBehaviorSanitizer"
run asan
exit $failed
