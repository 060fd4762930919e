# shellcheck shell=bash
# What ./diffuse and ./run-tests share: find a JDK, find or install the build tools, build. Sourced, never run.
# Bash 3.2 is enough (macOS). Everything said here goes to stderr: stdout belongs to the program that is started.
#
# DIFFUSION4J_JAVA_HOME   the JDK to use, before any other
# DIFFUSION4J_PRESET      the native preset to build (cpu)
# DIFFUSION4J_NO_INSTALL  set: never install missing tools, only name them
# SDCPP_SOURCE_DIR        the runtime's source, instead of fetching it with cargo

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
preset=${DIFFUSION4J_PRESET:-cpu}
stamp=$root/cli/target/diffuse.stamp
aot_cache=$root/cli/target/diffuse.aot
# A short run: start quickly rather than run the Java part as fast as it can be; the native code does the work.
java_options=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.awt.headless=true --enable-native-access=ALL-UNNAMED)
min_java=25 min_cmake=3.25 min_maven=3.6.3 min_cargo=1.65

# Apart from the exit codes of the command line itself.
readonly exit_missing_tool=69 exit_build_failed=71 exit_cannot_write=73

say() { printf '%s\n' "$*" >&2; }

# version_at_least 3.25.1 3.25: compares the numbers between the dots.
version_at_least() {
    local -a have want
    local i
    IFS=. read -r -a have <<<"${1%%[!0-9.]*}"
    IFS=. read -r -a want <<<"$2"
    for i in "${!want[@]}"; do
        ((10#${have[i]:-0} > 10#${want[i]:-0})) && return 0
        ((10#${have[i]:-0} < 10#${want[i]:-0})) && return 1
    done
    return 0
}

# ---- the JDK ----

# java_major HOME: the feature version of the Java there, in REPLY. The release file answers without starting a JVM.
java_major() {
    local line version=
    [[ -x $1/bin/java ]] || return 1
    if [[ -r $1/release ]]; then
        while IFS= read -r line || [[ -n $line ]]; do
            [[ $line == JAVA_VERSION=* ]] && version=${line#JAVA_VERSION=} && break
        done <"$1/release"
    fi
    if [[ -z $version ]]; then
        line=$("$1/bin/java" -version 2>&1) || return 1
        [[ $line =~ version\ (\"[^\"]+\") ]] && version=${BASH_REMATCH[1]}
    fi
    version=${version//\"/}
    version=${version#1.}
    REPLY=${version%%[!0-9]*}
    [[ -n $REPLY ]]
}

is_jdk() { [[ -x $1/bin/javac ]] && java_major "$1" && ((REPLY >= min_java)); }

# Sets jdk to the home of a JDK that is new enough, or fails.
find_jdk() {
    local home dir link best=0 rank

    jdk=
    if [[ -n ${DIFFUSION4J_JAVA_HOME:-} ]]; then
        is_jdk "$DIFFUSION4J_JAVA_HOME" && jdk=$DIFFUSION4J_JAVA_HOME && return
        say "DIFFUSION4J_JAVA_HOME is $DIFFUSION4J_JAVA_HOME, where there is no JDK $min_java or newer."
        exit $exit_missing_tool
    fi
    if [[ -n ${JAVA_HOME:-} ]] && is_jdk "$JAVA_HOME"; then
        jdk=$JAVA_HOME
        return
    fi
    local IFS=:
    for dir in $PATH; do
        [[ -x $dir/java ]] || continue
        link=$dir/java
        while [[ -L $link ]]; do
            dir=$(readlink "$link")
            [[ $dir == /* ]] || dir=${link%/*}/$dir
            link=$dir
        done
        home=${link%/bin/java}
        if is_jdk "$home"; then
            jdk=$home
            return
        fi
        break # a later java on the PATH is not the one that the user chose
    done
    unset IFS

    # Of what is installed, a release with long-term support (25, 29, ...) first, then the newest.
    for home in /usr/lib/jvm/* /usr/lib64/jvm/* /usr/java/* /opt/* /opt/java/* /opt/jdk/* \
        "${HOME:-/}"/.jdks/* "${HOME:-/}"/.sdkman/candidates/java/* "${HOME:-/}"/.local/share/mise/installs/java/* \
        "${HOME:-/}"/.asdf/installs/java/* "${HOME:-/}"/.jabba/jdk/* \
        "${HOME:-/}"/Library/Java/JavaVirtualMachines/*/Contents/Home /Library/Java/JavaVirtualMachines/*/Contents/Home \
        /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home /usr/local/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
        /home/linuxbrew/.linuxbrew/opt/openjdk*/libexec; do
        is_jdk "$home" || continue
        rank=$REPLY
        (((REPLY - 21) % 4 == 0)) && rank=$((rank + 1000))
        ((rank > best)) && best=$rank jdk=$home
    done
    if [[ -z $jdk && -x /usr/libexec/java_home ]]; then
        home=$(/usr/libexec/java_home -v "$min_java+" 2>/dev/null) && is_jdk "$home" && jdk=$home
    fi
    [[ -n $jdk ]]
}

# ---- the build tools ----

# The first version number that a command prints, in REPLY.
version_of() {
    local text
    text=$("$@" 2>/dev/null </dev/null) || return 1
    [[ $text =~ [0-9]+(\.[0-9]+)+ ]] && REPLY=${BASH_REMATCH[0]}
}

need() { missing+=("$1") reasons+=("$2"); }

# need_version TOOL MINIMUM COMMAND...
need_version() {
    local tool=$1 minimum=$2
    shift 2
    if ! command -v "$1" >/dev/null; then
        need "$tool" "$tool ($minimum or newer)"
    elif ! version_of "$@"; then
        need "$tool" "$tool ($minimum or newer; '$*' does not run)"
    elif ! version_at_least "$REPLY" "$minimum"; then
        need "$tool" "$tool ($minimum or newer; found $REPLY)"
    fi
}

# find_tools [TOOL...]: sets missing to the tools that are not here, and reasons to the words for each. Those named are looked
# for besides what every build needs.
find_tools() {
    local tool
    missing=() reasons=()
    for tool; do
        command -v "$tool" >/dev/null || need "$tool" "$tool"
    done
    if find_jdk; then
        export JAVA_HOME=$jdk
    else
        need jdk "a JDK ($min_java or newer)"
    fi
    # Maven may run on any Java to tell its version; without one it is looked at again when the JDK is there.
    if [[ -n $jdk ]] || ! command -v mvn >/dev/null; then
        need_version maven "$min_maven" mvn -B --version
    fi
    need_version cmake "$min_cmake" cmake --version
    need_version ninja 1.10 ninja --version
    if [[ -z ${CXX:-} ]] && ! command -v c++ >/dev/null && ! command -v g++ >/dev/null && ! command -v clang++ >/dev/null; then
        need c++ "a C++17 compiler"
    fi
    if [[ -z ${SDCPP_SOURCE_DIR:-} ]]; then
        need_version cargo "$min_cargo" cargo --version
    fi
}

# apt_candidate MINIMUM PACKAGE...: the first package that apt can install in that version or newer, in REPLY.
apt_candidate() {
    local minimum=$1 package version
    shift
    for package; do
        version=$(apt-cache policy "$package" 2>/dev/null | sed -n 's/^ *Candidate: //p')
        version=${version#*:}
        if [[ $version == [0-9]* ]] && version_at_least "$version" "$minimum"; then
            REPLY=$package
            return 0
        fi
    done
    return 1
}

# Sets packages to what apt can install of the missing tools, and not_in_apt to the tools that it cannot.
find_packages() {
    local tool
    packages=() not_in_apt=()
    for tool in "${missing[@]}"; do
        case $tool in
            jdk) apt_candidate "$min_java" openjdk-25-jdk-headless temurin-25-jdk ;;
            maven) apt_candidate "$min_maven" maven ;;
            cmake) apt_candidate "$min_cmake" cmake ;;
            ninja) apt_candidate 1.10 ninja-build ;;
            c++) apt_candidate 7 g++ ;;
            cargo) apt_candidate 0.66 cargo ;; # Debian numbers cargo 1.65 so
            xz) apt_candidate 0 xz-utils ;;
            *) apt_candidate 0 "$tool" ;;
        esac && packages+=("$REPLY") || not_in_apt+=("$tool")
    done
}

# Installs what is missing, as far as apt has it: for a fresh container, where one is root.
install_with_apt() {
    local log
    log=$(mktemp)
    apt-get update >"$log" 2>&1 || { say "apt-get update failed:"; tail -n 5 "$log" >&2; }
    find_packages
    if ((${#packages[@]})); then
        command -v ccache >/dev/null || packages+=(ccache)
        say "Installing ${packages[*]} with apt-get."
        if ! DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates "${packages[@]}" \
            >"$log" 2>&1; then
            say "apt-get install failed:"
            tail -n 10 "$log" >&2
        fi
        hash -r
    fi
    rm -f "$log"
}

# Says how to install what is missing.
how_to_install() {
    local tool apt='' dnf='' brew=''
    for tool in "${missing[@]}"; do
        case $tool in
            jdk) apt+=" openjdk-25-jdk-headless" dnf+=" java-25-openjdk-devel" brew+=" openjdk@25" ;;
            maven) apt+=" maven" dnf+=" maven" brew+=" maven" ;;
            cmake) apt+=" cmake" dnf+=" cmake" brew+=" cmake" ;;
            ninja) apt+=" ninja-build" dnf+=" ninja-build" brew+=" ninja" ;;
            c++) apt+=" g++" dnf+=" gcc-c++" brew+=" llvm" ;;
            cargo) apt+=" cargo" dnf+=" cargo" brew+=" rust" ;;
            xz) apt+=" xz-utils" dnf+=" xz" brew+=" xz" ;;
            *) apt+=" $tool" dnf+=" $tool" brew+=" $tool" ;;
        esac
    done
    if command -v apt-get >/dev/null; then
        if apt_candidate 1 cmake; then # apt knows its packages here
            find_packages
            ((${#packages[@]})) && say "Install with: apt-get install ${packages[*]}"
            ((${#not_in_apt[@]})) && say "Not to be had here with apt-get, or too old: ${not_in_apt[*]}"
        else
            say "Install with: apt-get update && apt-get install$apt"
        fi
    elif command -v dnf >/dev/null; then
        say "Install with: dnf install$dnf"
    elif command -v brew >/dev/null; then
        say "Install with: brew install$brew"
    else
        say "Install with one of:"
        say "  Debian, Ubuntu  apt-get install$apt"
        say "  Fedora          dnf install$dnf"
        say "  macOS           brew install$brew"
    fi
    for tool in "${missing[@]}"; do
        case $tool in
            jdk)
                say "A JDK $min_java from any vendor does, such as Eclipse Temurin (adoptium.net). Unpacked in /opt or ~/.jdks it is"
                say "found by itself; elsewhere, set DIFFUSION4J_JAVA_HOME."
                ;;
            cmake | ninja) say "Where the system's $tool is too old: pip install $tool" ;;
            cargo)
                say "cargo, also from rustup, fetches the runtime's source; SDCPP_SOURCE_DIR=<a copy of it> does without."
                ;;
        esac
    done
}

# require_tools [TOOL...]: everything that a build needs, and the tools named: found, installed, or named. Leaves JAVA_HOME at
# the JDK.
require_tools() {
    find_tools "$@"
    ((${#missing[@]})) || return 0
    if [[ $(id -u) == 0 && -z ${DIFFUSION4J_NO_INSTALL:-} ]] && command -v apt-get >/dev/null; then
        say "Missing here: $(joined "${reasons[@]}")."
        install_with_apt
        find_tools "$@"
        ((${#missing[@]})) || return 0
    fi
    say "Missing: $(joined "${reasons[@]}")."
    how_to_install
    exit $exit_missing_tool
}

joined() {
    local text=$1
    shift
    while (($#)); do
        text+=", $1"
        shift
    done
    printf '%s' "$text"
}

# The classifier of the natives that the preset builds on this machine.
native_classifier() {
    local os=linux arch=x86_64
    [[ $(uname -s) == Darwin ]] && os=macos
    case $(uname -m) in
        arm64 | aarch64) arch=aarch64 ;;
    esac
    printf '%s\n' "$os-$arch-${preset%-portable}"
}

# ---- the build ----

# Is there nothing built, or something newer than what is? One find decides.
needs_build() {
    local built=
    [[ -f $stamp && -f $root/cli/target/diffuse.jar ]] || return 0
    IFS= read -r built <"$stamp"
    [[ $built == "$preset" ]] || return 0
    [[ -n $(find "$root/pom.xml" "$root"/*/pom.xml "$root"/*/src/main "$root/cmake" "$root/native/shim" "$root"/native/CMake* \
        -type f -newer "$stamp" ! -name '.*' ! -name '*~' -print 2>/dev/null | head -n 1) ]]
}

# mark_built SINCE: what is in cli/target was made of the files as they were when SINCE was touched.
mark_built() {
    rm -f "$aot_cache" # of the jars before
    printf '%s\n' "$preset" >"$stamp" && touch -r "$1" "$stamp"
}

# link_classes CACHE COMMAND...: links the program's classes ahead of time, so that it starts sooner. COMMAND starts it, and has
# the JVM write the cache of what it uses in this run: most of the program, which serves a picture by a model in its own process.
link_classes() {
    local cache=$1 trial server port='' line
    shift
    trial=$(mktemp -d)
    "$@" serve --in-process --port 0 --json --quiet >"$trial/log" 2>&1 9>&- &
    server=$!
    while [[ -z $port ]] && kill -0 $server 2>/dev/null; do
        sleep 0.1
        line=$(head -n 1 "$trial/log")
        [[ $line =~ \"port\"\ *:\ *([0-9]+) ]] && port=${BASH_REMATCH[1]}
    done
    if [[ -n $port ]] && exec 8<>"/dev/tcp/127.0.0.1/$port"; then
        line='{"prompt":"a red circle on a white background","size":"64x64"}'
        printf 'POST /v1/images/generations HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n%s\r\nContent-Length: %s\r\n\r\n%s' \
            "$port" $'Content-Type: application/json\r\nConnection: close' ${#line} "$line" >&8
        cat <&8 >"$trial/answer"
        exec 8>&-
        kill -TERM $server
    fi
    wait $server || true
    [[ -s $cache ]] || cat "$trial/log" >&2
    rm -rf "$trial"
    [[ -s $cache ]]
}

# One build at a time in this tree; the lock is file descriptor 9, or a directory where there is no flock.
lock_tree() {
    local owner
    if ! { mkdir -p "$root/target" && exec 9>"$root/target/build.lock"; } 2>/dev/null; then
        say "Cannot write to $root, which has to be built first."
        exit $exit_cannot_write
    fi
    if command -v flock >/dev/null; then
        flock -n 9 || { say "Another build is running in $root; waiting for it."; flock 9; }
        return
    fi
    until mkdir "$root/target/build.lock.d" 2>/dev/null; do
        owner=$(cat "$root/target/build.lock.d/pid" 2>/dev/null) || owner=
        if [[ -n $owner ]] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$root/target/build.lock.d"
        else
            sleep 1
        fi
    done
    echo $$ >"$root/target/build.lock.d/pid"
    trap 'rm -rf "$root/target/build.lock.d"' EXIT
}

unlock_tree() {
    exec 9>&-
    if [[ -d $root/target/build.lock.d ]]; then
        rm -rf "$root/target/build.lock.d"
        trap - EXIT
    fi
}

# Maven on the JDK that was found, from the root.
maven() {
    if [[ -n ${SDCPP_SOURCE_DIR:-} ]]; then # CMake remembers it for the configuring that Maven starts
        (cd "$root/native" && cmake --preset "$preset" "-DSDCPP_SOURCE_DIR=$SDCPP_SOURCE_DIR" 9>&-) || return
    fi
    # Maven's own libraries use what newer JDKs warn about; that is not for the reader of this build.
    (cd "$root" && MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" \
        mvn --batch-mode --no-transfer-progress "-Dnative.preset=$preset" "$@" 9>&- </dev/null)
}

# Reads Maven's output and shows where the build is: each module, and the compiler's [n/of] on one line.
show_steps() {
    local line name tenth last=-1 open=
    while IFS= read -r line; do
        if [[ $line =~ ^\[INFO\]\ Building\ (.+)\ [0-9][^\ ]*\ +\[([0-9]+/[0-9]+)\]$ ]]; then
            [[ -n $open ]] && printf '\r\033[K' >&2
            open=
            say "  ${BASH_REMATCH[2]}  ${BASH_REMATCH[1]}"
        elif [[ $line =~ ^\[([1-9][0-9]*)/([0-9]+)\]\ (.*) ]]; then
            name=${BASH_REMATCH[3]##*/}
            if [[ -t 2 ]]; then
                printf '\r\033[K       [%s/%s] %.60s' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "$name" >&2
                open=1
            else
                tenth=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
                ((tenth == last)) || say "       [${BASH_REMATCH[1]}/${BASH_REMATCH[2]}] $name"
                last=$tenth
            fi
        elif [[ $line == "-- Fetching "* ]]; then
            say "       ${line#-- }"
        fi
    done
    [[ -z $open ]] || printf '\r\033[K' >&2
}

# The last lines of a log that say what went wrong, without Maven's stack traces and advice around them.
show_failure() {
    sed $'s/\033\\[[0-9;]*m//g' "$1" |
        grep -vE '^ +at |^\[INFO\]|^org\.apache\.(maven|commons)\.|^Caused by: |^ +\.\.\. |^[^a-zA-Z]*$' |
        grep -vE '^\[ERROR\] *($|->|\[Help|To see the full|Re-run Maven|For more information|After correcting|  mvn )' |
        tail -n 30 >&2
}

# Builds what ./diffuse runs, if it is not there or out of date.
build() {
    local log=$root/target/build.log began since first=
    lock_tree
    if ! needs_build; then # another process just did it
        unlock_tree
        return
    fi
    require_tools
    since=$(mktemp)
    began=$SECONDS
    [[ -d $root/native/build/$preset/lib ]] || first=1
    if [[ -n $first ]]; then
        say "Building Diffusion4J with the JDK in $jdk. The first time this takes about ten minutes on two cores."
    else
        say "Building Diffusion4J with the JDK in $jdk."
    fi
    maven -Dmaven.test.skip=true -DskipTests -pl cli -am package 2>&1 | tee "$log" | show_steps
    if ((PIPESTATUS[0])); then
        show_failure "$log"
        say "The build failed. The whole log: $log"
        rm -f "$since"
        exit $exit_build_failed
    fi
    mark_built "$since"
    link_classes "$aot_cache" "$jdk/bin/java" "${java_options[@]}" "-XX:AOTCacheOutput=$aot_cache" -jar \
        "$root/cli/target/diffuse.jar" || say "The program will start more slowly: see above."
    rm -f "$since"
    say "Built in $((SECONDS - began)) s."
    unlock_tree
}
