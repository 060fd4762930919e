#!/usr/bin/env bash
# Tests ./diffuse with a Maven, a CMake and JDKs that are shell scripts: which JDK it takes, when it builds, what it says
# and passes on. Takes seconds and needs nothing but bash and the usual tools.
# shellcheck disable=SC2317 # the conditions are called by check
set -uo pipefail

source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

tree="$work/a tree with spaces"
bin=$work/bin
tools=$work/tools
home=$work/home

# fake_jdk HOME VERSION: its java prints where it is and what it was called with.
fake_jdk() {
    mkdir -p "$1/bin"
    printf 'JAVA_VERSION="%s"\n' "$2" >"$1/release"
    cat >"$1/bin/java" <<JAVA
#!/bin/sh
echo "java $1"
while [ "\$1" != -jar ]; do shift; done
shift
echo "jar \$1"
shift
for argument; do echo "argument \$argument"; done
exit "\${FAKE_EXIT:-0}"
JAVA
    cp "$1/bin/java" "$1/bin/javac"
    chmod +x "$1/bin/java" "$1/bin/javac"
}

fake_tool() { # NAME OUTPUT
    printf '#!/bin/sh\necho "%s"\n' "$2" >"$tools/$1"
    chmod +x "$tools/$1"
}

fresh() {
    rm -rf "$tree" "$bin" "$tools" "$home"
    mkdir -p "$tree/scripts" "$tree/cli/src/main/java" "$tree/api/src/main/java" "$tree/native/shim" "$tree/cmake" \
        "$bin" "$tools" "$home"
    cp "$source_root/diffuse" "$tree/"
    cp "$source_root/scripts/setup.sh" "$tree/scripts/"
    touch "$tree/pom.xml" "$tree/cli/pom.xml" "$tree/cli/src/main/java/Diffuse.java" "$tree/native/shim/d4j.cpp"
    # The usual tools, and nothing else that happens to be installed.
    local tool
    for tool in bash sh cat cp find head tail tee touch mkdir mktemp rm dirname readlink sed id sleep flock env chmod grep; do
        [[ -x $(type -P "$tool") ]] && ln -s "$(type -P "$tool")" "$bin/$tool"
    done
    fake_tool cmake "cmake version 3.25.1"
    fake_tool ninja "1.11.1"
    fake_tool c++ "c++ 12"
    fake_tool cargo "cargo 1.85.0"
    cat >"$tools/mvn" <<'MVN'
#!/usr/bin/env bash
case "$*" in *--version*) echo "Apache Maven 3.8.7"; exit ;; esac
echo "mvn $*" >>"$FAKE_LOG"
echo "JAVA_HOME=$JAVA_HOME" >>"$FAKE_LOG"
echo "[INFO] Building Diffusion4J natives 0.1.0                            [2/6]"
echo "[1/2] Building CXX object CMakeFiles/some.dir/path/ggml.c.o"
[[ -z ${FAKE_SLEEP:-} ]] || sleep "$FAKE_SLEEP"
[[ -z ${FAKE_FAILURE:-} ]] || { echo "[ERROR] $FAKE_FAILURE"; exit 1; }
mkdir -p cli/target && echo jar >cli/target/diffuse.jar
MVN
    chmod +x "$tools/mvn"
    fake_jdk "$work/jdk-25" 25.0.1
    : >"$work/log"
}

# launch ARGUMENTS...: runs ./diffuse; leaves its exit code, output and errors in code, out and err.
launch() {
    env -i PATH="$tools:$bin" HOME="$home" FAKE_LOG="$work/log" DIFFUSION4J_NO_INSTALL=1 \
        DIFFUSION4J_JAVA_HOME="$work/jdk-25" "${with[@]}" "$tree/diffuse" "$@" >"$work/out" 2>"$work/err"
    code=$?
    out=$(<"$work/out") err=$(<"$work/err")
}
with=(A=)

check() { # WHAT CONDITION...
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n--- exit code %s, output:\n%s\n--- errors:\n%s\n' "$what" "$code" "$out" "$err"
    fi
}
is() { [[ $1 == "$2" ]]; }
has() { [[ $1 == *"$2"* ]]; }
lacks() { [[ $1 != *"$2"* ]]; }
builds() { is "$(grep -c '^mvn ' "$work/log")" "$1"; }

# ---- building and starting ----
fresh
launch generate "a red circle" --x '*' ''
check "the first run builds" builds 1
check "it says so, on stderr" has "$err" "Building Diffusion4J"
check "it shows the module" has "$err" "2/6  Diffusion4J natives"
check "it shows the compiler's steps" has "$err" "[1/2] ggml.c.o"
check "Maven runs on the JDK that was found" has "$(<"$work/log")" "JAVA_HOME=$work/jdk-25"
check "arguments arrive unchanged, and nothing else is on stdout" is "$out" "java $work/jdk-25
jar $tree/cli/target/diffuse.jar
argument generate
argument a red circle
argument --x
argument *
argument "

launch
check "the second run starts at once" builds 1
check "and says nothing" is "$err" ""

with=(FAKE_EXIT=130)
launch
check "the exit code is the program's" is "$code" 130
with=(A=)

sleep 0.02
touch "$tree/native/shim/d4j.cpp"
launch
check "a newer source builds again" builds 2
touch "$tree/api/src/main/java/.Diffuse.java.swp"
launch
check "an editor's swap file does not" builds 2
with=(DIFFUSION4J_PRESET=cuda)
launch
check "another preset builds" builds 3
check "with that preset" has "$(<"$work/log")" "-Dnative.preset=cuda"
launch
check "once" builds 3
with=(A=)

ln -s "$tree/diffuse" "$work/link"
(cd / && env -i PATH="$tools:$bin" HOME="$home" FAKE_LOG="$work/log" DIFFUSION4J_JAVA_HOME="$work/jdk-25" \
    DIFFUSION4J_PRESET=cuda "$work/link" hello >"$work/out" 2>&1)
code=$? out=$(<"$work/out") err=
check "it runs through a symbolic link, from anywhere" has "$out" "argument hello"

# ---- a build that fails ----
fresh
with=(FAKE_FAILURE="the compiler is unhappy")
launch
check "a failed build has its own exit code" is "$code" 71
check "shows the last lines" has "$err" "the compiler is unhappy"
check "and where the log is" has "$err" "$tree/target/build.log"
with=(A=)
launch
check "and the next run builds again" is "$code" 0

# ---- two at once ----
fresh
with=(FAKE_SLEEP=1)
for i in 1 2 3; do
    env -i PATH="$tools:$bin" HOME="$home" FAKE_LOG="$work/log" FAKE_SLEEP=1 \
        DIFFUSION4J_JAVA_HOME="$work/jdk-25" "$tree/diffuse" "$i" >"$work/out$i" 2>"$work/err$i" &
done
wait
code=0 out=$(cat "$work"/out[123]) err=$(cat "$work"/err[123])
check "three at once build once" builds 1
check "and all three run" is "$(grep -c '^argument' <<<"$out")" 3
if [[ -x $bin/flock ]]; then
    check "those that wait say so" has "$err" "waiting for it"
    fresh
    rm "$bin/flock"
    for i in 1 2; do
        env -i PATH="$tools:$bin" HOME="$home" FAKE_LOG="$work/log" FAKE_SLEEP=1 \
            DIFFUSION4J_JAVA_HOME="$work/jdk-25" "$tree/diffuse" "$i" >"$work/out$i" 2>"$work/err$i" &
    done
    wait
    code=0 out=$(cat "$work"/out[12]) err=$(cat "$work"/err[12])
    check "without flock, two at once build once" builds 1
    check "and both run" is "$(grep -c '^argument' <<<"$out")" 2
    check "and no lock is left" [ ! -e "$tree/target/build.lock.d" ]
fi
with=(A=)

# ---- missing tools ----
fresh
rm "$tools/ninja"
fake_tool cmake "cmake version 3.22.1"
launch
check "a missing tool has its own exit code" is "$code" 69
check "it is named" has "$err" "ninja (1.10 or newer)"
check "a too old one is, with what was found" has "$err" "cmake (3.25 or newer; found 3.22.1)"
check "what is there is not" lacks "$err" "cargo"
check "how to install is" has "$err" "ninja-build"
check "nothing was built" builds 0

fresh
rm "$tools/cargo"
launch
check "cargo is needed" is "$code" 69
with=(SDCPP_SOURCE_DIR=/somewhere)
launch
check "but not where the source is given" is "$code" 0
with=(A=)

# ---- which JDK ----
fresh
launch # built
fake_jdk "$work/jdk-17" 17.0.15
fake_jdk "$work/jdk-26" 26
fake_jdk "$home/.jdks/jdk-1000025" 1000025
fake_jdk "$home/.jdks/jdk-1000026" 1000026
with=(DIFFUSION4J_JAVA_HOME= JAVA_HOME="$work/jdk-26")
launch
check "JAVA_HOME is taken" has "$out" "java $work/jdk-26"
with=(DIFFUSION4J_JAVA_HOME= JAVA_HOME="$work/jdk-17" PATH="$work/jdk-26/bin:$bin")
launch
check "an older JAVA_HOME is passed over for the PATH" has "$out" "java $work/jdk-26"
ln -s "$work/jdk-26/bin/java" "$bin/java"
with=(DIFFUSION4J_JAVA_HOME=)
launch
check "a linked java on the PATH is followed" has "$out" "java $work/jdk-26"
with=(DIFFUSION4J_JAVA_HOME= JAVA_HOME="$work/jdk-17" PATH="$work/jdk-17/bin:$bin")
launch
check "an older java on the PATH is passed over for what is installed, long-term support first" \
    has "$out" "java $work/home/.jdks/jdk-1000025"
with=(DIFFUSION4J_JAVA_HOME="$work/jdk-17")
launch
check "an unfit DIFFUSION4J_JAVA_HOME is refused" is "$code" 69
check "with the reason" has "$err" "no JDK 25 or newer"
rm "$work/jdk-26/release"
cat >"$work/jdk-26/bin/java" <<'JAVA'
#!/bin/sh
case "$1" in -version) echo 'openjdk version "26-ea" 2026-03-17' >&2 ;; *) echo "java without a release file" ;; esac
JAVA
with=(DIFFUSION4J_JAVA_HOME="$work/jdk-26")
launch
check "without a release file java itself is asked" is "$out" "java without a release file"
with=(A=)

# ---- a tree that cannot be written ----
if [[ $(id -u) != 0 ]]; then
    fresh
    chmod a-w "$tree" "$tree"/cli
    launch
    check "a read-only tree that is not built is refused" is "$code" 73
    check "with the reason" has "$err" "Cannot write to $tree"
    chmod u+w "$tree" "$tree"/cli
fi

echo "launcher: $passed passed, $failed failed"
exit $((failed > 0))
