#!/usr/bin/env bash
# Runs ctest and the tests of api on a native library that is built under sanitizers; docs/sanitizers.md has the details.
#
#   scripts/sanitize.sh address                     AddressSanitizer and UBSan, all tests but one
#   scripts/sanitize.sh address -Dtest=DrawingTest  these arguments go to Maven
#   scripts/sanitize.sh thread                      ThreadSanitizer, the tests of concurrent use
#
# Ends with 1 if a test failed or anything was found. For Linux and GCC; needs Python 3.
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

case ${1:-} in
    address) preset=asan ;;
    thread)
        preset=tsan
        # ThreadSanitizer has fixed places for its memory, which randomised addresses may take.
        [[ -n ${D4J_FIXED_ADDRESSES:-} ]] || D4J_FIXED_ADDRESSES=1 exec setarch -R "${BASH_SOURCE[0]}" "$@"
        ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 64
        ;;
esac
shift
if ((!$#)); then
    case $preset in
        # Instrumented, the regular expressions that take a prompt apart need more stack for it than the model's thread has.
        asan) set -- '-Dtest=!BadInputTest#promptOf100000Characters' ;;
        tsan) set -- '-Dtest=LifecycleTest#eightThreads*+twoModelsAtOnce*' ;;
    esac
fi

lock_tree
require_tools

build=$root/native/build/$preset
reports=$build/reports/$(date +%Y%m%d-%H%M%S)
mkdir -p "$reports" "$build/java/bin"

# A finding is written to a file of its process, which goes on. A failed allocation reaches the code that deals with it.
all=halt_on_error=0:log_path=$reports
export ASAN_OPTIONS=$all/asan:allocator_may_return_null=1
export UBSAN_OPTIONS=$all/ubsan:print_stacktrace=1:suppressions=$root/native/sanitizers/ubsan.supp
export TSAN_OPTIONS=$all/tsan:suppressions=$root/native/sanitizers/tsan.supp

# What Surefire starts in place of java. A sanitizer has to be in its process from the beginning, with the C++ runtime
# whose functions it stands in for, and before it what keeps a failed allocation an exception. The JVM uses signals for
# itself and leaves memory to the end of the process.
library() { "${CXX:-c++}" "-print-file-name=$1"; }
"${CXX:-c++}" -O1 -fPIC -shared -o "$build/failing_new.so" "$root/native/sanitizers/failing_new.cpp"
jvm=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:allow_user_segv_handler=1:use_sigaltstack=0
launcher=(env "LD_PRELOAD=$build/failing_new.so $(library "lib$preset.so") $(library libstdc++.so)"
    "ASAN_OPTIONS=$ASAN_OPTIONS:$jvm:detect_leaks=0:verify_asan_link_order=0"
    "TSAN_OPTIONS=$TSAN_OPTIONS:$jvm:report_signal_unsafe=0:exitcode=0"
    "$jdk/bin/java")
printf '#!/bin/sh\nexec%s "$@"\n' "$(printf " '%s'" "${launcher[@]}")" >"$build/java/bin/java"
chmod +x "$build/java/bin/java"

say "Testing the preset $preset with the JDK in $jdk."
status=0
maven test -pl bindings,cache,native,demo-model,api "-Djvm=$build/java/bin/java" -Dtest.forks=1 "-Ddiffusion4j.backend=$preset" \
    -Dsurefire.failIfNoSpecifiedTests=false -DreuseForks=false "$@" || status=1
((status == 0)) || say "The tests failed."
python3 "$root/scripts/sanitizer_summary.py" "$reports" || status=1
exit $status
