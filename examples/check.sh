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

with_maven() {
    MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}" \
        mvn --batch-mode --no-transfer-progress --quiet ${MAVEN_REPO_LOCAL:+"-Dmaven.repo.local=$MAVEN_REPO_LOCAL"} \
        "-Dnatives=$natives" "$@"
}
run_maven() { with_maven compile exec:exec; }
run_spring-boot() {
    with_maven package
    "$jdk/bin/java" -jar target/circle-1.jar
}
run_spring-ai() {
    with_maven package
    "$jdk/bin/java" -jar target/draw-1.jar
}
run_spring-page() {
    with_maven package
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
run_gradle() {
    gradle --no-daemon --console=plain --quiet ${MAVEN_REPO_LOCAL:+"-Dmaven.repo.local=$MAVEN_REPO_LOCAL"} \
        "-Pnatives=$natives" run
}
run_jbang() {
    ${MAVEN_REPO_LOCAL:+env "JBANG_REPO=$MAVEN_REPO_LOCAL"} jbang --fresh "-Dnatives=$natives" Circle.java
}
tool_of() {
    case $1 in
        maven | spring-boot | spring-ai | spring-page) echo mvn ;;
        *) echo "$1" ;;
    esac
}

examples=("$@")
(($#)) || examples=(maven spring-boot spring-ai spring-page gradle jbang)
for example in "${examples[@]}"; do
    tool=$(tool_of "$example")
    if ! command -v "$tool" >/dev/null; then
        say "examples/$example: not run: $tool is not installed."
        (($# == 0)) || exit $exit_missing_tool
        continue
    fi
    say "examples/$example: building and running it"
    cp -R "$here/$example" "$work/$example"
    (cd "$work/$example" && "run_$example" </dev/null)
    "$jdk/bin/java" "$here/readme/RedCircle.java" "$work/$example/circle.png"
done
