#!/bin/sh
# Names that differ are matched by a rule that is said, with --rename for the rest; a vocabulary that
# grew is compared on the rows that both have; a saved task vector is taken as what it is.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

# pair FILE FIRST SECOND V... - two tensors of these names, two elements each.
pair() {
	file=$1
	header="{\"$2\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
	header="$header\"$3\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}"
	shift 3
	floats "$@" | safetensors "$file" "$header"
}

# table FILE NAME ROWS METADATA V... - one tensor of two columns.
table() {
	file=$1
	header="{$4\"$2\":{\"dtype\":\"F32\",\"shape\":[$3,2],\"data_offsets\":[0,$(($3 * 8))]}}"
	shift 4
	floats "$@" | safetensors "$file" "$header"
}

pair base.safetensors a.w b.w 1 1 1 1
pair same.safetensors a.w b.w 2 1 1 1
pair wrapped.safetensors module.a.w module.b.w 2 1 1 1
pair other.safetensors p q 2 1 1 1

# A prefix.
expect 0 "$TAUSCOPE" load s.h5 --base base.safetensors same.safetensors wrapped.safetensors
grep -q '; wrapped matched without the prefix module\.$' out || fail "load does not say the rule"
expect 0 "$TAUSCOPE" check s.h5
grep -q '^wrapped: names matched without the prefix module\.$' out || fail "the rule is not said"
expect 0 "$TAUSCOPE" check s.h5 --json
equals 'without the prefix module.' out checkpoints wrapped matched_by
equals null out checkpoints same matched_by
equals '[]' out checkpoints wrapped missing
equals '[]' out checkpoints wrapped resized
equals false out checkpoints wrapped differences
expect 0 "$TAUSCOPE" similarity s.h5 --json
equals 1 out norm 1
equals 1 out cosine 0 1

# Nothing guesses these; the sentence says what helps.
expect 3 "$TAUSCOPE" load s.h5 other.safetensors
says 'shares no float tensor'
says ': it has `p`, the base `a.w`; '
says '--rename REGEX=TEXT'
expect 2 "$TAUSCOPE" load s.h5 --rename '^p$=a.w'
says 'is for the checkpoints that the same command names'
expect 2 "$TAUSCOPE" load s.h5 other.safetensors --rename '(=a'
says 'the rename (=a is not valid'
expect 2 "$TAUSCOPE" load s.h5 other.safetensors --rename '.*=a.w'
says 'one name, a.w'

expect 0 "$TAUSCOPE" load s.h5 other.safetensors --rename '^p$=a.w' --rename '^q$=b.w'
expect 0 "$TAUSCOPE" check s.h5 --json
equals 'after the rename ^p$=a.w; after the rename ^q$=b.w' out checkpoints other matched_by
equals '["^p$=a.w","^q$=b.w"]' out checkpoints other renames
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 1 out groups 0 tasks other norm
equals 0 out groups 1 tasks other norm

# They stay with the store: at a refresh, and where the file has changed.
expect 0 "$TAUSCOPE" load s.h5 --json
equals 0 out bytes_read
pair other.safetensors p q 1 1 1 4
expect 0 "$TAUSCOPE" load s.h5
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 0 out groups 0 tasks other norm
equals 3 out groups 1 tasks other norm

# Other renames pair other tensors of the same file: they are computed again.
expect 0 "$TAUSCOPE" load s.h5 other.safetensors --rename '^p$=b.w' --rename '^q$=a.w' --json
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 3 out groups 0 tasks other norm
equals 0 out groups 1 tasks other norm
expect 3 "$TAUSCOPE" load s.h5 other.safetensors
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 3 out groups 0 tasks other norm

# Two networks in one file: neither is guessed.
printf '%s' '{"s.a.w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"t.a.w":{"dtype":"F32",' \
	'"shape":[2],"data_offsets":[8,16]}}' >header
floats 2 1 1 2 | safetensors two.safetensors "$(cat header)"
expect 3 "$TAUSCOPE" load s.h5 two.safetensors
says 'match without the prefix s., and as many without the prefix t.: say which with --rename'
expect 0 "$TAUSCOPE" load s.h5 two.safetensors --rename '^s\.='

# A vocabulary of three words against one of two, and the other way round.
table two-words.safetensors wte.weight 2 '' 1 1 1 1
table three-words.safetensors wte.weight 3 '' 1 1 1 3 4 4
expect 0 "$TAUSCOPE" load grown.h5 --base two-words.safetensors three-words.safetensors
expect 1 "$TAUSCOPE" check grown.h5 --json
equals '[{"name":"wte.weight","rows":3,"base_rows":2,"shared_rows":2}]' \
	out checkpoints three-words resized
equals '[]' out checkpoints three-words reshaped
expect 1 "$TAUSCOPE" check grown.h5
grep -q "^three-words: wte.weight has 3 rows, the base's 2: the first 2 are compared$" out ||
	fail "the rows are not said"
expect 0 "$TAUSCOPE" similarity grown.h5 --json
equals 2 out norm 0
expect 0 "$TAUSCOPE" load shrunk.h5 --base three-words.safetensors two-words.safetensors
expect 0 "$TAUSCOPE" similarity shrunk.h5 --json
equals 2 out norm 0

# What does not line up is named where it is looked for, and pointed at when it is loaded.
pair part.safetensors a.w c.w 1 1 1 1
expect 0 "$TAUSCOPE" load part.h5 --base base.safetensors part.safetensors
grep -q '; 2 tensors of 1 checkpoint not lined up with the base: see tauscope check .*part\.h5$' out ||
	fail "load does not say that names differ"
expect 1 "$TAUSCOPE" check part.h5
grep -q '^part: lacks b\.w$' out || fail "what is missing is not named"
grep -q '^part: has what the base lacks: c\.w$' out || fail "what is extra is not named"

# Published fine-tunes of one Keras model, whose layers other sessions numbered; the norms are those
# that a few lines of Python give for the pairs dense/dense_3, dense_1/dense_4 and dense_2/dense_5.
keras=$TAUSCOPE_SOURCE/tests/corpus/wild/keras_mnist
expect 0 "$TAUSCOPE" load keras.h5 --base "$keras/mnist.h5" "$keras/robust_mnist.h5" \
	"$keras/initial_robust_mnist.h5"
expect 0 "$TAUSCOPE" check keras.h5 --json
equals "by Keras' layer numbers, counted from the first" out checkpoints robust_mnist matched_by
equals 6 out tensors_shared
expect 0 "$TAUSCOPE" similarity keras.h5 --json
echo '[21.64814978277702,21.23991961079054]' >wanted
near 1e-9 out norm 0 -- wanted 0
near 1e-9 out norm 1 -- wanted 1

# Keras 2 and Keras 3 files of one layer.
expect 0 "$TAUSCOPE" load k3.h5 --base "$TAUSCOPE_SOURCE/tests/corpus/valid/h5/keras2_weights.h5" \
	"k3=$TAUSCOPE_SOURCE/tests/corpus/valid/h5/keras3.weights.h5"
expect 1 "$TAUSCOPE" check k3.h5 --json
equals '["dense_1/dense_1/kernel:0"]' out checkpoints k3 missing
expect 0 "$TAUSCOPE" similarity k3.h5 --json
equals 0 out norm 0

# What torch.compile and DataParallel put in front.
torch=$TAUSCOPE_SOURCE/tests/corpus/valid/torch
expect 0 "$TAUSCOPE" load torch.h5 --base "$torch/zip_dataparallel.pt" "$torch/zip_compiled_prefix.pt"
expect 0 "$TAUSCOPE" check torch.h5 --json
equals 8 out tensors_shared

# Differences: no base, and a task as they are.
table vector.safetensors wte.weight 2 '"__metadata__":{"tauscope.values":"differences"},' 0 2 0 0
expect 3 "$TAUSCOPE" load bad.h5 --base vector.safetensors two-words.safetensors
says 'a saved task vector cannot be the base'
[ ! -e bad.h5 ] || fail "a store was made"
expect 0 "$TAUSCOPE" load vectors.h5 --base two-words.safetensors vector.safetensors
expect 0 "$TAUSCOPE" check vectors.h5 --json
equals true out checkpoints vector differences
expect 0 "$TAUSCOPE" similarity vectors.h5 --json
equals 2 out norm 0
no_leftovers
