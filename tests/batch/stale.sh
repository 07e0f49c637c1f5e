#!/bin/sh
# A source that changes makes its own numbers stale, and says so; loading again reads it alone.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

vector base.safetensors 1 1 1
vector a.safetensors 2 1 1
vector b.safetensors 1 2 1
expect 0 "$TAUSCOPE" load s.h5 --weights=link --base base.safetensors a.safetensors b.safetensors
expect 0 "$TAUSCOPE" export s.h5 a a-out.safetensors

sleep 0.02
vector a.safetensors 4 1 1
expect 0 "$TAUSCOPE" info s.h5 --json
equals changed out checkpoints 1 state
equals ok out checkpoints 2 state
expect 0 "$TAUSCOPE" similarity s.h5 --json
equals '["a"]' out stale
says 'a has changed'
equals null out cosine 0 1
equals 1 out norm 1
expect 3 "$TAUSCOPE" preview s.h5 a
expect 0 "$TAUSCOPE" preview s.h5 b
expect 1 "$TAUSCOPE" verify s.h5 --json
equals false out whole

# It cannot be exported as what it was; the other task can.
expect 3 "$TAUSCOPE" export s.h5 a no.safetensors
[ ! -e no.safetensors ] || fail "a stale task was exported"
expect 0 "$TAUSCOPE" export s.h5 b yes.safetensors

expect 0 "$TAUSCOPE" load s.h5 --json
equals ok out checkpoints 1 state
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 3 out groups 0 tasks a norm

# The recipe was written with other contents.
expect 3 "$TAUSCOPE" export s.h5 --recipe a-out.recipe.json again.safetensors
says 'have changed since the recipe was written'

# With a source gone, everything but export still works.
rm b.safetensors
expect 0 "$TAUSCOPE" similarity s.h5 --json
expect 0 "$TAUSCOPE" preview s.h5 b --json
expect 4 "$TAUSCOPE" export s.h5 b no.safetensors
[ ! -e no.safetensors ] || fail "a missing task was exported"

# With copies, export works too.
expect 0 "$TAUSCOPE" load c.h5 --weights=copy --base base.safetensors a.safetensors
expect 0 "$TAUSCOPE" export c.h5 a same.safetensors --json
equals '[]' out warnings
vector a.safetensors 3 3 3
expect 0 "$TAUSCOPE" export c.h5 a stale.safetensors --json
cmp same.safetensors stale.safetensors || fail "not the copy was exported"
notice="a: its source has changed since it was read; the store's copy is used"
equals "[\"$notice\"]" out warnings
says "warning: $notice"
expect 0 "$TAUSCOPE" preview c.h5 "0.1*a" --json
far="a is as far from the base as that is from 0: the base is probably not the one it was fine-tuned from"
equals "[\"$far\",\"$notice\"]" out warnings
says "warning: $notice"
rm a.safetensors base.safetensors
expect 0 "$TAUSCOPE" export c.h5 a copied.safetensors
says "base: its source is missing; the store's copy is used"
says "a: its source is missing; the store's copy is used"
expect 0 "$TAUSCOPE" load c.h5
grep -q "a: its source $scratch/a.safetensors is missing; kept as it was read" out ||
	fail "the load does not say what is missing"

# Results that cannot be read are not called stale.
mv c.d gone.d
expect 4 "$TAUSCOPE" similarity c.h5
says 'the results of the base cannot be read: '
says 'No such file'
mv gone.d c.d
expect 0 "$TAUSCOPE" similarity c.h5

# A touched file may have changed between the samples of it; a load reads it whole.
zeros base.safetensors 2
zeros big.safetensors 2
expect 0 "$TAUSCOPE" load t.h5 --weights=link --base base.safetensors big.safetensors
sleep 0.02
size=$(wc -c <big.safetensors)
floats 3 | dd of=big.safetensors bs=1 seek=$((size - 948608)) conv=notrunc 2>/dev/null
for analysis in similarity norms preview; do
	edit=big
	[ "$analysis" = preview ] || edit=
	expect 0 "$TAUSCOPE" "$analysis" t.h5 ${edit:+"$edit"}
	says 'warning: big was touched since it was read; tauscope load t.h5 looks'
done
expect 0 "$TAUSCOPE" load t.h5 --json
equals $((3 * 2 * 1048576)) out bytes_read
expect 0 "$TAUSCOPE" similarity t.h5 --json
[ ! -s err ] || fail "a warning after the load"
equals 3 out norm 0

# So may the base, on which every row depends.
sleep 0.02
floats 4 | dd of=base.safetensors bs=1 seek=$((size - 948208)) conv=notrunc 2>/dev/null
expect 0 "$TAUSCOPE" load t.h5 --json
equals $((3 * 2 * 1048576)) out bytes_read
expect 0 "$TAUSCOPE" similarity t.h5 --json
equals 5 out norm 0
