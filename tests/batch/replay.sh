#!/bin/sh
# Every fuzz target on the files that the fuzzer begins with, and on those that it once failed on.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
SOURCE=$TAUSCOPE_SOURCE
. "$SOURCE/tests/fuzz/seeds.sh"

targets=0
for source in "$SOURCE"/tests/fuzz/fuzz_*.c; do
	target=${source##*/}
	target=${target%.c}
	gather "$target" seeds || fail "$target has no seeds"
	expect 0 "$REPLAY/replay_${target#fuzz_}" seeds/*
	targets=$((targets + 1))
done
[ "$targets" -ge 10 ] || fail "only $targets fuzz targets were found"
