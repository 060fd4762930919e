#!/usr/bin/env bash
# Does with README.md what its reader does: a project of its own, in a folder of its own, with the dependencies and the
# program that are printed there. Then looks at the picture. Needs the artifacts in the local Maven repository
# (`./run-tests` installs them).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
# shellcheck source=scripts/setup.sh
source "$here/../../scripts/setup.sh"
require_tools

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# block LANGUAGE: the first block of that language in the README.
block() {
    awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } /^```/ { if (inside) exit } inside' "$root/README.md"
}

mkdir -p "$work/src/main/java"
block java >"$work/src/main/java/Circle.java"
block xml | sed "s/linux-x86_64-cpu/$(native_classifier)/" >"$work/dependencies.xml"
[[ -s $work/src/main/java/Circle.java && -s $work/dependencies.xml ]] || {
    say "README.md has no \`\`\`java or no \`\`\`xml block."
    exit 1
}
sed -e "/@dependencies@/{" -e "r $work/dependencies.xml" -e "d" -e "}" "$here/pom.xml.in" >"$work/pom.xml"

say "README.md: compiling its program in a project of its own"
(
    cd "$work"
    MAVEN_OPTS="--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow" \
        mvn --batch-mode --no-transfer-progress --quiet package </dev/null
    say "README.md: running it"
    "$jdk/bin/java" --enable-native-access=ALL-UNNAMED -cp "target/classes:target/lib/*" Circle
)
"$jdk/bin/java" "$here/RedCircle.java" "$work/circle.png"
