#!/bin/sh
# Parts of models, and types: a task vector loads again as the task that it is, changed tensors make
# the model together with the base, and a narrower type says what it cannot hold.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

# A task vector is the task: loaded beside it, its cosine is 1 and its norm the same.
expect 0 "$TAUSCOPE" export s.h5 mnist vector.safetensors --part task-vector --json
equals 54 out tensors
expect 0 "$TAUSCOPE" load s.h5 again=vector.safetensors
expect 0 "$TAUSCOPE" similarity s.h5 --json
n=0
while [ "$(get out names $n)" != again ]; do n=$((n + 1)); done
m=0
while [ "$(get out names $m)" != mnist ]; do m=$((m + 1)); done
echo 1 >one.json
near 1e-9 out cosine $n $m -- one.json
near 1e-6 out norm $n -- "$truth" global norms 0
# Twice it less the task itself is the task again.
expect 0 "$TAUSCOPE" export s.h5 '2*again - mnist' back.safetensors
expect 0 "$TAUSCOPE" explain back.safetensors s.h5 --json

# The changed tensors of an edit of one layer are that layer's; with the base they are the model.
expect 0 "$TAUSCOPE" export s.h5 '0.5*mnist[blocks.1]' part.safetensors --part changed --json
equals 16 out tensors
equals 16 out changed
expect 0 "$TAUSCOPE" info part.safetensors --json
[ "$(get out tensors '#')" -eq 16 ] || fail "not 16 tensors"
equals changed out metadata tauscope.part
expect 0 "$TAUSCOPE" load s.h5 part=part.safetensors
expect 0 "$TAUSCOPE" export s.h5 part whole.safetensors
expect 0 "$TAUSCOPE" export s.h5 '0.5*mnist[blocks.1]' direct.safetensors
expect 0 "$TAUSCOPE" info whole.safetensors --stats --csv
cut -d, -f1,9 out >whole.csv
expect 0 "$TAUSCOPE" info direct.safetensors --stats --csv
cut -d, -f1,9 out >direct.csv
cmp whole.csv direct.csv || fail "base and part do not make the model"

# Nothing changed, and nothing to write.
expect 1 "$TAUSCOPE" export s.h5 '0*mnist' none.safetensors --part changed
says 'the edit changes no tensor'
expect 2 "$TAUSCOPE" export s.h5 mnist folder/ --part task-vector
says 'a part of a model goes into one file'
expect 2 "$TAUSCOPE" export s.h5 mnist x.safetensors --part half
expect 2 "$TAUSCOPE" export s.h5 mnist x.safetensors --dtype I8

# Types: half the bytes, the base's own where it is said, and what does not fit is refused.
expect 0 "$TAUSCOPE" export s.h5 mnist half.safetensors --dtype bf16 --json
equals 54 out converted
expect 0 "$TAUSCOPE" info half.safetensors --json
equals BF16 out tensors 0 type
expect 0 "$TAUSCOPE" export s.h5 mnist same.safetensors --dtype base
expect 0 "$TAUSCOPE" export s.h5 mnist f32.safetensors --dtype F32 --no-recipe
expect 0 "$TAUSCOPE" info same.safetensors --stats --csv
cut -d, -f1,2,9 out >same.csv
expect 0 "$TAUSCOPE" info f32.safetensors --stats --csv
cut -d, -f1,2,9 out >f32.csv
cmp same.csv f32.csv || fail "F32 is not the base's type"
expect 3 "$TAUSCOPE" export s.h5 '1e9*mnist' large.safetensors --dtype F16 --json
says 'too large for F16'
get out error tensor >tensor
[ -s tensor ] || fail "the tensor is not named"
expect 0 "$TAUSCOPE" export s.h5 '1e9*mnist' large.safetensors --dtype F16 --infinite
says 'which became infinite'
no_leftovers
