#!/usr/bin/env bash
# Tests on a GPU: the parts against the same golden files as on the CPU, pictures, memory, cancelling.
#
#   DIFFUSION4J_PRESET=cuda scripts/gpu-test.sh                         the first GPU
#   DIFFUSION4J_PRESET=vulkan scripts/gpu-test.sh -Dgpu.device=Vulkan1  another one; arguments go to Maven
#   DIFFUSION4J_PRESET=cuda scripts/gpu-test.sh --benchmark             pictures a second and memory, by weight type
#
# -Dgpu.leniency=N     how many times the CPU's tolerance the parts may differ from the golden files (10)
#                      GGML_VK_DISABLE_F16=1 in the environment where Vulkan's half precision is beyond that
# -Dgpu.size=, -Dgpu.steps=, -Dgpu.pictures=     of the benchmark (512, 20, 3)
set -euo pipefail

here=.
[[ ${BASH_SOURCE[0]} == */* ]] && here=${BASH_SOURCE[0]%/*}
# shellcheck source=scripts/setup.sh
source "$here/setup.sh"

[[ ${DIFFUSION4J_PRESET:-cpu} != cpu* ]] || { say "Set DIFFUSION4J_PRESET to cuda, vulkan or metal." && exit 2; }
group=gpu classes='Gpu*Test'
if [[ ${1:-} == --benchmark ]]; then
    group=gpu-benchmark classes=GpuBenchmark
    shift
fi
lock_tree
require_tools
maven test -pl api -am -Dtest.forks=1 "-Dtest.groups=$group" -Dtest.excludedGroups= "-Dtest=$classes" \
    -Dsurefire.failIfNoSpecifiedTests=false "$@"
