#!/bin/sh
# Models that are written from bases of other formats: tied weights stay tied, shards stay shards,
# and what was quantised says so wherever its numbers are shown.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

: "${CONVERT:?}"
valid=$TAUSCOPE_SOURCE/tests/corpus/valid
manifest=$valid/manifest.json

# same_values FILE CASE - every tensor, tied names too, is the one of the corpus.
same_values() {
	expect 0 "$TAUSCOPE" info "$1" --stats --json
	mv out read.json
	n=$(get read.json tensors '#')
	[ "$n" = "$(get "$manifest" files "$2" tensors '#')" ] || fail "$1 has $n names"
	for i in $(seq 0 $((n - 1))); do
		name=$(get read.json tensors "$i" name)
		equals "$(get read.json tensors "$i" sha256)" \
			"$manifest" files "$2" tensors "$name" sha256_f32
	done
}

# Tied weights are written once; the metadata has the name that was left out, and both are read.
for case in torch/zip_tied.pt torch/legacy_tied.pt torch/zip_module_lm_tied.pt; do
	for weights in link copy; do
		rm -rf tied.*
		expect 0 "$TAUSCOPE" load tied.h5 --weights=$weights --base "$valid/$case" \
			"same=$valid/$case"
		expect 0 "$TAUSCOPE" export tied.h5 '0.5*same' tied.safetensors --json
		equals 0 out changed
		equals '[]' out warnings
		same_values tied.safetensors $case
		equals wte.weight read.json metadata lm_head.weight
		equals "$(get read.json tensors '#')" "$manifest" files $case tensors '#'
		expect 0 "$TAUSCOPE" load tied.h5 "again=tied.safetensors"
		expect 0 "$TAUSCOPE" check tied.h5 --json
		equals '[]' out checkpoints again missing
		equals '[]' out checkpoints again extra
		equals '[]' out checkpoints again notes
		expect 0 "$TAUSCOPE" export tied.h5 'again' twice.safetensors --overwrite --json
		equals 0 out changed
	done
done

# A base of two PyTorch files becomes two of safetensors, with an index of their own.
for weights in link copy; do
	rm -rf shards* model
	expect 0 "$TAUSCOPE" load shards.h5 --weights=$weights --base "$valid/hf/sharded_bin" \
		"same=$valid/hf/sharded"
	expect 0 "$TAUSCOPE" export shards.h5 '0.5*same' model/
	[ "$(cd model && echo *)" = "config.json model-00001-of-00002.safetensors \
model-00002-of-00002.safetensors model.safetensors.index.json recipe.json" ] ||
		fail "the folder has $(cd model && echo *)"
	cmp model/config.json "$valid/hf/sharded_bin/config.json" || fail "another configuration"
	same_values model hf/sharded_bin
	same_values model/model.safetensors.index.json hf/sharded_bin
	same_values model/model-00002-of-00002.safetensors hf/sharded_bin
	equals 736 model/model.safetensors.index.json metadata total_size
	for name in emb.weight l.0.w l.0.b l.1.w; do
		file=$(get "$valid/hf/sharded_bin/pytorch_model.bin.index.json" weight_map $name)
		wanted=${file#pytorch_}
		equals "${wanted%.bin}.safetensors" model/model.safetensors.index.json weight_map \
			$name
	done
	expect 0 "$TAUSCOPE" export shards.h5 '0.5*same' shards.safetensors
	same_values shards.safetensors hf/sharded_bin
done

# Quantised weights are compared with whole ones, and every number that they are in says what they
# are; their copy is no less rounded.
for task in base mnist greek; do
	expect 0 "$CONVERT" gguf "$digits/$task/model.safetensors" $task.gguf
done
expect 0 "$CONVERT" gguf-q8_0 "$digits/mnist/model.safetensors" small.gguf
notice='small: its weights were rounded when they were quantised (Q8_0); all numbers are about what is '
notice="${notice}left of them"
for weights in link copy; do
	rm -f small.safetensors
	expect 0 "$TAUSCOPE" load $weights.h5 --weights=$weights --base base.gguf small.gguf mnist.gguf \
		greek.gguf
	for verb in similarity norms; do
		expect 0 "$TAUSCOPE" $verb $weights.h5 --json
		equals "[\"$notice\"]" out warnings
		says "warning: $notice"
	done
	expect 0 "$TAUSCOPE" preview $weights.h5 small --json
	equals "[\"$notice\"]" out warnings
	expect 0 "$TAUSCOPE" export $weights.h5 small small.safetensors --no-recipe --json
	equals "[\"$notice\"]" out warnings
	says "warning: $notice"
	expect 0 "$TAUSCOPE" preview $weights.h5 mnist --json
	equals '[]' out warnings
	expect 0 "$TAUSCOPE" export $weights.h5 mnist mnist-$weights.safetensors --json
	equals '[]' out warnings
done
expect 0 "$TAUSCOPE" load plain.h5 --base base.gguf mnist.gguf greek.gguf
expect 0 "$TAUSCOPE" similarity plain.h5 --json
! grep -q rounded out err || fail "a warning about whole weights"
near 1e-6 out norm 0 -- "$truth" global norms 0

# So it is with a base: what is written is what the blocks were decoded to.
expect 0 "$TAUSCOPE" load base.h5 --base small.gguf greek.gguf
expect 0 "$TAUSCOPE" preview base.h5 greek --json
equals "[\"base${notice#small}\"]" out warnings
expect 0 "$TAUSCOPE" export base.h5 '0*greek' base.safetensors --no-recipe
expect 0 "$CONVERT" values base.safetensors one
expect 0 "$CONVERT" values small.gguf two
cmp one two || fail "another base was written"
