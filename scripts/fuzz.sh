#!/usr/bin/env bash
# Fuzzes the Java parsers with Jazzer, coverage-guided, from the committed corpus on. Ends with 1 if anything but a typed
# exception escaped, took more than 512 MB of heap (pictures 1 GB), or more than ten seconds; the input is kept in target/fuzz. For Linux.
#
#   scripts/fuzz.sh              every parser for ten minutes, all at once
#   scripts/fuzz.sh 60           for a minute
#   scripts/fuzz.sh 60 prompt    one of model-file npy-file prompt merges type-rules picture
#   scripts/fuzz.sh --merge      keeps what was found: makes the committed corpus the least that reaches the same code
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

jazzer=0.30.0
merge=
[[ ${1:-} != --merge ]] || { merge=1 && shift; }
seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
(($#)) || set -- model-file npy-file prompt merges type-rules picture

lock_tree
require_tools

work=$root/target/fuzz
mkdir -p "$work"
say "Building."
# One run of Maven: the modules find each other's classes only within it.
maven -q test-compile org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath \
    -pl bindings,cache,native,demo-model,hub,api,server,cli -Dmdep.outputFile=target/fuzz-classpath -Dmdep.includeScope=test
for artifact in jazzer jazzer-api; do
    maven -q -N org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
        "-Dartifact=com.code-intelligence:$artifact:$jazzer" "-DoutputDirectory=$work" -Dmdep.useBaseVersion=true
done

corpus_of() {
    case $1 in
        picture) printf %s "$root/cli/src/test/resources/dev/diffusion4j/cli/picture/$1" ;;
        *) printf %s "$root/api/src/test/resources/dev/diffusion4j/fuzz/$1" ;;
    esac
}

# fuzz NAME ARGUMENTS...: libFuzzer's options and folders. An expression from outside is what type rules are, no injection.
fuzz() {
    local name=$1 module=$root/api package=dev.diffusion4j.fuzz heap=512m words=() dictionary=() path
    shift
    [[ $name != picture ]] || module=$root/cli package=dev.diffusion4j.cli.picture heap=1g
    path=$work/jazzer-$jazzer.jar:$work/jazzer-api-$jazzer.jar
    path+=:$module/target/test-classes:$module/target/classes:$(<"$module/target/fuzz-classpath")
    IFS=- read -r -a words <<<"$name"
    [[ ! -f $(corpus_of "$name").dict ]] || dictionary=("-dict=$(corpus_of "$name").dict")
    "$jdk/bin/java" "-Xmx$heap" -Xss1m -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED \
        --sun-misc-unsafe-memory-access=allow -cp "$path" com.code_intelligence.jazzer.Jazzer \
        "--target_class=$package.$(printf '%s' "${words[@]^}")Fuzzer" "--reproducer_path=$work" \
        --disabled_hooks=com.code_intelligence.jazzer.sanitizers.RegexInjection \
        "--instrumentation_includes=dev.diffusion4j.**:com.fasterxml.jackson.core.**:com.twelvemonkeys.**" \
        "-artifact_prefix=$work/$name-" "${dictionary[@]}" -timeout=10 -rss_limit_mb=0 -max_len=16384 "$@"
}

# Into a new folder, which then takes the corpus' place: what was only a step on the way goes.
merge_one() {
    local corpus least
    mkdir -p "$work/$1"
    corpus=$(corpus_of "$1") least=$(mktemp -d -p "$work")
    fuzz "$1" -merge=1 "$least" "$corpus" "$work/$1"
    rm -rf "$corpus"
    mv "$least" "$corpus"
    chmod 755 "$corpus"
}

status=0
if [[ -n $merge ]]; then
    for name in "$@"; do
        say "Merging $name."
        merge_one "$name" >"$work/$name-merge.log" 2>&1 || status=1
    done
    exit $status
fi

say "Fuzzing $* for $seconds seconds each; $work/*.log have all of it."
running=()
for name in "$@"; do
    mkdir -p "$work/$name"
    fuzz "$name" "-max_total_time=$seconds" -print_final_stats=1 "$work/$name" "$(corpus_of "$name")" \
        >"$work/$name.log" 2>&1 &
    running+=($!)
done
for name in "$@"; do
    if ! wait "${running[0]}"; then
        status=1
        say "$name: something escaped."
        grep -A 12 '== Java Exception\|ERROR: libFuzzer' "$work/$name.log" | head -n 30 >&2 || true
    fi
    running=("${running[@]:1}")
    say "$name: $(grep -o 'DONE.*\|stat::number_of_executed_units.*\|stat::peak_rss_mb.*' "$work/$name.log" | tr -s ' \n' ' ')"
done
exit $status
