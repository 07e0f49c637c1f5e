#!/bin/sh
# An edit is previewed, written, scored, written again from its recipe, and never over another file.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

# A preview of one task, scaled: everything about it is known from truth.json.
expect 0 "$TAUSCOPE" preview s.h5 mnist --json
equals exact out kind
near 1e-6 out norm -- "$truth" global norms 0
near 1e-6 out cosine mnist-inv -- "$truth" global cos 0 2
expect 0 "$TAUSCOPE" preview s.h5 '-0.7*mnist' --json
echo -0.7 >kept.json
near 1e-12 out kept mnist -- kept.json
expect 0 "$TAUSCOPE" preview s.h5 mnist --scale -0.7 --json
near 1e-12 out kept mnist -- kept.json

for scale in nan inf; do
	expect 2 "$TAUSCOPE" preview s.h5 mnist --scale $scale --json
	says 'not a number'
done

# l2 EDIT KEY... - the norm of the written model is the one of truth.json.
l2() {
	edit=$1
	shift
	rm -rf model
	expect 0 "$TAUSCOPE" export s.h5 "$edit" model/ --json
	expect 0 "$TAUSCOPE" info model --stats --json
	n=$(get out tensors '#')
	for i in $(seq 0 $((n - 1))); do
		name=$(get out tensors "$i" name)
		near 1e-6 out tensors "$i" l2 -- "$truth" edits "$@" per_tensor "$name" l2
	done
}
l2 '-0.7*mnist' 'base - 0.7*mnist'
l2 '0.4*(mnist + "mnist-inv")' 'base + 0.4*(mnist + mnist-inv)'

# The scores of the edited models.
expected=$digits/eval/expected.json
score() {
	rm -rf model
	expect 0 "$TAUSCOPE" export s.h5 "$1" model/ --json
	expect 0 "$SCORE" model
	for task in $tasks latin; do
		near 1 out tasks "$task" correct -- "$expected" correct "$2" "$task"
	done
}
score '0.5*(mnist + greek)' 'base + 0.5*(mnist + greek)'
score '-0.5*mnist' 'base - 0.5*mnist'

# The same edit has the same bytes, whatever the threads; its recipe too.
expect 0 "$TAUSCOPE" --threads 1 export s.h5 '0.3*mnist' one.safetensors
expect 0 "$TAUSCOPE" --threads 4 --budget 1 export s.h5 '0.3*mnist' four.safetensors
cmp one.safetensors four.safetensors || fail "the bytes depend on the threads"
[ -f one.recipe.json ] || fail "no recipe was written"
expect 0 "$TAUSCOPE" export s.h5 --recipe one.recipe.json again.safetensors
cmp one.safetensors again.safetensors || fail "the recipe gives other bytes"
sum=$(cksum <one.recipe.json)
expect 4 "$TAUSCOPE" export s.h5 --recipe one.recipe.json one.safetensors --overwrite
says 'one.recipe.json: it is one of the inputs'
[ "$(cksum <one.recipe.json)" = "$sum" ] || fail "the recipe that was read was written"
expect 0 "$TAUSCOPE" export s.h5 --recipe one.recipe.json one.safetensors --overwrite --no-recipe
cmp one.safetensors again.safetensors || fail "the recipe gives other bytes"
echo '{"tauscope_recipe": 1, "expression": "0.3*mnist"}' >hand.json
expect 0 "$TAUSCOPE" export s.h5 --recipe hand.json hand.safetensors
expect 0 "$TAUSCOPE" export s.h5 --no-recipe '0.3*mnist' bare.safetensors
[ ! -e bare.recipe.json ] || fail "a recipe was written"

# A source may have a name that is no UTF-8.
odd=$(printf 'odd\377.safetensors')
vector "$odd" 1 2
expect 0 "$TAUSCOPE" load odd.h5 --base "$odd" "same=$odd"
expect 0 "$TAUSCOPE" export odd.h5 same odd.out.safetensors

# Nothing is overwritten without being told.
sum=$(cksum <one.safetensors)
expect 4 "$TAUSCOPE" export s.h5 '0.9*mnist' one.safetensors
[ "$(cksum <one.safetensors)" = "$sum" ] || fail "the output was overwritten"
expect 0 "$TAUSCOPE" export s.h5 --overwrite '0.9*mnist' one.safetensors
[ "$(cksum <one.safetensors)" != "$sum" ] || fail "--overwrite did not overwrite"
no_leftovers
