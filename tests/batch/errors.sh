#!/bin/sh
# Bad input is refused with a sentence, the right status, and nothing left behind.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

vector base.safetensors 1 2 3
vector task.safetensors 2 2 3

# load STATUS PATH TEXT - refuses the path as a task and as a base.
refused() {
	expect "$1" "$TAUSCOPE" load s.h5 --base base.safetensors "t=$2"
	says "$3"
	says "$2"
	expect "$1" "$TAUSCOPE" load s.h5 --base "$2" t=task.safetensors
	[ ! -e s.h5 ] || fail "a store was made from $2"
	no_leftovers
}

head -c 20 base.safetensors >cut-header.safetensors
refused 3 cut-header.safetensors header
head -c 70 base.safetensors >cut-data.safetensors
refused 3 cut-data.safetensors "cut short"
floats 1 | safetensors lying.safetensors '{"w":{"dtype":"F32","shape":[9],"data_offsets":[0,4]}}'
refused 3 lying.safetensors w
printf '\377\377\377\377\377\377\377\177{}' >long-header.safetensors
refused 3 long-header.safetensors header
: >empty.safetensors
refused 3 empty.safetensors empty
echo '<!DOCTYPE html><html></html>' >page.safetensors
refused 3 page.safetensors HTML
refused 4 absent.safetensors 'No such file'
mkfifo pipe.safetensors
refused 4 pipe.safetensors regular

mkdir sharded
cat >sharded/model.safetensors.index.json <<END
{"metadata": {}, "weight_map": {"w": "model-00001-of-00002.safetensors", "v": "model-00002-of-00002.safetensors"}}
END
cp base.safetensors sharded/model-00001-of-00002.safetensors
expect 3 "$TAUSCOPE" info sharded
says model-00002-of-00002.safetensors

# Shapes that differ are shown, not refused; nothing in common is.
pair() {
	floats 1 2 3 | safetensors "$1" "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"w\":{\"dtype\":\"F32\",\"shape\":[$2],\"data_offsets\":[4,12]}}"
}
pair pair.safetensors 2
pair same.safetensors 2
pair shape.safetensors 1,2
expect 0 "$TAUSCOPE" load shape.h5 --base pair.safetensors shape.safetensors same.safetensors
expect 1 "$TAUSCOPE" check shape.h5 --json
equals '["w"]' out checkpoints shape reshaped
equals '[]' out checkpoints same reshaped
expect 3 "$TAUSCOPE" load shape.h5 odd=base.safetensors
says 'shares no'

# A NaN has no norm: null, and the other task is as it was.
vector nan.safetensors nan 2 3
expect 0 "$TAUSCOPE" load nan.h5 --base base.safetensors nan.safetensors task.safetensors
expect 0 "$TAUSCOPE" similarity nan.h5 --json
equals null out cosine 0 1
equals 1 out norm 1

expect 2 "$TAUSCOPE" load new.h5 task.safetensors
says '--base'
expect 4 "$TAUSCOPE" similarity none.h5
echo nonsense >bad.h5
expect 3 "$TAUSCOPE" similarity bad.h5
expect 0 "$TAUSCOPE" load s.h5 --base base.safetensors task.safetensors
expect 1 "$TAUSCOPE" trajectory s.h5
says 'no training run'
head -c 3000 s.h5 >cut.h5
expect 3 "$TAUSCOPE" similarity cut.h5
expect 2 "$TAUSCOPE" preview s.h5 'taks'
says task
expect 2 "$TAUSCOPE" preview s.h5 'task +'
says column
expect 4 "$TAUSCOPE" export s.h5 task nowhere/out.safetensors
expect 4 "$TAUSCOPE" export s.h5 task task.safetensors
no_leftovers

# What to do about an edit that cannot be read stands apart, too.
expect 2 "$TAUSCOPE" preview shape.h5 sam --json
equals 'the nearest name is same' out error remedy
