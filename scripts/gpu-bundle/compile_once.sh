#!/usr/bin/env bash
# A compiler launcher, through which the units that take longest are compiled ahead of the others: whoever asks for one first
# compiles it, and who asks again waits for that one. Ninja orders units by their place in the graph, not by how long they
# take, and two of it must not work in one folder.
#
#   compile_once.sh COMPILER ARGUMENTS...
#
# COMPILE_ONCE   a folder for marks, empty when a build begins
set -euo pipefail

case ${!#} in
    */shim/runtime.cpp | */vocab/vocab.cpp) ;;
    *) exec "$@" ;;
esac
unit=${!#}
mark=${COMPILE_ONCE:?}/${unit##*/}
if mkdir "$mark" 2>/dev/null; then
    code=0
    "$@" || code=$?
    echo "$code" >"$mark/code.part" && mv "$mark/code.part" "$mark/code"
    exit "$code"
fi
until [[ -e $mark/code ]]; do
    sleep 0.2
done
exit "$(<"$mark/code")"
