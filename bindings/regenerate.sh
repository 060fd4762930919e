#!/usr/bin/env bash
# Regenerates the bindings from native/shim/d4j.h with jextract.
#
#   bindings/regenerate.sh           writes src/main/java/dev/diffusion4j/bindings anew
#   bindings/regenerate.sh --check   generates elsewhere and compares with what is committed:
#                                    0 equal or no jextract here, 1 different (the difference is shown)
#
# JEXTRACT_HOME     where jextract is installed; without it, jextract is taken from PATH
# SDCPP_SOURCE_DIR  the pinned runtime source; without it, the copy that the native build keeps in its cache
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

include=
cache=${XDG_CACHE_HOME:-$HOME/.cache}/diffusion4j/source
for root in ${SDCPP_SOURCE_DIR:+"$SDCPP_SOURCE_DIR"} $([[ -n ${SDCPP_SOURCE_DIR:-} ]] || ls -d "$cache"/* 2>/dev/null); do
    for candidate in "$root/include" "$root/stable-diffusion.cpp/include"; do
        [[ -f $candidate/stable-diffusion.h ]] && include=$candidate
    done
done
[[ -n $include ]] || fail "stable-diffusion.h not found; build native/ once or set SDCPP_SOURCE_DIR"

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

run "@$work/allowed.txt" --target-package "${package//\//.}" --header-class-name D4j --output "$work/java"

if $check; then
    if diff -ru "$committed" "$work/java/$package"; then
        echo "bindings checked: equal to a fresh run of $("$jextract" --version 2>&1 | head -n 1)"
    else
        echo "bindings differ from a fresh run of $("$jextract" --version 2>&1 | head -n 1);" \
            "run bindings/regenerate.sh and commit the result" >&2
        exit 1
    fi
else
    rm -rf "$committed"
    mkdir -p "$committed"
    cp -R "$work/java/$package/." "$committed"
    echo "wrote $(find "$committed" -name '*.java' | wc -l) files with $("$jextract" --version 2>&1 | head -n 1)"
fi
