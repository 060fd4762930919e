#!/usr/bin/env bash
# Builds the CUDA library from what lies beside this script and does everything that a GPU is needed for, on a machine that
# has nvcc, CMake, Ninja and g++, but no JDK, Maven, cargo or network.
#
#   run.sh --backend cuda --out FOLDER
#
#   --backend cuda|cpu     cpu does the same without a GPU, as far as that goes
#   --out FOLDER           results.json, log.txt and two pictures; results.json is whole after every stage
#   --work FOLDER          what is unpacked and built, and kept for another run (beside this script: work)
#   --minutes N            no stage goes on after them (8)
#   --only "NAME..."       these stages alone; the others' work has to be there
#   --architectures LIST   CUDA architectures (90)
#   --quick                the smallest sizes: shows that all of it works, and measures nothing
#
# The exit code is 1 if a stage failed. One that fails or takes too long does not stop those after it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly not_run=75
stages=(environment unpack configure build library draw suite modes sanitizer sd15 sdxl torch)

say() { printf '%s\n' "$*" >&2; }

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 64
}

# ---- JSON ----

# json TEXT: as a string of JSON
json() {
    local text=$1
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    text=${text//$'\n'/\\n}
    text=${text//$'\t'/\\t}
    printf '"%s"' "${text//[[:cntrl:]]/}"
}

# field NAME TEXT, number NAME NUMBER: what a stage has to say
field() { printf '%s: %s\n' "$(json "$1")" "$(json "$2")" >>"$work/stages/$stage.fields"; }
number() {
    local value=null
    [[ ! $2 =~ ^-?[0-9]+(\.[0-9]+)?$ ]] || value=$2
    printf '%s: %s\n' "$(json "$1")" "$value" >>"$work/stages/$stage.fields"
}

# skip WHY: ends a stage that cannot run here
skip() {
    printf '%s\n' "$*" >"$work/stages/$stage.reason"
    say "Not run: $*"
    exit $not_run
}

fail() {
    printf '%s\n' "$*" >"$work/stages/$stage.reason"
    say "Failed: $*"
    exit 1
}

# write_results: all that is known so far, in one step, so that what is cut off leaves a whole file
write_results() {
    local name part first=1
    {
        printf '{\n'
        printf '"bundle": %s,\n' "$(json "$(cat "$here/bundle.txt" 2>/dev/null)")"
        printf '"backend": "%s",\n"quick": %s,\n"began": "%s",\n"minutes": %s,\n' \
            "$backend" "${quick:-false}" "$began" "$minutes"
        printf '"finished": %s,\n"seconds": %s,\n"stages": [' "$1" "$SECONDS"
        for name in "${stages[@]}"; do
            part=$work/stages/$name
            [[ -f $part.status ]] || continue
            ((first)) || printf ','
            first=0
            printf '\n{"name": "%s", "status": "%s", "seconds": %s' "$name" "$(<"$part.status")" "$(<"$part.seconds")"
            [[ ! -s $part.reason ]] || printf ', "reason": %s' "$(json "$(<"$part.reason")")"
            [[ ! -s $part.fields ]] || awk '{ printf ", %s", $0 }' "$part.fields"
            if [[ -s $part.figures ]]; then
                # A line that was being written when its program was ended is left out.
                printf ', "figures": [\n'
                awk '/^\{.*\}$/ { printf "%s  %s", (n++ ? ",\n" : ""), $0 }' "$part.figures"
                printf '\n]'
            fi
            printf '}'
        done
        printf '\n]\n}\n'
    } >"$out/results.json.part"
    mv "$out/results.json.part" "$out/results.json"
}

# run_stage NAME SECONDS: the stage in a process of its own, for at most so long; its name is a function below
run_stage() {
    local name=$1 limit=$2 left=$((minutes * 60 - SECONDS)) start=$SECONDS code=0 status=passed part=$work/stages/$1
    [[ " $only " == *" $name "* ]] || return 0
    [[ -z $quick ]] || limit=$((limit * 20)) # on a slow machine too
    rm -f "$part".*
    if ((left < 10)); then
        say "== $name: no time is left"
        echo "no time was left" >"$part.reason"
        echo "not run" >"$part.status"
        echo 0 >"$part.seconds"
        write_results false
        return
    fi
    ((limit < left)) || limit=$left
    say "== $name, at most $limit s"
    # In a group of processes, all of which are ended.
    timeout --kill-after=10 "$limit" "$BASH" "${BASH_SOURCE[0]}" --stage "$name" || code=$?
    case $code in
        0) ;;
        "$not_run") status="not run" ;;
        124 | 137)
            status=failed
            echo "stopped after $limit s" >"$part.reason"
            ;;
        *)
            status=failed
            [[ -s $part.reason ]] || echo "exit code $code" >"$part.reason"
            ;;
    esac
    [[ $status != failed ]] || failed=1
    echo "$status" >"$part.status"
    echo $((SECONDS - start)) >"$part.seconds"
    say "== $name: $status, $((SECONDS - start)) s"
    write_results false
}

# ---- the stages ----

has() { command -v "$1" >/dev/null; }

find_nvcc() {
    local candidate
    nvcc=$(command -v nvcc) && return
    nvcc=''
    for candidate in /usr/local/cuda/bin/nvcc /usr/local/cuda-1[2-9]*/bin/nvcc /opt/cuda/bin/nvcc; do
        [[ ! -x $candidate ]] || nvcc=$candidate
    done
    [[ -z $nvcc ]] || PATH=$PATH:${nvcc%/*} # where the other tools lie
}

need_gpu() { [[ $backend == cuda ]] || skip "no GPU: the backend is $backend"; }

environment() {
    local tool version missing=()
    number cores "$(nproc)"
    number memory_mib "$(awk '/MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
    number disk_mib_free "$(df -Pm "$work" | awk 'NR == 2 { print $4 }')"
    field system "$(uname -srm)"
    field processor "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
    for tool in cmake ninja g++ xz python3 ccache compute-sanitizer cuobjdump; do
        version=none
        ! has "$tool" || version=$("$tool" --version 2>&1 | grep -m 1 '[0-9]\.[0-9]') || true
        field "$tool" "$version"
        case $tool in cmake | ninja | g++) has "$tool" || missing+=("$tool") ;; esac
    done
    if [[ $backend == cuda ]]; then
        # Without one, CMake looks in Python's packages.
        if [[ -n $nvcc ]]; then
            field nvcc "$nvcc: $("$nvcc" --version | grep release)"
        else
            field nvcc none
        fi
        if has nvidia-smi && nvidia-smi; then
            field gpu "$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader | head -n 1)"
        else
            missing+=("an NVIDIA GPU that nvidia-smi sees")
        fi
    fi
    ((!${#missing[@]})) || fail "missing here: ${missing[*]}"
}

unpack() {
    local archive extraction extractions=() demo
    for archive in java project source; do
        rm -rf "${work:?}/$archive"
        mkdir -p "$work/$archive"
        if has xz; then
            xz -dc "$here/$archive.tar.xz" | tar -C "$work/$archive" -xf -
        else
            python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' \
                "$here/$archive.tar.xz" "$work/$archive"
        fi &
        extractions+=($!)
    done
    for extraction in "${extractions[@]}"; do
        wait "$extraction" || fail "an archive could not be unpacked"
    done
    # A bundle without it lies in the repository, in target/gpu-bundle.
    demo=dev/diffusion4j/demo
    if ! ls "$work/java/classes/demo-model/$demo"/*.safetensors.gz >/dev/null 2>&1; then
        cp "$here/../../demo-model/src/main/resources/$demo"/*.safetensors.gz "$work/java/classes/demo-model/$demo" ||
            fail "the demo model is neither in the bundle nor in the repository around it"
    fi
    gzip -dc "$work/java/classes/demo-model/$demo"/*.safetensors.gz >"$work/demo.safetensors"
    "$work/java/runtime/bin/java" -version
}

configure() {
    local options=() launcher=$here/compile_once.sh
    ! has ccache || launcher="$launcher;ccache"
    if [[ $backend == cuda ]]; then
        options+=("-DCMAKE_CUDA_ARCHITECTURES=$architectures")
        if [[ -n $nvcc ]]; then
            options+=("-DCMAKE_CUDA_COMPILER=$nvcc")
        fi
    fi
    cmake -S "$work/project/native" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DD4J_BACKEND=$backend" \
        "-DCMAKE_CXX_COMPILER_LAUNCHER=$launcher" "-DSDCPP_SOURCE_DIR=$work/source/stable-diffusion.cpp" "${options[@]}"
}

build() {
    local object objects code=0
    rm -rf "$COMPILE_ONCE"
    mkdir "$COMPILE_ONCE"
    # The shim's largest unit and the vocabularies: each alone takes about as long as all others do on many cores.
    objects=$(ninja -C "$work/build" -t targets all | sed -n 's/^\(.*\(shim\/runtime\|vocab\/vocab\)\.cpp\.o\): .*/\1/p')
    for object in $objects; do
        ! ninja -C "$work/build" -n "$object" | grep -q 'no work to do' || continue
        (cd "$work/build" && eval "$(ninja -t commands "$object" | tail -n 1)") &
    done
    sleep 1 # so that they are asked for before Ninja does
    ninja -C "$work/build" diffusion4j draw || code=$?
    wait # for those that Ninja has no use for any more
    ((!code)) || fail "ninja's exit code is $code"
    field slowest_units_ms "$(awk '!/^#/ { n = split($4, path, "/"); print $2 - $1, path[n] }' "$work/build/.ninja_log" |
        sort -rn | head -n 5 | paste -sd ,)"
    # Where its libraries were found at build time is where they are here.
    sed -n 's/^CUDA_\(cublas\|cublasLt\|cudart\)_LIBRARY:[A-Z]*=\(.*\)\/[^/]*$/\2/p' "$work/build/CMakeCache.txt" |
        sort -u | paste -sd : >"$work/library-path"
}

with_library_path() {
    local folders
    folders=$(<"$work/library-path")
    export LD_LIBRARY_PATH=$folders${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
}

library() {
    with_library_path
    [[ -s $library ]] || fail "there is no $library"
    number bytes "$(wc -c <"$library")"
    ldd "$library" | tee "$work/ldd.txt"
    field needs "$(awk '{ print $1 }' "$work/ldd.txt" | paste -sd ' ')"
    ! grep 'not found' "$work/ldd.txt" || fail "it needs libraries that are not found"
    if [[ $backend == cuda ]] && has cuobjdump; then
        field architectures "$(cuobjdump --list-elf "$library" | grep -o 'sm_[0-9a-z]*' | sort | uniq -c |
            awk '{ print $2 ": " $1 }' | paste -sd ' ')"
    fi
}

# junit ARGUMENT...: runs tests on the device; arguments that begin with -D go to the JVM, the others to JUnit.
junit() {
    local argument jvm=() arguments=() classpath
    local folder=$work/java
    for argument; do
        case $argument in
            -D* | -X*) jvm+=("$argument") ;;
            *) arguments+=("$argument") ;;
        esac
    done
    [[ -s $library && -x $folder/runtime/bin/java ]] || fail "the library is not built, or Java not unpacked"
    with_library_path
    classpath=$(printf '%s:' "$folder"/classes/*)
    mkdir -p "$work/tmp"
    "$folder/runtime/bin/java" --enable-native-access=ALL-UNNAMED -Djava.awt.headless=true "-Djava.io.tmpdir=$work/tmp" \
        "-Ddiffusion4j.library=$library" "-Ddiffusion4j.cache=$work/cache" "-Dgpu.device=$device" \
        "-Dgpu.results=$work/stages/$stage.figures" -Djunit.jupiter.extensions.autodetection.enabled=true \
        "-XX:ErrorFile=$out/jvm-error.log" "${jvm[@]}" -cp "${classpath%:}" \
        org.junit.platform.console.ConsoleLauncher execute --disable-banner --disable-ansi-colors --details=testfeed \
        --fail-if-no-tests "${arguments[@]}"
}

draw() {
    junit "-Dgpu.pictures.folder=$out" --select-method 'dev.diffusion4j.GpuTest#drawsWhatTheCpuDraws'
}

# count STATUS: of the stage's tests
count() { grep -c "\"status\":\"$1\"" "$work/stages/$stage.figures" || true; }

suite() {
    local code=0 arguments=() parity=(--select-class dev.diffusion4j.parity.GpuParityTest)
    [[ -z $quick ]] || parity=(--select-iteration 'class:dev.diffusion4j.parity.GpuParityTest[0]')
    if [[ $backend == cpu ]]; then
        # Its free memory is all of this machine's, of which others take.
        arguments+=('--exclude-methodname=.*#aClosedModelGivesItsMemoryBack.*')
        field left_out "aClosedModelGivesItsMemoryBack: no GPU, whose memory could be looked at"
    fi
    : >"$work/stages/suite.figures"
    # In two processes: what a failing GPU takes along in one says nothing about the other.
    junit -Xcheck:jni "${parity[@]}" || code=$?
    junit -Xcheck:jni --select-class dev.diffusion4j.GpuTest "${arguments[@]}" || code=$?
    number passed "$(count passed)"
    number skipped "$(count skipped)"
    number failed "$(count failed)"
    number started "$(count started)"
    return "$code"
}

# drawing ARGUMENT...: GpuBenchmark, whose model files are kept
drawing() {
    junit --select-class dev.diffusion4j.parity.GpuBenchmark "-Dgpu.model.folder=$work/models" "$@"
}

# The same two measurements in each mode: how far the picture is from the CPU's, and how long one of full size takes.
modes() {
    local mode code=0
    need_gpu
    for mode in default accumulation-f32 accumulation-f16 graphs; do
        say "-- $mode"
        printf '{"kind": "mode", "mode": "%s"}\n' "$mode" >>"$work/stages/modes.figures"
        (
            case $mode in
                accumulation-f32) export GGML_CUDA_FORCE_CUBLAS_COMPUTE_32F=1 ;;
                accumulation-f16) export GGML_CUDA_FORCE_CUBLAS_COMPUTE_16F=1 ;;
                graphs) unset GGML_CUDA_DISABLE_GRAPHS && export D4J_CUDA_GRAPHS=1 ;;
            esac
            junit --select-method 'dev.diffusion4j.GpuTest#drawsWhatTheCpuDraws' &&
                drawing -Dgpu.model=full -Dgpu.types=f16 -Dgpu.size=512 -Dgpu.steps=20 -Dgpu.pictures=2
        ) || code=$?
    done
    return "$code"
}

sanitizer() {
    local code=0
    need_gpu
    has compute-sanitizer || skip "there is no compute-sanitizer"
    with_library_path
    compute-sanitizer --tool memcheck --error-exitcode 9 "$work/build/test/draw" "$work/demo.safetensors" 64 1 \
        "$work/sanitized.ppm" CUDA0 2>&1 | tee "$work/sanitizer.txt" || code=$?
    field summary "$(grep 'ERROR SUMMARY' "$work/sanitizer.txt" || tail -n 1 "$work/sanitizer.txt")"
    return "$code"
}

sd15() {
    if [[ -n $quick ]]; then
        drawing -Dgpu.model=narrow -Dgpu.types=f16,q8_0 -Dgpu.size=64,128 -Dgpu.steps=2 -Dgpu.pictures=1
    else
        drawing -Dgpu.model=full -Dgpu.types=f16,q8_0,q4_0,f32 -Dgpu.size=512,1024 -Dgpu.steps=20 -Dgpu.pictures=2
    fi
}

sdxl() {
    if [[ -n $quick ]]; then
        drawing -Dgpu.model=sdxl-narrow -Dgpu.types=f16 -Dgpu.size=64,128 -Dgpu.steps=2 -Dgpu.pictures=1
    else
        drawing -Dgpu.model=sdxl -Dgpu.types=f16,q8_0,q4_0 -Dgpu.size=1024,512 -Dgpu.steps=20 -Dgpu.pictures=2
    fi
}

torch() {
    local wheels=("$here"/wheels/*.whl) wheel arguments=() code=0
    has python3 || skip "there is no python3"
    if [[ -f ${wheels[0]} && ! -d $work/site ]]; then
        # Of pure Python; without pip unzipping does.
        python3 -m pip install -q --no-index --no-deps --no-compile --target "$work/site" "${wheels[@]}" ||
            for wheel in "${wheels[@]}"; do python3 -m zipfile -e "$wheel" "$work/site"; done
    fi
    export PYTHONPATH=$work/site${PYTHONPATH:+:$PYTHONPATH}
    if [[ -n $quick ]]; then
        arguments=(--models narrow --sizes "64,128" --steps 2 --pictures 1 --compile no)
    else
        arguments=(--models "full,sdxl" --sizes "512,1024" --steps 20 --pictures 3)
    fi
    PYTHONUNBUFFERED=1 python3 -W ignore "$here/torch_benchmark.py" --device "$backend" \
        --results "$work/stages/torch.figures" "${arguments[@]}" || code=$?
    ((code != not_run)) || skip "python3 has no PyTorch, or no diffusers that loads"
    return "$code"
}

# ---- the run ----

if [[ ${1:-} == --stage ]]; then
    stage=$2
    "$stage"
    exit
fi

backend='' out='' work=$here/work minutes=8 only="${stages[*]}" architectures=90 quick=''
while (($#)); do
    case $1 in
        --quick) quick=true ;;
        --backend | --out | --work | --minutes | --only | --architectures)
            (($# > 1)) || usage
            printf -v "${1#--}" '%s' "$2"
            shift
            ;;
        *) usage ;;
    esac
    shift
done
[[ $backend == cuda || $backend == cpu ]] && [[ -n $out && $minutes =~ ^[0-9]+$ ]] || usage
for name in $only; do
    [[ " ${stages[*]} " == *" $name "* ]] || { say "There is no stage $name, but these: ${stages[*]}" && exit 64; }
done
mkdir -p "$out" "$work/stages"
out=$(cd "$out" && pwd -P) work=$(cd "$work" && pwd -P)
library=$work/build/lib/libdiffusion4j.so COMPILE_ONCE=$work/build/compiled-first
began=$(date -u +%Y-%m-%dT%H:%M:%SZ) failed=
device=gpu
[[ $backend == cuda ]] || device=cpu
find_nvcc
export PATH nvcc backend out work architectures quick library device COMPILE_ONCE GGML_CUDA_DISABLE_GRAPHS=1 OMP_WAIT_POLICY=passive
rm -f "$work"/stages/*
exec > >(tee "$out/log.txt") 2>&1

run_stage environment 30
run_stage unpack 60
run_stage configure 60
run_stage build 390
run_stage library 20
run_stage draw 60
run_stage suite 120
run_stage modes 75
run_stage sanitizer 60
run_stage sd15 100
run_stage sdxl 120
run_stage torch 120
write_results true
say "== $SECONDS s: $out/results.json"
[[ -z $failed ]]
