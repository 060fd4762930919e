#!/usr/bin/env bash
# Runs native libraries for other processors under qemu-user, and compares what they draw with this machine's picture.
#
#   scripts/emulated-test.sh portable    cpu-portable on x86-64 processors without AVX, without AVX2, ...
#   scripts/emulated-test.sh aarch64     cpu-aarch64 on 64-bit Arm, with ctest
#
# For Linux on x86-64. Needs qemu-user and Python 3, and for the second g++-aarch64-linux-gnu.
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

emulated=${1:-}
[[ $emulated == portable || $emulated == aarch64 ]] || {
    sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
}
lock_tree
require_tools
folder=$root/native/build/emulated
mkdir -p "$folder"
model=$folder/shapes-v1.safetensors
gzip -dc "$root/demo-model/src/main/resources/dev/diffusion4j/demo/shapes-v1.safetensors.gz" >"$model"

# build_preset PRESET: that library and the program that draws with it
build_preset() (
    cd "$root/native"
    cmake --preset "$1" >"$folder/$1.log" && cmake --build --preset "$1" >>"$folder/$1.log" &&
        cmake --build --preset "$1" --target draw >>"$folder/$1.log" || {
        show_failure "$folder/$1.log"
        exit $exit_build_failed
    }
)

# draw PRESET FILE [EMULATOR...]: one small picture
draw() {
    local program=$root/native/build/$1/test/draw file=$2
    shift 2
    OMP_WAIT_POLICY=passive "$@" "$program" "$model" 64 2 "$file"
}

# compare FILE: how far that picture is from this machine's; as far as rounding explains, or the test fails
compare() {
    python3 - "$folder/here.ppm" "$1" <<'PYTHON'
import math, sys
here, there = (open(path, "rb").read() for path in sys.argv[1:])
assert len(here) == len(there) and here[:14] == there[:14], "pictures of other sizes"
error = sum((a - b) ** 2 for a, b in zip(here, there)) / len(here)
psnr = math.inf if error == 0 else 10 * math.log10(255 ** 2 / error)
print(f"PSNR {psnr:.1f} dB" if error else "equal")
sys.exit(psnr < 40)
PYTHON
}

build_preset cpu
draw cpu "$folder/here.ppm" >/dev/null

# run NAME PRESET VARIANT EMULATOR...: draws there; a portable library has to choose that variant
run() {
    local name=$1 preset=$2 variant=$3 chosen
    shift 3
    SECONDS=0
    chosen=$(draw "$preset" "$folder/$name.ppm" "$@")
    [[ $chosen == "$variant" ]] || {
        say "$name: the variant '$chosen' in place of '$variant'."
        exit 1
    }
    say "$name${variant:+, variant $variant}: $(compare "$folder/$name.ppm"), $SECONDS s"
}

case $emulated in
    portable)
        build_preset cpu-portable
        # That the emulated processor lacks something: what is compiled for this machine ends there.
        if draw cpu "$folder/none.ppm" qemu-x86_64 -cpu qemu64 >/dev/null 2>&1; then
            say "The library for this machine runs on qemu64 as well: this shows nothing."
            exit 1
        fi
        run qemu64 cpu-portable x64 qemu-x86_64 -cpu qemu64
        run Nehalem cpu-portable sse42 qemu-x86_64 -cpu Nehalem
        run SandyBridge cpu-portable sandybridge qemu-x86_64 -cpu SandyBridge
        run IvyBridge cpu-portable ivybridge qemu-x86_64 -cpu IvyBridge
        run Haswell cpu-portable haswell qemu-x86_64 -cpu Haswell
        ;;
    aarch64)
        build_preset cpu-aarch64
        (cd "$root/native" && ctest --preset cpu-aarch64) >&2
        run cortex-a72 cpu-aarch64 '' qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a72
        ;;
esac
