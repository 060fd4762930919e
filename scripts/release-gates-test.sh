#!/usr/bin/env bash
# Shows that each gate of release-gates.sh can fail, on jars with small libraries made to fail it. Takes seconds; needs a C
# compiler and, as the gates do, Linux.
set -uo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"
find_jdk || require_tools

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
arch=$(uname -m)
classifier=linux-$arch-cpu
passed=0 failures=0

# library OPTIONS...: a library of two megabytes that exports d4j_abi_version.
library() {
    printf '%s\n' '#include <stdio.h>' 'const char d4j_padding[2 << 20] = {1};' \
        'int d4j_abi_version(void) { puts(d4j_padding); return 1; }' "${extra:-}" >"$work/library.c"
    cc -shared -fPIC -o "$work/lib.so" "$work/library.c" "$@"
}

describe() { # what natives.properties says of the library as it is now
    printf '%s\n' file=lib.so "sha256=$(sha256sum <"$work/lib.so" | cut -d ' ' -f 1)" \
        "size=$(($(wc -c <"$work/lib.so")))" os=linux "arch=$arch" backend=cpu >"$work/natives.properties"
}

pack() { # [FOLDER [JAR]]
    local folder=$work/content/META-INF/diffusion4j/${1:-$classifier}
    jar=$work/natives-${2:-$classifier}.jar
    rm -rf "$work/content" "$work"/natives-*.jar && mkdir -p "$folder"
    cp "$work/lib.so" "$work/natives.properties" "$folder/"
    "$jdk/bin/jar" cf "$jar" -C "$work/content" META-INF
}

# gates WHAT STATUS WORDS OPTIONS...: what the gates must say of the jar.
gates() {
    local what=$1 status=$2 words=$3 output code
    shift 3
    output=$("$root/scripts/release-gates.sh" "$@" "$jar" 2>&1)
    code=$?
    if ((code == status)) && grep -q -F "$words" <<<"$output" && { ((status == 0)) || ((failing == $(grep -c FAILED <<<"$output"))); }; then
        passed=$((passed + 1))
    else
        failures=$((failures + 1))
        printf 'FAILED: %s\n--- exit code %s, expected "%s" in:\n%s\n' "$what" "$code" "$words" "$output"
    fi
}
failing=1

library && describe && pack
gates "a library as it should be passes" 0 "ok      system: needs glibc" --no-load
gates "but is not loaded, if it is another one" 1 "FAILED  load: diffuse:"
gates "a newer glibc than allowed" 1 "FAILED  system: needs glibc" --no-load --max-glibc 2.1

pack "$classifier" linux-other-cpu
gates "another classifier in the jar's name" 1 "FAILED  contents: $classifier in natives-linux-other-cpu.jar" --no-load
pack linux-other-cpu
gates "a library in another place" 1 "FAILED  contents: linux-other-cpu in" --no-load
rm -r "$work/content/META-INF/diffusion4j" && "$jdk/bin/jar" cf "$jar" -C "$work/content" META-INF
gates "an empty jar" 1 "FAILED  contents: expected one" --no-load
pack && rm "$work/content/META-INF/diffusion4j/$classifier/lib.so" && "$jdk/bin/jar" cf "$jar" -C "$work/content" META-INF
gates "a description without a library" 1 "FAILED  contents: the library that" --no-load
echo "no jar" >"$jar"
gates "what is no jar" 1 "FAILED  contents: the file cannot be read" --no-load

printf x >>"$work/lib.so" && pack
gates "a library that was changed" 1 "FAILED  checksum" --no-load
head -c 100000 /dev/zero >"$work/lib.so" && describe && pack
failing=2
gates "a library that is too small" 1 "FAILED  size: 100000 bytes" --no-load
head -c $((151 << 20)) /dev/zero >"$work/lib.so" && describe && pack
gates "a library that is too large" 1 "FAILED  size: 158334976 bytes" --no-load
gates "what is no library" 1 "FAILED  architecture: $arch is announced, the library is for no processor" --no-load
failing=1

library
printf '\363\000' | dd of="$work/lib.so" bs=1 seek=18 conv=notrunc 2>/dev/null # RISC-V
describe && pack
gates "a library for another processor" 1 "FAILED  architecture: $arch is announced, the library is for RISC-V" --no-load

extra='int helper(void) { return 1; }' library && describe && pack
gates "an export that is not ours" 1 "FAILED  exports: helper" --no-load
library -Wl,-soname,other -Dd4j_abi_version=d4j_other && describe && pack
gates "an interface that is missing" 1 "FAILED  exports: d4j_abi_version is not there" --no-load

echo 'int other;' >"$work/other.c" && cc -shared -fPIC -o "$work/libother.so" "$work/other.c"
library -Wl,--no-as-needed -L"$work" -lother && describe && pack
gates "a dependency that is not everywhere" 1 "FAILED  dependencies: not to be expected everywhere: libother.so" --no-load
library -Wl,-rpath,/opt/build && describe && pack
gates "a search path of the builder's" 1 "FAILED  search path" --no-load

echo "release gates: $passed passed, $failures failed"
exit $((failures > 0))
