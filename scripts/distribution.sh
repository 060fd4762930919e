#!/usr/bin/env bash
# Packs the command line into one archive that needs no JDK and installs nothing:
# target/distribution/diffuse-<version>-<os>-<arch>-<backend>.tar.zst, and its SHA-256 beside it.
#
#   scripts/distribution.sh             builds what is not built, and packs it
#   scripts/distribution.sh --folder    makes the folder alone
#
# In it: bin/diffuse, a Java runtime cut to what the program uses with its classes linked ahead of time, the program, the
# native library of the preset (DIFFUSION4J_PRESET; cpu-portable runs on other machines too), the demo model, licences and
# SBOMs. Needs zstd. On Linux.
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

case ${1:-} in
    "" | --folder) ;;
    *)
        sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 64
        ;;
esac

# What the program, the library and the readers of picture files use of the JDK.
modules=java.base,java.desktop,java.logging,java.naming,java.net.http,java.management,jdk.management,jdk.charsets,jdk.localedata

require_tools zstd
if [[ ! -f $root/cli/target/bom.json ]] || needs_build; then
    lock_tree
    since=$(mktemp)
    maven -Dmaven.test.skip=true -DskipTests -Prelease -pl cli -am package
    mark_built "$since"
    rm -f "$since"
    unlock_tree
fi

version=$(sed -n 's|^ *<version>\(.*\)</version>.*|\1|p' "$root/pom.xml" | head -n 1)
classifier=$(native_classifier)
name=diffuse-$version-$classifier
out=$root/target/distribution
folder=$out/$name

say "Packing $name"
rm -rf "$folder"
mkdir -p "$folder"/{bin,app/lib,native,licenses,sbom}
cp -p "$root/scripts/distribution/diffuse" "$folder/bin/diffuse"
cp -p "$root/scripts/distribution/README.txt" "$root/LICENSE" "$root/NOTICE" "$folder"
cp -p "$root/cli/target/diffuse.jar" "$folder/app"
cp -p "$root"/cli/target/lib/*.jar "$folder/app/lib"
# The library lies in the folder as it is: nothing is unpacked when the program starts.
(cd "$folder" && "$jdk/bin/jar" --extract --file app/lib/diffusion4j-natives-*.jar META-INF)
mv "$folder/META-INF/diffusion4j/$classifier"/* "$folder/native"
mv "$folder/native/sbom.cdx.json" "$folder/sbom/native.cdx.json"
mv "$folder"/META-INF/licenses/* "$folder/licenses"
rm -r "$folder/META-INF" "$folder"/app/lib/diffusion4j-natives-*.jar
# For systems that have none; bin/diffuse says where it is.
cp -L "$("${CXX:-c++}" -print-file-name=libgomp.so.1)" "$folder/native"
cp -p "$root/cli/target/bom.json" "$folder/sbom/java.cdx.json"

# Its words are English whatever the locale.
"$jdk/bin/jlink" --add-modules "$modules" --include-locales=en --strip-debug --no-header-files --no-man-pages \
    --output "$folder/runtime"
# Names of what a library keeps to itself, which are of use in a debugger alone.
find "$folder/runtime" -name '*.so' -exec strip --strip-unneeded {} +

DIFFUSION4J_AOT=-XX:AOTCacheOutput=$folder/app/diffuse.aot \
    link_classes "$folder/app/diffuse.aot" "$folder/bin/diffuse" || exit $exit_build_failed

[[ ${1:-} != --folder ]] || exit 0
archive=$out/$name.tar.zst
tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner -cf - "$name" | zstd -q -f -T0 -19 --long=27 -o "$archive"
(cd "$out" && sha256sum "$name.tar.zst" >"$name.tar.zst.sha256")
say "$(du -m "$archive" | cut -f1) MB: $archive"
