#!/bin/sh
# Measures what the program promises, in one run, as ratios where it can: the pass against cat of the
# same files, the first frame, and a key to its frame.  BENCH_MB: size of all checkpoints (1000).
set -eu
: "${TAUSCOPE:?the program}" "${BENCH:?the folder of the built bench programs}" "${TAUSCOPE_DATADIR:?}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tauscope-bench-XXXXXX")
trap 'rm -rf "$scratch"' EXIT INT TERM
export XDG_STATE_HOME="$scratch/state" XDG_CONFIG_HOME="$scratch/config"
runs=5
members=4
megabytes=$((${BENCH_MB:-1000} / members))

seconds() { # of a command, without its output
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - start) / 1000)) | awk '{ printf "%.4f\n", $1 / 1e6 }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

pass_against_cat() { # type
	folder="$scratch/$1"
	mkdir -p "$folder"
	"$BENCH/generate" "$folder" "$1" "$megabytes" $((members - 1))
	files=$(find "$folder" -name '*.safetensors' | sort)
	# shellcheck disable=SC2086 # one word a file
	cat $files >/dev/null
	: >"$scratch/cat" && : >"$scratch/pass"
	for _ in $(seq $runs); do
		# shellcheck disable=SC2086
		seconds cat $files >>"$scratch/cat"
		# shellcheck disable=SC2086
		"$BENCH/bench_pass" 0 256 $files >>"$scratch/pass"
	done
	awk -v type="$1" -v cat="$(median <"$scratch/cat")" \
		-v pass="$(awk '{ print $2 }' "$scratch/pass" | median)" \
		-v bytes="$(awk 'NR == 1 { print $4 }' "$scratch/pass")" \
		-v peak="$(awk '{ print $(NF - 1) }' "$scratch/pass" | sort -n | tail -1)" 'BEGIN {
		printf "{\"pass\": \"%s\", \"bytes\": %.0f, \"cat_s\": %s, \"pass_s\": %s, ",
			type, bytes, cat, pass
		printf "\"ratio\": %.2f, \"peak_mib\": %s}\n", pass / cat, peak }'
}

first_frame() {
	printf 'size 100x30\nscreen\n' >"$scratch/first.keys"
	: >"$scratch/first"
	for _ in $(seq $runs); do
		seconds "$TAUSCOPE" --script "$scratch/first.keys" "$1" >>"$scratch/first"
	done
	echo "{\"first_frame_ms\": $(median <"$scratch/first" | awk '{ print $1 * 1000 }')}"
}

demo="$scratch/demo.h5"
digits="$TAUSCOPE_DATADIR/digits"
"$TAUSCOPE" load "$demo" --base "$digits/base" --run "mnist=$digits/mnist" \
	"optdigits=$digits/optdigits" "mnist-inv=$digits/mnist-inv" --run "fashion=$digits/fashion" \
	--run "greek=$digits/greek" "cyrillic=$digits/cyrillic" >/dev/null 2>&1
pass_against_cat F32
pass_against_cat BF16
first_frame "$demo"
# shellcheck disable=SC2046
"$BENCH/bench_frame" "$demo" "$scratch/big.h5" $(find "$scratch/F32" -name '*.safetensors' | sort)
mkdir "$scratch/preview"
"$BENCH/bench_preview" "$scratch/preview"
