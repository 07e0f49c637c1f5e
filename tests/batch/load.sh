#!/bin/sh
# A store is loaded, shows what it holds, and is not read again where nothing has changed.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5
equals 31 out checkpoints '#'
equals base out checkpoints 0 name
equals base out checkpoints 0 role
equals ok out checkpoints 0 state
equals mnist@5 out checkpoints 1 name
equals step out checkpoints 1 role
equals copied out weights
[ "$(get out bytes_read)" -gt 4000000 ] || fail "the weights were not read"

# The tasks keep the order of the command line.
expect 0 "$TAUSCOPE" similarity s.h5 --json
near 0 out names -- "$truth" tasks

expect 0 "$TAUSCOPE" info s.h5 --json
equals true out gram_complete
equals 54 out tensors
equals 63312 out elements
equals 31 out checkpoints '#'
expect 0 "$TAUSCOPE" info s.h5
grep -q '^mnist@220 ' out || fail "info does not list the steps"

# Everything is known now.
load_digits s.h5
equals 0 out bytes_read
expect 0 "$TAUSCOPE" load s.h5 --json
equals 0 out bytes_read
equals 31 out checkpoints '#'

# A task without a name takes its folder's.
expect 0 "$TAUSCOPE" load plain.h5 --json --weights=link --base "$digits/base" \
	"$digits/greek" "$digits/fashion/model.safetensors"
equals greek out checkpoints 1 name
equals fashion out checkpoints 2 name
equals linked out weights

expect 0 "$TAUSCOPE" load plain.h5 --json --drop greek
equals 2 out checkpoints '#'
equals fashion out checkpoints 1 name

expect 0 "$TAUSCOPE" check s.h5 --json
equals 54 out tensors_shared
equals 63312 out elements_shared
equals '[]' out checkpoints mnist missing
expect 0 "$TAUSCOPE" verify s.h5 --json
equals true out whole
no_leftovers
