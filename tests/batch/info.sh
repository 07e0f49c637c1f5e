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
