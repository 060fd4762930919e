#!/usr/bin/env bash
# Judges natives artifacts before they are released: what is in the jar, what the library is made of, whether it draws.
#
#   scripts/release-gates.sh [--max-glibc 2.28] [--no-load] native/target/diffusion4j-natives-0.1.0-linux-x86_64-cpu.jar...
#
# --max-glibc  fail if a library needs a newer glibc than that; without it, what it needs is only stated
# --no-load    do not draw with it
#
# Ends with 1 if a gate failed; every gate of every jar is tried. For libraries of Linux; needs binutils (readelf, nm),
# and ./diffuse built, whose Java part draws in a fresh JVM with the library of the jar.
set -uo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"
find_jdk || require_tools

max_glibc='' load=1
while [[ ${1:-} == --* ]]; do
    case $1 in
    --max-glibc) max_glibc=$2 && shift 2 ;;
    --no-load) load= && shift ;;
    *) echo "release-gates.sh: unknown option $1" >&2 && exit 2 ;;
    esac
done
(($#)) || { echo "release-gates.sh: name the jars to judge" >&2 && exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

passed_gate() { printf '  ok      %s\n' "$1"; }
failed_gate() {
    printf '  FAILED  %s\n' "$1"
    failed=1
}

property() { sed -n "s/^$1=//p" "$folder/natives.properties" | tr -d '\r'; }

# The most and the least megabytes that a library of this backend may have: outside, something is wrong with it.
size_limits() {
    case $1 in
    cpu) echo 1 150 ;;
    vulkan) echo 1 200 ;;
    *) echo 1 900 ;; # Repositories refuse files of a gigabyte.
    esac
}

# Libraries that may be expected where it runs.
may_need() {
    case $2 in
    libc.so.6 | libm.so.6 | libdl.so.2 | libpthread.so.0 | librt.so.1 | ld-linux*.so.*) return 0 ;;
    libgomp.so.1) return 0 ;; # README.md says so.
    esac
    case $1:$2 in
    vulkan:libvulkan.so.1) return 0 ;;
    cuda:libcudart.so.* | cuda:libcublas.so.* | cuda:libcublasLt.so.*) return 0 ;;
    esac
    return 1
}

# The newest version of a kind (GLIBC, GLIBCXX) that the library needs.
newest() { readelf --version-info --wide "$library" | grep -o "Name: $1_[0-9.]*" | sed "s/.*_//" | sort -uV | tail -1; }

judge() {
    local jar=$1 count os arch backend size least most machine symbols needed name glibc glibcxx output
    folder='' library=''
    printf '%s\n' "${jar##*/}"
    rm -rf "$work/jar" && mkdir "$work/jar"
    if ! (cd "$work/jar" && "$jdk/bin/jar" xf "$jar") 2>/dev/null; then
        failed_gate "contents: the file cannot be read as a jar"
        return
    fi

    count=$(find "$work/jar" -name natives.properties | wc -l)
    folder=$(find "$work/jar/META-INF/diffusion4j" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -1)
    if ((count != 1)) || [[ ! -f $folder/natives.properties ]]; then
        failed_gate "contents: expected one META-INF/diffusion4j/*/natives.properties, found $((count))"
        return
    fi
    os=$(property os) arch=$(property arch) backend=$(property backend) library=$folder/$(property file)
    if [[ ! -f $library || -z $(property file) ]]; then
        failed_gate "contents: the library that natives.properties names is not beside it"
        return
    fi
    if [[ ${folder##*/} == "$os-$arch-$backend" && $jar == *"-$os-$arch-$backend.jar" ]]; then
        passed_gate "contents: ${library#"$work/jar/"}"
    else
        failed_gate "contents: ${folder##*/} in ${jar##*/}, but natives.properties says $os-$arch-$backend"
    fi

    size=$(($(wc -c <"$library")))
    if [[ $(sha256sum <"$library") == "$(property sha256)  -" && $size == "$(property size)" ]]; then
        passed_gate "checksum: $(property sha256 | cut -c 1-16)..."
    else
        failed_gate "checksum: the library is not the one that natives.properties describes"
    fi
    read -r least most <<<"$(size_limits "$backend")"
    if ((size >= least << 20 && size <= most << 20)); then
        passed_gate "size: $((size >> 20)) MiB, at most $most"
    else
        failed_gate "size: $size bytes is not between $least and $most MiB"
    fi

    if [[ $os != linux ]]; then
        failed_gate "architecture: only libraries of Linux can be judged, not $os"
        return
    fi
    machine=$(LC_ALL=C readelf --file-header "$library" 2>/dev/null | sed -n 's/^ *Machine: *//p')
    case $arch:$machine in
    x86_64:*X86-64* | aarch64:AArch64*) passed_gate "architecture: $machine" ;;
    *)
        failed_gate "architecture: $arch is announced, the library is for ${machine:-no processor: it is not an ELF file}"
        return
        ;;
    esac

    symbols=$(nm -D --defined-only "$library" | sed 's/.* //; s/@.*//')
    if output=$(grep -v -E '^(d4j|sd)_' <<<"$symbols"); then
        failed_gate "exports: $(head -3 <<<"$output" | paste -s -d ' ' -) ($(wc -l <<<"$output")) beside d4j_* and sd_*"
    elif ! grep -q -x d4j_abi_version <<<"$symbols"; then
        failed_gate "exports: d4j_abi_version is not there"
    else
        passed_gate "exports: $(grep -c ^d4j_ <<<"$symbols") d4j_*, $(grep -c ^sd_ <<<"$symbols") sd_*, nothing else"
    fi

    needed=$(LC_ALL=C readelf --dynamic --wide "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    output=
    for name in $needed; do
        may_need "$backend" "$name" || output="$output $name"
    done
    if [[ -n $output ]]; then
        failed_gate "dependencies: not to be expected everywhere:$output"
    else
        passed_gate "dependencies: $(paste -s -d ' ' - <<<"$needed")"
    fi
    if LC_ALL=C readelf --dynamic "$library" | grep -q -E '\((RPATH|RUNPATH)\)'; then
        failed_gate "search path: the library looks for others in folders of the machine that built it"
    else
        passed_gate "search path: none"
    fi

    glibc=$(newest GLIBC) glibcxx=$(newest GLIBCXX)
    output="glibc ${glibc:-any}${glibcxx:+, GLIBCXX $glibcxx} or newer"
    if [[ -n $max_glibc && $(printf '%s\n' "$glibc" "$max_glibc" | sort -V | tail -1) != "$max_glibc" ]]; then
        failed_gate "system: needs $output, which is more than $max_glibc"
    else
        passed_gate "system: needs $output"
    fi

    [[ -n $load ]] || return 0
    if [[ $(uname -s -m) != "Linux $arch" ]]; then
        printf '  --      load: not tried, this is no %s\n' "$os-$arch"
    elif output=$(draw "$jar" "$backend" 2>&1); then
        passed_gate "load: draws in a fresh JVM"
    else
        failed_gate "load: $(grep '^diffuse:' <<<"$output" || tail -1 <<<"$output")"
    fi
}

# The library of the jar alone, with the Java part that was built: no other natives are on the class path.
draw() {
    local path=$1:$root/cli/target/classes entry
    for entry in "$root"/cli/target/lib/*.jar; do
        [[ $entry == *diffusion4j-natives-* ]] || path=$path:$entry
    done
    (
        unset DIFFUSION4J_LIBRARY
        DIFFUSION4J_CACHE=$work/cache "$jdk/bin/java" --enable-native-access=ALL-UNNAMED "-Ddiffusion4j.backend=$2" \
            -cp "$path" dev.diffusion4j.cli.Diffuse doctor
    )
}

mkdir -m 700 "$work/cache"
for jar; do
    [[ $jar == /* ]] || jar=$PWD/$jar
    judge "$jar"
done
exit $failed
