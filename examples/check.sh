#!/usr/bin/env bash
# Builds and runs each example in a folder of its own, from the coordinates alone, and looks at the picture that it draws.
# Needs the artifacts in the local Maven repository (`./run-tests` installs them).
#
#   examples/check.sh            all; those whose tool is not installed are named
#   examples/check.sh maven      only these, whose tools have to be there
#
# MAVEN_REPO_LOCAL  another local Maven repository than ~/.m2/repository
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/setup.sh
source "$here/../scripts/setup.sh"
require_tools

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
natives=$(native_classifier)
jbang_version=0.132.1

with_maven() {
    MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" \
        mvn --batch-mode --no-transfer-progress --quiet ${MAVEN_REPO_LOCAL:+"-Dmaven.repo.local=$MAVEN_REPO_LOCAL"} \
        "-Dnatives=$natives" "$@"
}

# pom MODULE...: a project that builds these in one run of Maven, each as it stands.
pom() {
    printf '%s\n' '<project xmlns="http://maven.apache.org/POM/4.0.0">' '<modelVersion>4.0.0</modelVersion>' \
        '<groupId>com.example</groupId><artifactId>examples</artifactId><version>1</version><packaging>pom</packaging>' \
        '<modules>'
    printf '<module>%s</module>\n' "$@"
    printf '%s\n' '</modules>' '</project>'
}

# jbang as Maven has it, for where it is not installed.
jbang_pom() {
    printf '%s\n' '<project xmlns="http://maven.apache.org/POM/4.0.0">' '<modelVersion>4.0.0</modelVersion>' \
        '<groupId>com.example</groupId><artifactId>jbang-tool</artifactId><version>1</version><packaging>pom</packaging>' \
        "<dependencies><dependency><groupId>dev.jbang</groupId><artifactId>jbang-cli</artifactId><version>$jbang_version</version>" \
        '</dependency></dependencies>' \
        '<build><plugins><plugin><artifactId>maven-dependency-plugin</artifactId><version>3.9.0</version><executions><execution>' \
        '<phase>package</phase><goals><goal>copy-dependencies</goal></goals>' \
        '<configuration><outputDirectory>lib</outputDirectory></configuration>' \
        '</execution></executions></plugin></plugins></build>' '</project>'
}

# It prints the command that is to be run, and says so by its exit code.
jbang_of_maven() {
    local command code=0
    command=$("$jdk/bin/java" -cp "$work/jbang-tool/lib/*" dev.jbang.Main "$@") || code=$?
    ((code == 255)) || return "$((code ? code : 1))"
    eval "$command"
}

run_maven() { with_maven exec:exec; }
run_spring-boot() { "$jdk/bin/java" -jar target/boot-circle-1.jar; }
run_spring-ai() { "$jdk/bin/java" -jar target/draw-1.jar; }
run_langchain4j() { "$jdk/bin/java" -jar target/agent-1.jar; }
run_quarkus() { "$jdk/bin/java" --enable-native-access=ALL-UNNAMED -jar target/quarkus-app/quarkus-run.jar; }
run_kotlin() { "$jdk/bin/java" -jar target/kotlin-circle-1.jar; }
run_spring-page() {
    "$jdk/bin/java" -jar target/page-1.jar --server.port=0 >page.log 2>&1 &
    local page=$! port=
    until [[ -n $port ]]; do
        kill -0 "$page" 2>/dev/null || { cat page.log >&2 && return 1; }
        sleep 1
        port=$(sed -n 's/.*Tomcat started on port \([0-9]*\).*/\1/p' page.log)
    done
    curl -sfG --data-urlencode "prompt=a red circle on a white background" "http://127.0.0.1:$port/draw" |
        sed -n 's/^data:data:image\/png;base64,//p' | base64 --decode >circle.png
    kill "$page"
    wait "$page" || true # it ended by that signal
}
# The first Gradle that runs on Java 25 is 9.1.
has_gradle() {
    local version
    version=$(gradle --version 2>/dev/null | sed -n 's/^Gradle //p')
    [[ -n $version && $(printf '%s\n' 9.1 "$version" | sort -V | head -n 1) == 9.1 ]]
}
run_gradle() {
    gradle --no-daemon --console=plain --quiet ${MAVEN_REPO_LOCAL:+"-Dmaven.repo.local=$MAVEN_REPO_LOCAL"} \
        "-Pnatives=$natives" run
}
run_jbang() {
    local jbang=jbang
    command -v jbang >/dev/null || jbang=jbang_of_maven
    (
        export "JBANG_CACHE_DIR=$work/jbang-cache" # so that what was resolved before does not count
        [[ -z ${MAVEN_REPO_LOCAL:-} ]] || export "JBANG_REPO=$MAVEN_REPO_LOCAL"
        "$jbang" run "-Dnatives=$natives" Circle.java
    )
}

examples=("$@")
(($#)) || examples=(maven spring-boot spring-ai spring-page langchain4j quarkus kotlin jbang gradle)
modules=() checked=() unchecked=()
for example in "${examples[@]}"; do
    if [[ $example == gradle ]] && ! has_gradle; then
        (($# == 0)) || { say "examples/gradle: Gradle 9.1 or newer is not installed." && exit $exit_missing_tool; }
        unchecked+=("$example")
        continue
    fi
    checked+=("$example")
    cp -R "$here/$example" "$work/$example"
    [[ ! -f $work/$example/pom.xml ]] || modules+=("$example")
    if [[ $example == jbang ]] && ! command -v jbang >/dev/null; then
        say "examples/jbang: jbang is not installed; taking $jbang_version from Maven."
        mkdir "$work/jbang-tool"
        jbang_pom >"$work/jbang-tool/pom.xml"
        modules+=(jbang-tool)
    fi
done

if ((${#modules[@]})); then
    began=$SECONDS
    pom "${modules[@]}" >"$work/pom.xml"
    (cd "$work" && with_maven package </dev/null)
    say "examples: built ${modules[*]} in $((SECONDS - began)) s"
fi
pictures=()
for example in ${checked[@]+"${checked[@]}"}; do
    began=$SECONDS
    (cd "$work/$example" && "run_$example" </dev/null)
    say "examples/$example: ran in $((SECONDS - began)) s"
    pictures+=("$work/$example/circle.png")
done
((${#pictures[@]} == 0)) || "$jdk/bin/java" "$here/readme/RedCircle.java" "${pictures[@]}"
for example in ${unchecked[@]+"${unchecked[@]}"}; do
    say "examples/$example: NOT CHECKED: $example is missing."
done
