#!/usr/bin/env bash
# Makes the archive of scripts/distribution.sh and uses it as somebody who has nothing else: unpacked into a folder that
# cannot be written, by a user without a name or a home, in an empty environment.
#
#   scripts/distribution-test.sh            makes the archive first
#   scripts/distribution-test.sh ARCHIVE    takes this one
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"
require_tools zstd

most_megabytes=70
user=23456 # nobody's

fail() { say "distribution: $*" && exit 1; }

archive=${1:-}
if [[ -z $archive ]]; then
    "$here/distribution.sh"
    archives=("$root"/target/distribution/*"-$(native_classifier).tar.zst")
    archive=${archives[0]}
fi

(cd "$(dirname "$archive")" && sha256sum --check --quiet "$(basename "$archive").sha256") || fail "its checksum is wrong"
size=$(wc -c <"$archive")
((size <= most_megabytes * 1000000)) || fail "$size bytes are more than $most_megabytes MB"

work=$(mktemp -d)
clean() {
    chmod -R u+w "$work"
    rm -rf "$work"
    find "${TMPDIR:-/tmp}" -maxdepth 1 -user "$user" -exec rm -rf {} + 2>/dev/null || true
}
trap clean EXIT
chmod 755 "$work"
mkdir "$work/some where" "$work/pictures"
zstd -q -d -c "$archive" | tar -C "$work/some where" -xf -
folders=("$work/some where"/*)
((${#folders[@]} == 1)) || fail "it holds more than one folder"
folder=${folders[0]}
for file in LICENSE NOTICE README.txt licenses/MIT.txt sbom/java.cdx.json sbom/native.cdx.json runtime/legal/java.base; do
    [[ -e $folder/$file ]] || fail "there is no $file in it"
done
! grep -rlF "$root" "$folder/bin" "$folder/sbom" >&2 || fail "it names the folder that it was built in"

as=()
if [[ $(id -u) == 0 ]]; then
    chown "$user" "$work/pictures"
    as=(setpriv "--reuid=$user" "--regid=$user" --clear-groups)
else
    say "Not run: as another user, which takes root."
fi
chmod -R a-w "$folder"
ln -s "$folder/bin/diffuse" "$work/diffuse"

diffuse() { (cd "$work/pictures" && "${as[@]}" env -i "$work/diffuse" "$@"); }

say "$(basename "$archive"), $size bytes: used by a user without home or environment"
diffuse generate "a red circle on a white background" --seed 42 -o circle.png
"$jdk/bin/java" "$root/examples/readme/RedCircle.java" "$work/pictures/circle.png"
diffuse generate "a red circle on a white background" --seed 42 --isolated -o isolated.png
"$jdk/bin/java" "$root/examples/readme/RedCircle.java" "$work/pictures/isolated.png"
diffuse doctor >"$work/doctor.txt" || { cat "$work/doctor.txt" >&2 && fail "the doctor is not content"; }
grep -q "Everything that drawing needs is here." "$work/doctor.txt" || fail "the doctor says something else"
(cd "$work/pictures" && "${as[@]}" env -i "DIFFUSION4J_JAVA_OPTS=-XX:AOTMode=on -Xlog:aot" "$work/diffuse" version) \
    >"$work/aot.txt" 2>&1 || { cat "$work/aot.txt" >&2 && fail "its archive of classes does not fit where it was unpacked"; }
(cd "$work/pictures" && "${as[@]}" env -i LD_DEBUG=libs "$work/diffuse" version) >"$work/libraries.txt" 2>&1
grep -q "calling init: $folder/native/libgomp.so.1" "$work/libraries.txt" || fail "it takes libgomp from the system"
written=$(cd "$work/pictures" && find . -type f | sort | tr '\n' ' ')
[[ $written == "./circle.png ./isolated.png " ]] || fail "the working directory holds $written"
say "The distribution works."
