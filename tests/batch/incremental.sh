#!/bin/sh
# A row more costs what it shares with the others, read once, by the count of the system calls; what
# is there already, and what goes, costs nothing.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
command -v strace >/dev/null ||
	{ echo "FAIL: no strace here; ./bootstrap check installs it" >&2; exit 1; }
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# pair FILE A1 A2 B1 B2 - a checkpoint of two tensors of 8 bytes each.
pair() {
	file=$1
	shift
	a='"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}'
	b='"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}'
	floats "$@" | safetensors "$file" "{$a,$b}"
}

# one FILE VALUE VALUE - a checkpoint of b alone.
one() {
	file=$1
	shift
	floats "$@" | safetensors "$file" '{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
}

# traced STORE ARGUMENT... - a load whose reads are looked at.
traced() {
	expect 0 strace -f -y -qq -o calls -e trace=read,pread64,preadv,preadv2 "$TAUSCOPE" load "$@" \
		--json
}

# reads WANTED PATTERN - how many bytes were read from the files of a pattern.
reads() {
	found=$(sed -n -E "s:.*<[^>]*/$2>.*= ([0-9]+)$:\1:p" calls |
		awk '{ sum += $1 } END { print sum + 0 }')
	[ "$found" -eq "$1" ] || fail "$found bytes were read of $2, not $1"
}

pair base.safetensors 1 1 1 1
pair task.safetensors 1 2 1 2
expect 0 "$TAUSCOPE" load s.h5 --weights=link --base base.safetensors task.safetensors --json
equals 32 out bytes_read
equals 0 out bytes_copied
expect 0 "$TAUSCOPE" load c.h5 --weights=copy --base base.safetensors task.safetensors --json
equals 32 out bytes_read
equals 32 out bytes_copied

one new.safetensors 3 3
traced s.h5 --weights=link new.safetensors
equals 24 out bytes_read
reads 8 'base\.safetensors'
reads 8 'task\.safetensors'
expect 0 "$TAUSCOPE" load s.h5 --weights=link --drop new
grep -q ' 0 B read' out || fail "the load does not say that it read nothing"
expect 0 "$TAUSCOPE" load s.h5 --weights=link new.safetensors
grep -q ' 24 B read' out || fail "the load does not say how much it read"

for again in 'new.safetensors' 'task=task.safetensors' '--drop new'; do
	# shellcheck disable=SC2086 # an option and its value
	traced s.h5 --weights=link $again
	equals 0 out bytes_read
	reads 0 '[a-z]*\.safetensors'
done

# Copied weights are read where they lie in the store.
traced c.h5 --weights=copy new.safetensors
equals 24 out bytes_read
equals 8 out bytes_copied
reads 0 'base\.safetensors'
reads 0 'task\.safetensors'
reads 16 'c\.d/weights-[0-9a-f]*\.h5'
