#!/usr/bin/env bash
# Regenerates the bindings from native/shim/d4j.h with jextract.
#
#   bindings/regenerate.sh           writes src/main/java/dev/diffusion4j/bindings anew
#   bindings/regenerate.sh --check   generates elsewhere and compares with what is committed:
#                                    0 equal, 1 different (the difference is shown), 2 the check could not be made;
#                                    where there is no jextract, one line says so and the exit code is 0
#
# JEXTRACT_HOME     where jextract is installed; without it, jextract is taken from PATH
# SDCPP_SOURCE_DIR  the pinned runtime source; without it, the copy in the native build's cache
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
header=$here/../native/shim/d4j.h
package=dev/diffusion4j/bindings
committed=$here/src/main/java/$package

fail() {
    echo "regenerate.sh: $1" >&2
    exit 2
}

check=false
case "${1:-}" in
    "") ;;
    --check) check=true ;;
    *) fail "unknown option $1; the only one is --check" ;;
esac

# int64_t is long on Linux and long long on macOS: the same 8 bytes, but other names in the generated code.
if [[ $(uname -s) != Linux ]]; then
    if $check; then
        echo "bindings not checked: they are generated on Linux"
        exit 0
    fi
    fail "run this on Linux"
fi

if [[ -n ${JEXTRACT_HOME:-} ]]; then
    jextract=$JEXTRACT_HOME/bin/jextract
    [[ -x $jextract ]] || jextract=
else
    jextract=$(command -v jextract || true)
fi
if [[ -z $jextract ]]; then
    if $check; then
        echo "bindings not checked: jextract not found"
        exit 0
    fi
    fail "jextract not found; install jextract 25 and put it on PATH or set JEXTRACT_HOME"
fi

pin() {
    sed -nE "$1" "$here/../cmake/RuntimePin.cmake"
}
package_name=$(pin 's/^set\(D4J_RUNTIME_PACKAGE "(.*)"\)$/\1/p')
package_version=$(pin 's/^set\(D4J_RUNTIME_VERSION "(.*)"\)$/\1/p')
digest=$(pin 's|^ *"include/stable-diffusion\.h=([0-9a-f]{64})".*|\1|p')
cached=${XDG_CACHE_HOME:-$HOME/.cache}/diffusion4j/source/$package_name-$package_version/stable-diffusion.cpp
include=${SDCPP_SOURCE_DIR:-$cached}/include
[[ -f $include/stable-diffusion.h ]] ||
    fail "there is no $include/stable-diffusion.h; build native/ once or set SDCPP_SOURCE_DIR"
[[ $(sha256sum < "$include/stable-diffusion.h") == "$digest  -" ]] ||
    fail "$include/stable-diffusion.h is not the one that cmake/RuntimePin.cmake names"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# jextract says of the shim's opaque handles that it skips them, which is right: they are plain pointers here.
run() {
    "$jextract" -I "$include" "$@" "$header" 2> "$work/errors" || { cat "$work/errors" >&2; fail "jextract failed"; }
    if grep -q ': error: ' "$work/errors"; then
        cat "$work/errors" >&2
        fail "the header has errors"
    fi
}

# The allow-list: everything that d4j.h declares, and of the runtime's header what includes.txt names.
run --dump-includes "$work/all.txt"
sed -nE 's|^(--include-[a-z]+ [^ ]+) *# header: .*/d4j\.h$|\1|p' "$work/all.txt" > "$work/allowed.txt"
[[ -s $work/allowed.txt ]] || fail "jextract found nothing in d4j.h"
sed -nE 's|^(--include-[a-z]+ [^ ]+).*|\1|p' "$work/all.txt" | sort > "$work/known.txt"
grep -E '^--include-' "$here/includes.txt" | sort > "$work/wanted.txt"
missing=$(comm -13 "$work/known.txt" "$work/wanted.txt")
[[ -z $missing ]] || fail "includes.txt names what stable-diffusion.h does not have:
$missing"
cat "$work/wanted.txt" >> "$work/allowed.txt"

version=$("$jextract" --version 2>&1 | head -n 1)
run "@$work/allowed.txt" --target-package "${package//\//.}" --header-class-name D4j --output "$work/java"

if $check; then
    if diff -ru "$committed" "$work/java/$package"; then
        echo "bindings checked: equal to a fresh run of $version"
    else
        echo "bindings differ from a fresh run of $version; run bindings/regenerate.sh and commit the result" >&2
        exit 1
    fi
else
    rm -rf "$committed"
    mkdir -p "$committed"
    cp -R "$work/java/$package/." "$committed"
    echo "wrote $(find "$committed" -name '*.java' | wc -l) files with $version"
fi
