#!/bin/sh
# The scorer gets the counts and logits that the training framework got.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

expected=$digits/eval/expected.json
for model in base $tasks; do
	expect 0 "$SCORE" --images "$digits/eval" "$digits/$model"
	for task in $tasks latin; do
		near 0 out tasks "$task" correct -- "$expected" correct "$model" "$task"
	done
done

expect 0 "$SCORE" --images "$digits/eval" --logits "$digits/base"
near 1e-3 out logits -- "$expected" logits_base_mnist0

# Without being told, it finds the images of the tree that it was built in.
expect 0 env -u TAUSCOPE_DATADIR "$SCORE" "$digits/base/model.safetensors"
near 0 out tasks mnist correct -- "$expected" correct base mnist
expect 4 env TAUSCOPE_DATADIR="$scratch/nowhere" "$SCORE" "$digits/base"
says nowhere

expect 4 "$SCORE" --images "$scratch" "$digits/base"
vector other.safetensors 1 2 3
expect 3 "$SCORE" --images "$digits/eval" other.safetensors
says 'no such tensor'
