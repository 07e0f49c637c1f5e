#!/bin/sh
# A recipe, beside the model or within it, gives the same bytes again: of any method, type and part;
# and refuses where that cannot be.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

# twice NAME EDIT OPTION... - written, and written again from the recipe beside it, from the model
# itself, and on another number of threads.
twice() {
	name=$1
	edit=$2
	shift 2
	expect 0 "$TAUSCOPE" --threads 1 export s.h5 "$edit" "$name.safetensors" "$@"
	for recipe in "$name.recipe.json" "$name.safetensors"; do
		rm -f again.safetensors again.recipe.json
		expect 0 "$TAUSCOPE" --threads 3 --budget 1 export s.h5 --recipe "$recipe" \
			again.safetensors
		cmp "$name.safetensors" again.safetensors || fail "$recipe gives other bytes: $edit"
		cmp "$name.recipe.json" again.recipe.json || fail "$recipe gives another recipe"
	done
}
twice linear 'ramp(0.2, 0.8)*mnist - greek@40' --scale 0.3
twice ties 'ties(mnist, greek, fashion, density=0.2)' --dtype BF16
twice mergekit 'ties(mnist, greek, density=0.2)' --dialect mergekit
twice slerp 'slerp(mnist, greek, t=0.3)' --dtype float16 --infinite
twice dare 'dare(mnist, p=0.9) + random_like(greek)' --seed 7 --part task-vector
twice della 'della(mnist, fashion, density=0.4)[blocks.0]' --part changed
twice both 'dare_ties(mnist, greek, p=0.5)' --part changed --dtype bf16 --seed 9007199254740991
equals F32 dare.recipe.json dtype
equals task-vector dare.recipe.json part
equals BF16 both.recipe.json dtype
grep -q 'dialect=mergekit' mergekit.recipe.json || fail "the recipe does not say its dialect"
grep -q 'seed=7' dare.recipe.json || fail "the recipe does not say its seed"

# Another seed, another dialect: other bytes.
expect 0 "$TAUSCOPE" export s.h5 'dare(mnist, p=0.9) + random_like(greek)' other.safetensors \
	--seed 8 --part task-vector
cmp -s dare.safetensors other.safetensors && fail "the seed makes no difference"

# What stands in the text wins over the option.
expect 0 "$TAUSCOPE" export s.h5 'dare(mnist, p=0.9, seed=3)' said.safetensors
expect 0 "$TAUSCOPE" export s.h5 'dare(mnist, p=0.9, seed=3)' both2.safetensors --seed 5
cmp said.safetensors both2.safetensors || fail "--seed changed a seed that was given"
expect 0 "$TAUSCOPE" export s.h5 'ties(mnist, greek, density=0.2, dialect=paper)' paper.safetensors \
	--dialect mergekit
expect 0 "$TAUSCOPE" export s.h5 --recipe paper.safetensors paper2.safetensors
cmp paper.safetensors paper2.safetensors || fail "the recipe forgot a dialect"

# Options beside a recipe must say what it says.
contradicts() {
	expect 2 "$TAUSCOPE" export s.h5 --recipe both.safetensors no.safetensors "$@"
	says "$1 contradicts the recipe"
	[ ! -e no.safetensors ] || fail "it was written"
}
contradicts --scale 2
contradicts --dtype F32
contradicts --part model
contradicts --dialect mergekit
contradicts --seed 5
contradicts --infinite
expect 0 "$TAUSCOPE" export s.h5 --recipe both.safetensors yes.safetensors --scale 1.0 \
	--dtype bfloat16 --part changed --dialect paper --seed 9007199254740991
cmp both.safetensors yes.safetensors || fail "options that agree changed the bytes"

# A recipe of before these keys, and one of another version.
echo '{"tauscope_recipe": 1, "expression": "0.3*mnist", "scale": 1, "dtype": "base",
"version": "0.0.9", "inputs": []}' >old.json
expect 0 "$TAUSCOPE" export s.h5 --recipe old.json old.safetensors
says 'the recipe was written by tauscope 0.0.9'
expect 0 "$TAUSCOPE" export s.h5 '0.3*mnist' new.safetensors
cmp old.safetensors new.safetensors || fail "an old recipe without inputs is not completed"
expect 3 "$TAUSCOPE" export s.h5 --recipe "$digits/mnist/model.safetensors" no.safetensors
says 'it bears no recipe'

# An input of other contents, under the name that the recipe has.
vector base.safetensors 1 2
vector task.safetensors 3 4
expect 0 "$TAUSCOPE" load v.h5 --base base.safetensors t=task.safetensors
expect 0 "$TAUSCOPE" export v.h5 '0.5*t' v.safetensors
vector task.safetensors 4 3
expect 0 "$TAUSCOPE" load v.h5
expect 3 "$TAUSCOPE" export v.h5 --recipe v.safetensors no.safetensors
says 'the contents of t have changed since the recipe was written'

# A mask is an input like the others: by what it holds, not by when it was written.
vector task.safetensors 3 4
vector mask.safetensors 0 1
expect 0 "$TAUSCOPE" load v.h5
twice_masked() {
	expect 0 "$TAUSCOPE" export v.h5 --recipe m.safetensors again.safetensors --overwrite
	cmp m.safetensors again.safetensors || fail "the mask's recipe gives other bytes"
}
expect 0 "$TAUSCOPE" export v.h5 'dare(t, p=0.5, mask="mask.safetensors")' m.safetensors
equals mask m.recipe.json inputs 2 role
equals mask.safetensors m.recipe.json inputs 2 path
twice_masked
vector mask.safetensors 0 1
twice_masked
expect 4 "$TAUSCOPE" export v.h5 'dare(t, p=0.5, mask="mask.safetensors")' mask.safetensors \
	--overwrite
says 'mask.safetensors: it is one of the inputs'
vector mask.safetensors 1 0
expect 3 "$TAUSCOPE" export v.h5 --recipe m.safetensors no.safetensors
says 'the contents of mask.safetensors have changed'
says 'bring back the mask'
rm mask.safetensors
expect 4 "$TAUSCOPE" export v.h5 --recipe m.safetensors no.safetensors
[ ! -e no.safetensors ] || fail "it was written"
no_leftovers
