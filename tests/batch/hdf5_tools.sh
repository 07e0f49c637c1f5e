#!/bin/sh
# Programs that know HDF5, but not us, see a store and what it links to as one tree.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
command -v h5ls >/dev/null && command -v h5dump >/dev/null ||
	{ echo "FAIL: no h5ls and h5dump here; ./bootstrap check installs them" >&2; exit 1; }

expect 0 "$TAUSCOPE" load s.h5 --base "$digits/base" "$digits/mnist" --run "greek=$digits/greek"

# sees TEXT - in what h5ls printed.
sees() {
	grep -q -e "$1" out || fail "h5ls does not show: $1"
}
expect 0 h5ls -r -E s.h5
sees '^/checkpoints/greek@5/tensors *Dataset {54}'
sees '^/results/base/products *Dataset {54, 1}'
expect 0 h5dump -H -d /results/greek/products s.h5
grep -q 'DATASPACE  SIMPLE { ( 54, 11 ) / ( 54, 11 ) }' out || fail "not all pairs are there"
expect 0 h5ls -r -E s.h5/weights/base
sees 'blocks.0.mlp.fc_in.weight *Dataset {96, 48}'

# From elsewhere, and moved with its folder, the links still lead to the same place.
mkdir moved
mv s.h5 s.d moved
expect 0 sh -c "cd / && exec h5dump -d '/weights/greek@5/ln_f.bias' '$scratch/moved/s.h5'"
grep -q '16-bit little-endian floating-point' out || fail "h5dump does not know the type"
grep -q 'DATASPACE  SIMPLE { ( 48 ) / ( 48 ) }' out || fail "h5dump does not know the shape"
expect 0 h5dump -a /checkpoints/mnist/role moved/s.h5
grep -q '"task"' out || fail "h5dump does not show the role"
