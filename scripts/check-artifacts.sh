#!/usr/bin/env bash
# Looks into what `mvn package -Prelease` (or ./run-tests) has built: licences, sources, Javadoc and SBOM of every artifact,
# and whether NOTICE says the same as the SBOMs.
set -euo pipefail

# shellcheck source=scripts/setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"
find_jdk || { say "There is no JDK $min_java or newer."; exit $exit_missing_tool; }

say "Looking into the artifacts: licences, sources, Javadoc, SBOMs"
"$jdk/bin/java" -cp "$root/cli/target/lib/*" "$root/scripts/CheckArtifacts.java" "$root"
