#!/usr/bin/env bash
# Makes a folder of at most 60 MiB with everything that a machine with a GPU, nvcc, CMake, Ninja and g++, but without a JDK,
# Maven, cargo and network needs to build the CUDA library, test it and measure it. docs/gpu-bundle.md says more.
#
#   scripts/gpu-bundle.sh [--wheels FOLDER] [--without-demo-model] [FOLDER]     FOLDER: target/gpu-bundle
#
#   --wheels FOLDER         Python wheels to carry, such as diffusers', which the comparison with PyTorch needs
#   --without-demo-model    9 MB less, where the repository goes to the machine too with the folder in its place
#
# In it: run.sh, which is what to run there, and archives of the runtime's source without the backends that are not built,
# of native/ and cmake/, and of a Java runtime with the tests. Needs xz. On Linux. The library is not built here.
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

most_mebibytes=60
# What the library, JUnit and AssertJ use of the JDK.
modules=java.base,java.desktop,java.logging,java.management,jdk.management,jdk.unsupported
# Of the runtime's source. Nothing of them is compiled, and CMake does not look into their folders either.
left_out=(ggml-blas ggml-cann ggml-hexagon ggml-hip ggml-metal ggml-musa ggml-opencl ggml-openvino ggml-sycl ggml-virtgpu
    ggml-vulkan ggml-webgpu ggml-zdnn ggml-zendnn libwebm libwebp)

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

wheels='' bundle='' demo_model=1
while (($#)); do
    case $1 in
        --wheels)
            [[ -d ${2:-} ]] || usage
            wheels=$(cd "$2" && pwd -P)
            shift
            ;;
        --without-demo-model) demo_model='' ;;
        -*) usage ;;
        *) bundle=$1 ;;
    esac
    shift
done
bundle=${bundle:-$root/target/gpu-bundle}

# pack ARCHIVE FOLDER ARGUMENT...: as tar, the same bytes for the same files, compressed as far as xz can
pack() {
    local archive=$1 folder=$2
    shift 2
    tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - "$@" | xz -9e >"$archive.part"
    mv "$archive.part" "$archive"
}

require_tools xz tar
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say "Compiling the tests."
lock_tree
java=$work/java
junit_version=$(sed -n 's|^ *<junit.version>\(.*\)</junit.version>.*|\1|p' "$root/pom.xml")
# Byte Buddy, of 9 MB, is for what of AssertJ no test here uses.
preset=cpu SDCPP_SOURCE_DIR='' maven -q -Dexec.skip -pl api -am test-compile dependency:copy-dependencies "-DoutputDirectory=$java/lib" \
    -DexcludeGroupIds=dev.diffusion4j,net.bytebuddy,org.junit.jupiter,org.junit.platform,org.springframework.boot
preset=cpu SDCPP_SOURCE_DIR='' maven -q --non-recursive dependency:copy "-DoutputDirectory=$java/lib" \
    "-Dartifact=org.junit.platform:junit-platform-console-standalone:$junit_version"
mkdir -p "$java/classes"
for module in bindings cache demo-model api; do
    cp -R "$root/$module/target/classes" "$java/classes/$module"
done
cp -R "$root/api/target/test-classes" "$java/classes/tests"
rm -rf "$java/classes/tests/dev/diffusion4j/fuzz"
[[ -n $demo_model ]] || rm "$java"/classes/demo-model/dev/diffusion4j/demo/*.safetensors.gz
# As folders, which xz compresses better than what is compressed already.
for jar in "$java"/lib/*.jar; do
    name=$(basename "$jar" .jar)
    mkdir "$java/classes/$name"
    (cd "$java/classes/$name" && "$jdk/bin/jar" --extract --file "$jar")
done
unlock_tree
"$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --output "$java/runtime"
# The bundle is not given to others, and nothing in it opens windows or writes text into pictures.
rm -rf "$java/runtime/legal"
rm "$java"/runtime/lib/lib{awt_xawt,fontmanager,freetype,splashscreen}.so

rm -rf "$bundle"
mkdir -p "$bundle"
cp -p "$here"/gpu-bundle/{run.sh,compile_once.sh,torch_benchmark.py} "$bundle"

cmake ${SDCPP_SOURCE_DIR:+"-DSDCPP_SOURCE_DIR=$SDCPP_SOURCE_DIR"} "-DOUTPUT=$work/source" \
    -P "$here/gpu-bundle/source.cmake" >&2
{ read -r source && read -r checksum && read -r description; } <"$work/source"
# It changes with the pin alone, and takes minutes.
kept=$root/target/gpu-bundle-source-${checksum:0:16}.tar.xz
if [[ ! -f $kept ]]; then
    say "Packing the runtime's source, which takes minutes once."
    mkdir "$work/tree"
    ln -s "$source" "$work/tree/stable-diffusion.cpp"
    pack "$kept" "$work/tree" --dereference "${left_out[@]/#/--exclude=}" stable-diffusion.cpp
fi
cp "$kept" "$bundle/source.tar.xz"

say "Packing the tests and the Java runtime."
pack "$bundle/java.tar.xz" "$java" runtime classes
pack "$bundle/project.tar.xz" "$root" --exclude=native/build --exclude=native/target native cmake LICENSE NOTICE
if [[ -n $wheels ]]; then
    mkdir "$bundle/wheels"
    cp "$wheels"/*.whl "$bundle/wheels"
fi
printf '%s, %s\n' "$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)" "$description" >"$bundle/bundle.txt"

size=$(find "$bundle" -type f -exec cat {} + | wc -c)
(cd "$bundle" && find . -type f -exec ls -l {} +) >&2
say "$size bytes: $bundle"
((size <= most_mebibytes << 20)) || { say "They are more than $most_mebibytes MiB." && exit 1; }
