#!/usr/bin/env bash
# Makes the bundle for machines with a GPU and uses it as on one without a GPU: in an empty folder, with no JDK, Maven or
# cargo, no environment and no network. Builds the CPU library, which takes as long as it does.
#
#   scripts/gpu-bundle-test.sh             makes the bundle first
#   scripts/gpu-bundle-test.sh FOLDER      takes this one
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"
require_tools xz python3

most_mebibytes=60
minutes=60

fail() { say "gpu-bundle: $*" && exit 1; }

bundle=${1:-}
if [[ -z $bundle ]]; then
    bundle=$root/target/gpu-bundle
    "$here/gpu-bundle.sh" "$bundle"
fi
size=$(find "$bundle" -type f -exec cat {} + | wc -c)
((size <= most_mebibytes << 20)) || fail "$size bytes are more than $most_mebibytes MiB"

machine=$root/target/gpu-bundle-test
rm -rf "$machine"
mkdir -p "$machine/tools" "$machine/home"
cp -R "$bundle" "$machine/bundle"
IFS=: read -r -a folders <<<"$PATH"
for folder in "${folders[@]}"; do
    for tool in "$folder"/*; do
        case ${tool##*/} in
            java | javac | jar | jlink | jshell | mvn | cargo | rustc | rustup | ccache) ;;
            *) [[ -e $machine/tools/${tool##*/} || ! -x $tool ]] || ln -s "$tool" "$machine/tools" ;;
        esac
    done
done
environment=("PATH=$machine/tools")
if command -v ccache >/dev/null; then # the one thing more, so that another test does not compile it all again
    ln -s "$(command -v ccache)" "$machine/tools"
    environment+=("HOME=${HOME:-$machine/home}")
fi
alone=()
if [[ $(id -u) == 0 ]] && unshare --net true 2>/dev/null; then
    alone=(unshare --net)
else
    say "Not run: without a network, which takes root."
fi

run() { "${alone[@]}" env -i "${environment[@]}" "$machine/bundle/run.sh" --backend cpu --out "$machine/out" "$@" >&2; }

# results EXPRESSION: Python's answer about results.json, which it reads first
results() { python3 -c "
import json, sys
results = json.load(open(sys.argv[1], encoding='utf-8'))
stages = {stage['name']: stage for stage in results['stages']}
print($1)" "$machine/out/results.json"; }

expect() {
    local answer
    answer=$(results "$1") || fail "results.json cannot be read"
    [[ $answer == "$2" ]] || { cat "$machine/out/results.json" >&2 && fail "$1 is $answer, not $2"; }
}

say "A run without anything unpacked: stages fail, the next one follows, the results are whole."
code=0
run --quick --only "library draw modes" || code=$?
[[ $code == 1 ]] || fail "its exit code is $code"
expect "[results['finished'], *(stage['status'] for stage in results['stages'])]" "[True, 'failed', 'failed', 'not run']"

say "A run that has no time."
run --quick --minutes 0 || fail "it fails"
expect "{stage['status'] for stage in results['stages']}" "{'not run'}"

say "The whole run."
code=0
run --quick --minutes "$minutes" || code=$?
expect "[name for name, stage in stages.items() if stage['status'] == 'failed']" "[]"
[[ $code == 0 ]] || fail "its exit code is $code"
expect "results['finished']" True
expect "' '.join(stages)" "environment unpack configure build library draw suite modes sanitizer sd15 sdxl torch"
expect "{name for name, stage in stages.items() if stage['status'] == 'not run'} - {'modes', 'sanitizer', 'torch'}" "set()"
expect "all(stage['reason'] for stage in stages.values() if stage['status'] == 'not run')" True
expect "[figure['psnr'] for figure in stages['draw']['figures'] if 'psnr' in figure]" "['equal']"
expect "stages['suite']['failed'] == 0 and stages['suite']['passed'] >= 15" True
expect "len([figure for figure in stages['suite']['figures'] if figure['kind'] == 'part']) >= 10" True
for stage in sd15 sdxl; do
    expect "all(figure[key] > 0 for figure in stages['$stage']['figures'] if figure['kind'] == 'drawing'
        for key in ('pictures_a_second', 'seconds_a_step', 'seconds_to_decode', 'process_mib_at_most'))" True
    expect "sorted({figure['size'] for figure in stages['$stage']['figures'] if figure['kind'] == 'drawing'})" "[64, 128]"
done
for file in log.txt cpu.png gpu.png; do
    [[ -s $machine/out/$file ]] || fail "there is no $file"
done

say "The bundle works: $(results "results['seconds']") s, $size bytes."
