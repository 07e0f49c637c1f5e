#!/bin/sh
# The bench measures what it says: what it made is what the pass finds, and it leaves nothing behind.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
: "${BENCH_PROGRAMS:?}"
export BENCH_RUNS=2 BENCH_MB=9 TMPDIR="$scratch/tmp" BENCH_JSON="$scratch/bench.json"
mkdir "$TMPDIR"

nothing_left() {
	[ -z "$(ls "$TMPDIR")" ] || fail "left behind: $(ls "$TMPDIR")"
}

expect 0 env BENCH='types export' "$BENCH_PROGRAMS/bench"
nothing_left
equals 5 bench.json rows '#'
equals '8 tasks and base, BF16' bench.json rows 2 what
equals 2 bench.json rows 2 runs '#'
grep -q '^8 tasks and base, BF16 .* s .* s cat .* x .* MiB$' out || fail "the table lacks a row"
grep -q '^0 limits met, 0 not met, 0 results wrong$' out || fail "small checkpoints are held to limits"
grep -q '^with less than 2400 MB no ratio is held against its limit$' out || fail "limits go in silence"

# Checkpoints of each kind have the cosines that they are said to have.
for pattern in groups opposed; do
	rm -rf made
	mkdir made
	"$BENCH_PROGRAMS/generate" --pattern=$pattern --rho=0.5 --shards=3 --head --layers=2 made F16 3 5
	"$TAUSCOPE" load made.h5 --weights=link --base made/base made/task-1 made/task-2 made/task-3 \
		made/task-4 made/task-5 2>err
	expect 0 "$TAUSCOPE" similarity made.h5 --json
	near 0.006 out cosine -- made/truth.json cosine
	equals 21 made/truth.json tensors
done
expect 0 "$TAUSCOPE" info made/base --json
equals 21 out tensors '#'
rm -rf made made.h5 made.d

# A result that is not what was made is noticed.
mkdir kept
expect 0 env BENCH_DATA="$scratch/kept" BENCH=types "$BENCH_PROGRAMS/bench"
for change in 's/0\.25/0.24/g' 's/"task_norm":[^,}]*/"task_norm":1/'; do
	for truth in kept/*/truth.json; do
		cp "$truth" "$truth.kept"
		sed "$change" "$truth.kept" >"$truth"
		! cmp -s "$truth" "$truth.kept" || fail "nothing was changed: $change"
	done
	expect 1 env BENCH_DATA="$scratch/kept" BENCH=types "$BENCH_PROGRAMS/bench"
	grep -q 'WRONG' out || fail "a wrong result goes unnoticed: $change"
	for truth in kept/*/truth.json; do
		mv "$truth.kept" "$truth"
	done
done
rm -rf kept

# It can be stopped.
rm -f out err
BENCH_RUNS=100000 BENCH=types "$BENCH_PROGRAMS/bench" >out 2>err &
bench=$!
until [ -s out ] || [ -s err ]; do sleep 0.05; done
sleep 0.2
kill "$bench"
status=0
wait "$bench" || status=$?
[ "$status" -eq 1 ] || fail "status $status when it is stopped"
says 'interrupted'
nothing_left

expect 1 env BENCH=nothing "$BENCH_PROGRAMS/bench"
says 'BENCH names no section: nothing; there are pass types threads'
for number in none 0 -1 1.5; do
	expect 1 env BENCH=types BENCH_MB=$number "$BENCH_PROGRAMS/bench"
	says "BENCH_MB takes a whole number from 1 on, not $number"
done

expect 0 "$BENCH_PROGRAMS/generate" --help
grep -q 'MEGABYTES is the size of each' out || fail "generate does not say what it counts"
expect 1 "$BENCH_PROGRAMS/generate" made F32 x 2
says 'MEGABYTES and TASKS are whole numbers from 1 on'
