#!/usr/bin/env bash
# Runs tests on a native library that is built under sanitizers, and says what these found.
#
#   scripts/sanitize.sh address                     AddressSanitizer and UBSan: ctest and the tests of api
#   scripts/sanitize.sh address -Dtest=DrawingTest  these arguments go to Maven
#   scripts/sanitize.sh thread                      ThreadSanitizer: ctest and api's tests of concurrent use
#
# Ends with 1 if a test failed or if anything was found beyond what native/sanitizers/*.supp sets aside; docs/sanitizers.md
# says why it does. For Linux and GCC; needs Python 3 to sum up the reports.
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

# setup.sh's preset; maven builds it.
case ${1:-} in
    address) preset=asan ;;
    thread) preset=tsan ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 64
        ;;
esac
shift

lock_tree
require_tools

build=$root/native/build/$preset
reports=$build/reports/$(date +%Y%m%d-%H%M%S)
suppressions=$root/native/sanitizers
mkdir -p "$reports"

# A failed allocation has to reach the code that deals with it.
export ASAN_OPTIONS=log_path=$reports/asan:halt_on_error=0:allocator_may_return_null=1
export UBSAN_OPTIONS=log_path=$reports/ubsan:halt_on_error=0:print_stacktrace=1:suppressions=$suppressions/ubsan.supp
export LSAN_OPTIONS=suppressions=$suppressions/lsan.supp
export TSAN_OPTIONS=log_path=$reports/tsan:halt_on_error=0:suppressions=$suppressions/tsan.supp

# The JVM uses signals for itself and leaves memory to the end of the process.
signals=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:allow_user_segv_handler=1:use_sigaltstack=0
library() { "${CXX:-c++}" "-print-file-name=$1"; }
# The C++ runtime has to be there when a sanitizer looks for the functions that it stands in for.
if [[ $preset == asan ]]; then
    preload="$(library libasan.so) $(library libstdc++.so)"
    launch=(env "LD_PRELOAD=$preload" "ASAN_OPTIONS=$ASAN_OPTIONS:$signals:detect_leaks=0")
else
    preload="$(library libtsan.so) $(library libstdc++.so)"
    # ThreadSanitizer has fixed places for its memory, which randomised addresses may take.
    launch=(setarch -R env "LD_PRELOAD=$preload" "TSAN_OPTIONS=$TSAN_OPTIONS:$signals:report_signal_unsafe=0:exitcode=0")
    (($#)) || set -- '-Dtest=LifecycleTest#callsFromManyThreads*+twoModelsAtOnce*'
fi

# What Surefire starts for a java: a sanitizer must be in its process from the beginning, and in none of Maven's others.
java=$build/java/bin/java
mkdir -p "${java%/*}"
{
    echo '#!/usr/bin/env bash'
    printf 'exec'
    printf ' %q' "${launch[@]}" "$jdk/bin/java" "-Ddiffusion4j.library=$build/lib/libdiffusion4j.so"
    printf ' "$@"\n'
} >"$java"
chmod +x "$java"

say "Testing the preset $preset with the JDK in $jdk."
status=0
maven test -pl bindings,native,demo-model,api "-Djvm=$java" -Dsurefire.failIfNoSpecifiedTests=false "$@" || status=1
((status == 0)) || say "The tests failed."
python3 "$root/scripts/sanitizer_summary.py" "$reports" || status=1
exit $status
