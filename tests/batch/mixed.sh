#!/bin/sh
# Checkpoints of many formats in one store: the same numbers, the same models, with weights that are
# linked or copied, from a store that is opened again.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

: "${CONVERT:?}"

# convert FORMAT TASK FILE [PREFIX [BASE]] - a shipped checkpoint, written again.
convert() {
	from=$digits/$2/model.safetensors
	format=$1
	file=$3
	shift 3
	expect 0 "$CONVERT" "$format" "$from" "$file" "$@"
}

# The base and the tasks, each in another format; a folder is a model that was saved in pieces of
# old, and the steps of a run are of two formats.
write_all() {
	convert torch base base.pt
	convert torch-legacy mnist mnist.pth module.
	convert npz-deflated optdigits optdigits.npz
	convert npz-odd mnist-inv mnist-inv.npz
	convert gguf fashion fashion.gguf
	convert hdf5-chunked greek greek.h5
	convert differences-f64 cyrillic cyrillic.safetensors '' "$digits/base/model.safetensors"
	for step in 5 10 20 40 70 110 160 220; do
		mkdir -p "run/checkpoint-$step"
		format=torch
		[ $step -lt 50 ] || format=torch-legacy
		convert $format "mnist/checkpoint-$step" "run/checkpoint-$step/pytorch_model.bin"
	done
	mv mnist.pth run/pytorch_model.bin
}
write_all

# load_mixed STORE WEIGHTS
load_mixed() {
	expect 0 "$TAUSCOPE" load "$1" --json --weights="$2" --base base.pt --run mnist=run \
		optdigits.npz mnist-inv.npz fashion.gguf greek.h5 cyrillic.safetensors
}

# The whole table of cosines and norms, by tensor too, and the trajectory of the run.
known() {
	expect 0 "$TAUSCOPE" similarity "$1" --by tensor --json
	cp out "$1.similarity"
	near 1e-6 out cosine -- "$truth" global cos
	near 1e-6 out norm -- "$truth" global norms
	expect 0 "$TAUSCOPE" norms "$1" --by layer --json
	cp out "$1.norms"
	expect 0 "$TAUSCOPE" trajectory "$1" --json
	cp out "$1.trajectory"
	near 1e-6 out runs mnist cosine_to_final -- "$truth" trajectories mnist cos_to_final
	near 1e-6 out runs mnist norm -- "$truth" trajectories mnist norms
	expect 0 "$TAUSCOPE" preview "$1" 'mnist - 0.5*greek' --json
	cp out "$1.preview"
}

load_mixed link.h5 link
equals linked out weights
load_mixed copy.h5 copy
equals copied out weights
known link.h5
known copy.h5
load_digits plain.h5
known plain.h5
for table in similarity norms trajectory preview; do
	cmp link.h5.$table copy.h5.$table || fail "copies give another $table"
done
for i in 0 1 2 3 4 5; do
	near 1e-12 link.h5.similarity norm $i -- plain.h5.similarity norm $i
done

expect 0 "$TAUSCOPE" check link.h5 --json
equals 'without the prefix module.' out checkpoints mnist matched_by
equals true out checkpoints cyrillic differences
equals 54 out tensors_shared
for store in link copy; do
	load_mixed $store.h5 $store
	equals 0 out bytes_read
	expect 0 "$TAUSCOPE" verify $store.h5 --json
	equals true out whole
done

# hash FILE - of all values, tensors in the order of their names' bytes.
hash() {
	expect 0 "$CONVERT" values "$1" values
	sha256sum <values | cut -d ' ' -f 1
}

# edit STORE EXPRESSION KEY - the model is the one of truth.json.
edit() {
	rm -f model.safetensors
	expect 0 "$TAUSCOPE" export "$1" "$2" model.safetensors --no-recipe --json
	equals '[]' out warnings
	equals "$(hash model.safetensors)" "$truth" edits "$3" sha256_f32
}

edits() {
	edit "$1" '0.4*(mnist + "mnist-inv")' 'base + 0.4*(mnist + mnist-inv)'
	edit "$1" '-0.7*mnist' 'base - 0.7*mnist'
	edit "$1" 'optdigits + ("mnist-inv" - mnist)' 'base + optdigits + (mnist-inv - mnist)'
	edit "$1" '0.3*(mnist + optdigits + "mnist-inv" + fashion + greek + cyrillic)' \
		'base + 0.3*(mnist + optdigits + mnist-inv + fashion + greek + cyrillic)'
}
edits link.h5
edits copy.h5

# What is made of a file's bytes is made anew for each export, whatever the threads.
for store in link copy; do
	expect 0 "$TAUSCOPE" --threads 1 --budget 1 export $store.h5 'greek - 0.2*"mnist-inv"' \
		$store.safetensors --no-recipe
done
expect 0 "$TAUSCOPE" --threads 3 export plain.h5 'greek - 0.2*"mnist-inv"' plain.safetensors \
	--no-recipe
[ "$(hash link.safetensors)" = "$(hash plain.safetensors)" ] || fail "a link gives other values"
[ "$(hash copy.safetensors)" = "$(hash plain.safetensors)" ] || fail "a copy gives other values"
no_leftovers

# A compressed source that changes is said to have, and is not read again as what it was.
cp optdigits.npz kept.npz
sleep 0.02
convert npz-deflated greek optdigits.npz
expect 0 "$TAUSCOPE" similarity link.h5 --json
equals '["optdigits"]' out stale
says 'optdigits has changed'
expect 3 "$TAUSCOPE" export link.h5 optdigits no.safetensors
says "$scratch/optdigits.npz: this file of optdigits changed since it was loaded"
[ ! -e no.safetensors ] || fail "a stale task was exported"
expect 0 "$TAUSCOPE" export link.h5 greek yes.safetensors
expect 0 "$TAUSCOPE" export copy.h5 optdigits copied.safetensors --json
equals '["optdigits: its source has changed since it was read; the store'"'"'s copy is used"]' \
	out warnings
mv kept.npz optdigits.npz

# With the sources gone everything but the export of what is linked works.
mkdir gone
mv ./*.pt ./*.npz ./*.gguf greek.h5 cyrillic.safetensors run gone
for table in similarity norms trajectory preview; do
	cp link.h5.$table before.$table
done
known link.h5
for table in similarity norms trajectory preview; do
	cmp link.h5.$table before.$table || fail "without the sources there is another $table"
done
expect 4 "$TAUSCOPE" export link.h5 greek no.safetensors
says "$scratch/base.pt: this file of base is missing"
mv gone/base.pt .
expect 4 "$TAUSCOPE" export link.h5 greek no.safetensors
says "$scratch/greek.h5: this file of greek is missing"
[ ! -e no.safetensors ] || fail "a missing task was exported"
rm base.pt
expect 0 "$TAUSCOPE" export copy.h5 'greek - 0.2*"mnist-inv"' after.safetensors --no-recipe
[ "$(hash after.safetensors)" = "$(hash plain.safetensors)" ] || fail "the copies changed"
no_leftovers
