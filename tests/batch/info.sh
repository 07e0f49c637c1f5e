#!/bin/sh
# What info says of a checkpoint, and of its values, against sums made by other programs.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

expect 0 "$TAUSCOPE" info "$digits/base" --json
equals safetensors out format
equals 54 out tensors '#'
equals blocks.0.attn.k_proj.bias out tensors 0 name
equals F32 out tensors 0 type
equals '[48]' out tensors 0 shape
equals 192 out tensors 0 bytes

sum_of() {
	sha256sum | cut -d ' ' -f 1
}

vector v.safetensors 3 4 0 -1
expect 0 "$TAUSCOPE" info v.safetensors --stats --json
equals 4 out tensors 0 elements
equals "$(echo 'sqrt(26)' | awk '{ printf "%.17g", sqrt(26) }')" out tensors 0 l2
equals -1 out tensors 0 min
equals 4 out tensors 0 max
equals 0 out tensors 0 nonfinite
equals "$(floats 3 4 0 -1 | sum_of)" out tensors 0 sha256

vector n.safetensors 2 nan inf
expect 0 "$TAUSCOPE" info n.safetensors --stats --json
equals null out tensors 0 l2
equals 2 out tensors 0 min
equals 2 out tensors 0 max
equals 2 out tensors 0 nonfinite

# Of integers their own bytes are hashed; an empty tensor has neither norm nor extremes to miss.
printf '\001\002\377' | safetensors i.safetensors \
	'{"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"i":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}}'
expect 0 "$TAUSCOPE" info i.safetensors --stats --json
equals 0 out tensors 0 elements
equals 0 out tensors 0 l2
equals null out tensors 0 max
equals "$(printf '' | sum_of)" out tensors 0 sha256
equals -1 out tensors 1 min
equals "$(printf '\001\002\377' | sum_of)" out tensors 1 sha256

# Half floats are hashed as float32: 1.0 and -2.0 are 3c00 and c000.
printf '\000\074\000\300' | safetensors h.safetensors \
	'{"h":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}'
expect 0 "$TAUSCOPE" info h.safetensors --stats --json
equals "$(printf '\0\0\200\077\0\0\0\300' | sum_of)" out tensors 0 sha256

# What is no plain number is hashed as it lies, and has no norm.
corpus=$TAUSCOPE_SOURCE/tests/corpus
printf '\0\0\200\077\0\0\0\300' | safetensors c.safetensors \
	'{"c":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}'
expect 0 "$TAUSCOPE" info c.safetensors --stats --json
equals null out tensors 0 l2
equals null out tensors 0 nonfinite
expect 0 "$TAUSCOPE" info i.safetensors --stats --json
equals 0 out tensors 1 nonfinite
expect 0 "$TAUSCOPE" info c.safetensors --stats --json
equals "$(printf '\0\0\200\077\0\0\0\300' | sum_of)" out tensors 0 sha256

# A run says its steps, and what lies beside them.
expect 0 "$TAUSCOPE" info "$corpus/valid/hf/trainer_run" --json
equals '[5,10,15]' out steps
equals 0 out tensors '#'
expect 0 "$TAUSCOPE" info "$corpus/valid/hf/trainer_run"
grep -q '^ *10  .*/checkpoint-10$' out || fail "the run's steps are not shown"
expect 0 "$TAUSCOPE" info "$digits/mnist" --json
equals '[5,10,20,40,70,110,160,220]' out steps
equals 54 out tensors '#'

# Tied weights are listed by both names, and counted once.
expect 0 "$TAUSCOPE" info "$corpus/valid/torch/zip_tied.pt" --json --stats
equals torch-zip out format
equals 3 out tensors '#'
equals lm_head.weight out tensors 2 name
equals wte.weight out tensors 2 tied_to
equals wte.weight out tensors 1 name
near 0 out tensors 1 sha256 -- out tensors 2 sha256
equals "$("$JSON_GET" "$corpus/valid/manifest.json" files torch/zip_tied.pt tensors wte.weight sha256_f32)" \
	out tensors 2 sha256
expect 0 "$TAUSCOPE" info "$corpus/valid/torch/zip_tied.pt"
grep -q ': torch-zip, 2 tensors, 524 bytes' out || fail "tied weights are counted twice"
grep -q '^lm_head.weight .* wte.weight$' out || fail "it is not said what is tied to what"

# Where the weights are in the file, and what in it was passed over.
expect 0 "$TAUSCOPE" info "$corpus/valid/torch/zip_sparse.pt"
grep -q '^passed over:' out && grep -q '^  s: .*sparse' out ||
	fail "what was passed over is not shown"
expect 0 "$TAUSCOPE" info "$corpus/valid/torch/zip_train_checkpoint.pt" --json
equals model out about root
expect 0 "$TAUSCOPE" info "$corpus/valid/torch/zip_train_checkpoint.pt"
grep -q '^root: model$' out && grep -q '^format version: [0-9]*$' out ||
	fail "the facts are not lines of their own"
expect 0 "$TAUSCOPE" info v.safetensors
grep -q ': safetensors, 1 tensor, 16 bytes' out || fail "one tensor is not one"

# Blocks: their own type and bytes, and no place where their values would lie.
expect 0 "$TAUSCOPE" info "$corpus/valid/gguf/quantised.gguf" --json
equals q4_0 out tensors 0 name
equals Q4_0 out tensors 0 type
equals 144 out tensors 0 bytes
equals null out tensors 0 offset
expect 0 "$TAUSCOPE" info "$corpus/valid/gguf/quantised.gguf"
grep -q '^q4_0  *Q4_0  *4 x 64  *144  *-  ' out || fail "a tensor of blocks is not shown"

# A checksum that does not agree is said where the values are read.
expect 0 "$TAUSCOPE" info "$corpus/hostile/zip_crc_storage.pt" --stats --json
equals 1 out damaged '#'
says 'warning: '
