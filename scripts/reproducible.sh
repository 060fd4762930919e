#!/usr/bin/env bash
# Builds every artifact twice, from two clean clones of the last commit in folders of different names, and compares them byte
# by byte. Prints those that differ, and fails if any does.
#
#   scripts/reproducible.sh                   ccache may bring the objects of the second native build from the first
#   CCACHE_DISABLE=1 scripts/reproducible.sh  compiles everything twice, which takes twice as long as a first build
#   scripts/reproducible.sh --packed          compiles no native code: both pack the library that is built in this tree
#   KEEP=1 scripts/reproducible.sh            leaves the clones where something differs
#
# What has to be the same for equal natives: the compiler, the preset, and for a preset that is tuned for its machine (cpu)
# the processor.
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
require_tools

packed=
[[ ${1:-} == --packed ]] && packed=-Dexec.skip
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
origin=$root
clones=("$work/one" "$work/elsewhere/a second")

# Everything that is installed or deployed of the clone here, with its SHA-256.
artifacts() {
    find . -path '*/target/*.jar' ! -path '*/lib/*' ! -path './benchmarks/*' ! -path './server-clients/*' -o -path '*/target/bom.json' \
        -o -path './native/target/classes/*/sbom.cdx.json' -o -path './native/build/*/lib/*diffusion4j.*' |
        LC_ALL=C sort | while IFS= read -r file; do
            printf '%s  %s\n' "$(cmake -E sha256sum "$file" | cut -d ' ' -f 1)" "$file"
        done
}

for i in 0 1; do
    mkdir -p "$(dirname "${clones[i]}")"
    git clone --quiet "$origin" "${clones[i]}"
    say "Building the $((i + 1)). clone of $(git -C "${clones[i]}" rev-parse --short HEAD)"
    root=${clones[i]}
    if [[ -n $packed ]]; then
        mkdir -p "$root/native/build/$preset"
        cp -R "$origin/native/build/$preset/lib" "$root/native/build/$preset/lib"
    fi
    maven package -Prelease ${packed:+"$packed"} -DskipTests -pl '!benchmarks,!server-clients' >"$work/$i.log" 2>&1 || {
        tail -n 30 "$work/$i.log" >&2
        exit $exit_build_failed
    }
    (cd "$root" && artifacts) >"$work/$i.sums"
done

if ! diff "$work/0.sums" "$work/1.sums" >"$work/differences"; then
    say "These differ:"
    sed -n 's/^< [0-9a-f]*  /  /p' "$work/differences" >&2
    if [[ -n ${KEEP:-} ]]; then
        trap - EXIT
        say "The clones are in $work."
    fi
    exit 1
fi
cat "$work/0.sums"
say "Both builds of $(wc -l <"$work/0.sums" | tr -d ' ') files are equal."
