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

# Where elements are not finite is said, and does not count as a difference in shape.
vector one.safetensors 1 1 1
vector nan.safetensors 1 nan inf
vector fine.safetensors 1 2 1
expect 0 "$TAUSCOPE" load n.h5 --base one.safetensors nan.safetensors fine.safetensors
grep -q 'nan has 2 elements that are not finite, first in w$' out || fail "the tensor is not named"
expect 0 "$TAUSCOPE" check n.h5 --json
equals '[{"name":"w","elements":2}]' out checkpoints nan nonfinite
equals '[]' out checkpoints fine nonfinite
equals '[]' out base_nonfinite
for verb in similarity norms; do
	expect 0 "$TAUSCOPE" $verb n.h5 --json
	equals 1 out warnings '#'
	equals 'nan: 2 elements are not finite, in w; its numbers over this tensor are unknown' \
		out warnings 0
	says 'warning: nan: 2 elements are not finite, in w;'
done
expect 0 "$TAUSCOPE" check n.h5
grep -q '^nan: 2 elements of w not finite$' out || fail "the check does not name the tensor"

# What is loaded again keeps its place, changed or not.
expect 0 "$TAUSCOPE" load n.h5 nan=nan.safetensors one=one.safetensors --json
equals nan out checkpoints 1 name
equals fine out checkpoints 2 name
equals one out checkpoints 3 name
vector new.safetensors 1 2 3
expect 0 "$TAUSCOPE" load n.h5 fine=new.safetensors --json
equals fine out checkpoints 2 name
equals 4 out checkpoints '#'

# So does a run, whose steps are as many as its folder holds now.
load_digits d.h5
get out checkpoints >before
expect 0 "$TAUSCOPE" load d.h5 --json --run "fashion=$digits/fashion" "mnist-inv=$digits/mnist-inv"
get out checkpoints >after
cmp before after || fail "the order changed"

# Copies stay when links are asked for later, and the load says so.
vector one.safetensors 1 2
vector two.safetensors 1 3
expect 0 "$TAUSCOPE" load kept.h5 --weights=copy --base one.safetensors two.safetensors
expect 0 "$TAUSCOPE" load kept.h5 --weights=link third=two.safetensors --json
equals mixed out weights
expect 0 "$TAUSCOPE" load kept.h5 --weights=link
grep -q -F '2 were copied before and stay so' out || fail "the load does not say what stays copied"
expect 0 "$TAUSCOPE" load kept.h5
! grep -q 'before' out || fail "the load says so unasked"

# Where the commit fails, here since the name leaves no room for a temporary one, the copies go: of
# a first load all that it made, of a later one what the store did not have.
long=$(printf '%0247d' 0)
expect 4 "$TAUSCOPE" load "$long.h5" --weights=copy --base one.safetensors two.safetensors
says 'cannot create'
found=$(find . -name '0000*')
[ -z "$found" ] || fail "left behind: $found"
cp kept.h5 "$long.h5"
cp -R kept.d "$long.d"
parts() {
	find . -path './0000*' -type f -exec cksum {} + | sort
}
parts >before
vector other.safetensors 4 1
expect 4 "$TAUSCOPE" load "$long.h5" --weights=copy other.safetensors
parts >after
cmp before after || fail "a load that failed changed the parts of the store"
expect 0 "$TAUSCOPE" verify "$long.h5"
