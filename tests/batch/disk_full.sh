#!/bin/sh
# Where the disk is full, the command says so and leaves what was there as it was.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

# limited COMMAND... - with files of at most 50 kB.
limited() {
	(
		ulimit -f 100
		exec "$@"
	)
}

expect 4 limited "$TAUSCOPE" load none.h5 --base "$digits/base" "$digits/mnist"
[ ! -e none.h5 ] || fail "half a store was left"
no_leftovers

expect 0 "$TAUSCOPE" load s.h5 --base "$digits/base" "$digits/mnist"
sum=$(cksum <s.h5)
expect 4 limited "$TAUSCOPE" load s.h5 "$digits/greek"
[ "$(cksum <s.h5)" = "$sum" ] || fail "the store was changed"
expect 0 "$TAUSCOPE" similarity s.h5

# A screen that is not remembered is no failure, but an edit is not lost without a word.
printf '%s\n' 'keys 5 =' 'type 0.25*mnist' 'keys <Enter>' >script
(
	ulimit -f 10
	expect 0 "$TAUSCOPE" s.h5 --script script
)
says 'are not saved'
says 'the composition was 0.25*mnist, with scale 1'
[ "$(cksum <s.h5)" = "$sum" ] || fail "the store was changed"

expect 4 limited "$TAUSCOPE" export s.h5 mnist out.safetensors
[ ! -e out.safetensors ] || fail "half a model was left"
expect 4 limited "$TAUSCOPE" export s.h5 mnist folder/
[ ! -e folder ] || fail "half a model directory was left"
no_leftovers
