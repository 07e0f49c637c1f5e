#!/bin/sh
# An interrupt ends with status 130 and nothing half-written; so does the end of power, but for
# temporary names.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

zeros base.safetensors 40000
zeros task.safetensors 40000

# ended STATUS PID
ended() {
	status=0
	wait "$2" || status=$?
	[ "$status" -eq "$1" ] || fail "status $status, not $1"
}

# until_there PATTERN - waits until a temporary of this name lies here.
until_there() {
	tries=0
	# shellcheck disable=SC2086 # a pattern
	until ls -d $1 >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 1000 ] || fail "no $1 within 10 s"
		sleep 0.01
	done
}

"$TAUSCOPE" load s.h5 --weights=link --base base.safetensors task.safetensors >out 2>err &
sleep 0.5
kill -INT $!
ended 130 $!
[ ! -e s.h5 ] || fail "an interrupted load made a store"
no_leftovers

# Whatever it falls upon, and with copies made: a whole store, or nothing.
vector one.safetensors 1 2
vector two.safetensors 1 3
mkdir first
for moment in 000 002 004 006 008 010 012 014 016 018 020 025 030 035 040 050; do
	"$TAUSCOPE" load first/n.h5 --weights=copy --base one.safetensors two.safetensors \
		one=one.safetensors >out 2>err &
	sleep 0.$moment
	kill -INT $! 2>kill_err || true
	wait $! || true
	if [ -e first/n.h5 ]; then
		expect 0 "$TAUSCOPE" verify first/n.h5
		rm -r first/n.h5 first/n.d
	fi
	found=$(find first -mindepth 1)
	[ -z "$found" ] || fail "interrupted after 0.$moment s, left behind: $found"
done

zeros base.safetensors 300
zeros task.safetensors 300
expect 0 "$TAUSCOPE" load s.h5 --weights=link --base base.safetensors task.safetensors
"$TAUSCOPE" export s.h5 0.5*task model.safetensors >out 2>err &
until_there 'model.safetensors.tmp.*'
kill -INT $!
ended 130 $!
[ ! -e model.safetensors ] || fail "an interrupted export made a model"
no_leftovers

"$TAUSCOPE" export s.h5 0.5*task model.safetensors >out 2>err &
until_there 'model.safetensors.tmp.*'
kill -HUP $!
ended 130 $!
[ ! -e model.safetensors ] || fail "a hung-up export made a model"
no_leftovers

"$TAUSCOPE" export s.h5 0.5*task folder/ >out 2>err &
until_there 'folder.tmp.*'
kill -HUP $!
ended 130 $!
[ ! -e folder ] || fail "a hung-up export made a folder"
no_leftovers

for signal in QUIT:131 ALRM:142 XCPU:152; do
	"$TAUSCOPE" export s.h5 0.5*task model.safetensors >out 2>err &
	until_there 'model.safetensors.tmp.*'
	kill -"${signal%:*}" $!
	ended "${signal#*:}" $!
	no_leftovers
	"$TAUSCOPE" export s.h5 0.5*task folder/ >out 2>err &
	until_there 'folder.tmp.*/model.safetensors.tmp.*'
	kill -"${signal%:*}" $!
	ended "${signal#*:}" $!
	no_leftovers
done
rm -f core*

(
	trap '' HUP
	exec "$TAUSCOPE" export s.h5 0.5*task model.safetensors >out 2>err
) &
until_there 'model.safetensors.tmp.*'
kill -HUP $!
ended 0 $!
rm -f model.*

"$TAUSCOPE" export s.h5 0.5*task model.safetensors >out 2>err &
until_there 'model.safetensors.tmp.*'
kill -KILL $!
ended 137 $!
[ ! -e model.safetensors ] || fail "a killed export made a model"
expect 0 "$TAUSCOPE" similarity s.h5

# A kill may come when the recipe is being written too: the next export takes away what is left.
true &
dead=$!
wait "$dead"
: >"model.safetensors.tmp.$dead"
: >"model.recipe.json.tmp.$dead"
expect 0 "$TAUSCOPE" export s.h5 0.5*task model.safetensors
no_leftovers
