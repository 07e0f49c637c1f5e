#!/bin/sh
# Cosines, norms and trajectories agree with truth.json (numpy, float64) to 1e-6.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

expect 0 "$TAUSCOPE" similarity s.h5 --by tensor --json
near 1e-6 out cosine -- "$truth" global cos
near 1e-6 out norm -- "$truth" global norms
equals 54 out groups '#'
for i in $(seq 0 53); do
	name=$(get out groups "$i" name)
	near 1e-6 out groups "$i" cosine -- "$truth" per_tensor "$name" cos
	near 1e-6 out groups "$i" norm -- "$truth" per_tensor "$name" norms
done

expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 54 out groups '#'
for i in $(seq 0 53); do
	name=$(get out groups "$i" name)
	near 1e-6 out groups "$i" base_norm -- "$truth" per_tensor "$name" base_norm
	near 1e-6 out groups "$i" tasks cyrillic norm -- "$truth" per_tensor "$name" norms 5
	near 1e-6 out groups "$i" tasks cyrillic relative -- \
		"$truth" per_tensor "$name" relative_norms 5
done

# share = norm² / (norm of the whole)².
whole=$(get "$truth" global norms 0)
norm=$(get "$truth" per_tensor pos_embed norms 0)
share=$(awk -v n="$norm" -v w="$whole" 'BEGIN { printf "%.12f", (n / w) ^ 2 }')
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --only pos_embed --json
echo "$share" >share.json
near 1e-9 out groups 0 tasks mnist share -- share.json
near 1e-9 out whole tasks mnist share -- share.json
expect 0 "$TAUSCOPE" norms s.h5 --by tensor --json
equals 54 out tensors
equals 0 out tensors_left_out
for i in $(seq 0 53); do
	[ "$(get out groups "$i" name)" != pos_embed ] ||
		near 1e-9 out groups "$i" tasks mnist share -- share.json
done

expect 0 "$TAUSCOPE" trajectory s.h5 --json
for run in mnist fashion greek; do
	near 1e-6 out runs "$run" norm -- "$truth" trajectories "$run" norms
	near 1e-6 out runs "$run" cosine_to_final -- "$truth" trajectories "$run" cos_to_final
	equals 5 out runs "$run" steps 0
	equals 220 out runs "$run" steps 7
	for i in 1 2 3 4 5 6 7 8; do
		turn=$(get out runs "$run" turn_degrees "$i")
		cosine=$(get "$truth" trajectories "$run" cos_consecutive_updates $((i - 1)))
		awk -v t="$turn" -v c="$cosine" 'BEGIN {
			d = cos(t * atan2(0, -1) / 180) - c
			exit !(d < 1e-6 && d > -1e-6)
		}' || fail "$run: turn $i is $turn degrees, its cosine should be $cosine"
	done
done
equals null out runs mnist turn_degrees 0
equals null out runs mnist cosine_to_previous 0
near 1e-6 out runs greek displacement -- "$truth" trajectories greek norms 8

expect 0 "$TAUSCOPE" trajectory s.h5 --run greek --json
equals 1 out runs '#'

# The forms of one table hold the same numbers.
expect 0 "$TAUSCOPE" similarity s.h5 --csv
grep -q '^mnist,' out || fail "no row of mnist in the CSV"
grep -q '0\.2292909' out || fail "the CSV lacks digits"
expect 0 "$TAUSCOPE" norms s.h5
grep -q '^blocks\.0 ' out || fail "norms are not by layer"

# What not all tasks share is left out, and that is said.
pair() {
	floats 1 2 3 4 | safetensors "$1" "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},
		\"$2\":{\"dtype\":\"F32\",\"shape\":[$3],\"data_offsets\":[8,16]}}"
}
pair base.safetensors lm_head 2
pair same.safetensors lm_head 2
pair wide.safetensors lm_head 1,2
expect 0 "$TAUSCOPE" load p.h5 --base base.safetensors same.safetensors wide.safetensors
for verb in similarity norms; do
	expect 0 "$TAUSCOPE" "$verb" p.h5 --json
	equals 1 out tensors
	equals 1 out tensors_left_out
	expect 0 "$TAUSCOPE" "$verb" p.h5
	grep -q '^over 1 of 2 float tensors, those that all tasks share$' out || fail "not said"
	expect 2 "$TAUSCOPE" "$verb" p.h5 --only lm_head
	says 'wide has another shape of lm_head'
done

# A layer's leading words may be left out, in a scope of an edit as in --only.
layered() {
	floats "$2" "$3" | safetensors "$1" '{"model.layers.0.w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},
		"model.layers.1.w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}'
}
layered first.safetensors 1 1
layered second.safetensors 3 4
expect 0 "$TAUSCOPE" load l.h5 --base first.safetensors second.safetensors
expect 0 "$TAUSCOPE" preview l.h5 'second[layers.0]' --json
equals 2 out norm
expect 0 "$TAUSCOPE" norms l.h5 --only layers.1-7 --json
equals 3 out whole tasks second norm
expect 0 "$TAUSCOPE" export l.h5 'second[layers.1]' one-layer.safetensors
floats 1 4 >wanted
tail -c 8 one-layer.safetensors | cmp - wanted || fail "another layer was edited"
