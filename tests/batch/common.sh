# shellcheck shell=sh disable=SC2034,SC2059
# common.sh - what the batch tests share: a scratch folder, expectations, small checkpoints.
# Sourced; needs TAUSCOPE, SCORE, JSON_GET and TAUSCOPE_SOURCE.
set -eu

: "${TAUSCOPE:?}" "${SCORE:?}" "${JSON_GET:?}" "${TAUSCOPE_SOURCE:?}"
digits=$TAUSCOPE_SOURCE/data/digits
truth=$digits/truth.json
tasks='mnist optdigits mnist-inv fashion greek cyrillic'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
export HOME="$scratch/home" XDG_STATE_HOME="$scratch/state" LC_ALL=C.UTF-8
cd "$scratch"

fail() {
	echo "FAIL: $*" >&2
	for file in out err; do
		[ ! -s "$file" ] || sed "s/^/  $file: /" "$file" | head -n 20 >&2
	done
	exit 1
}

# expect STATUS COMMAND... - runs it into the files out and err.
expect() {
	wanted=$1
	shift
	status=0
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$wanted" ] || fail "status $status, not $wanted, from: $*"
}

# says TEXT - the last command's message holds it.
says() {
	grep -q -F -e "$1" err || fail "the message does not say: $1"
}

get() {
	"$JSON_GET" "$@" || fail "no value: $*"
}

# near TOLERANCE FILE KEY... -- FILE KEY...
near() {
	"$JSON_GET" --near "$@" || fail "not within $*"
}

# equals WANTED FILE KEY...
equals() {
	value=$1
	shift
	found=$(get "$@")
	[ "$found" = "$value" ] || fail "$* is $found, not $value"
}

no_leftovers() {
	found=$(find . -name '*.tmp.*')
	[ -z "$found" ] || fail "left behind: $found"
}

# A store of the shipped base, tasks and runs, in the order of truth.json.
load_digits() {
	expect 0 "$TAUSCOPE" load "$1" --json --base "$digits/base" --run "mnist=$digits/mnist" \
		"optdigits=$digits/optdigits" "mnist-inv=$digits/mnist-inv" \
		--run "fashion=$digits/fashion" --run "greek=$digits/greek" \
		"cyrillic=$digits/cyrillic"
}

byte() {
	printf "\\$(printf '%03o' "$1")"
}

# safetensors FILE HEADER - the data comes from stdin.
safetensors() {
	{
		byte $((${#2} % 256))
		byte $((${#2} / 256))
		printf '\0\0\0\0\0\0%s' "$2"
		cat
	} >"$1"
}

# floats VALUE... - float32, little-endian, of the few values that tests use.
floats() {
	for value; do
		case $value in
		0) printf '\0\0\0\0' ;;
		1) printf '\0\0\200\077' ;;
		2) printf '\0\0\0\100' ;;
		3) printf '\0\0\100\100' ;;
		4) printf '\0\0\200\100' ;;
		-1) printf '\0\0\200\277' ;;
		nan) printf '\0\0\300\177' ;;
		inf) printf '\0\0\200\177' ;;
		*) fail "no float $value" ;;
		esac
	done
}

# vector FILE VALUE... - a checkpoint with one tensor "w".
vector() {
	file=$1
	shift
	floats "$@" | safetensors "$file" \
		"{\"w\":{\"dtype\":\"F32\",\"shape\":[$#],\"data_offsets\":[0,$((4 * $#))]}}"
}

# zeros FILE MIB - a checkpoint of one F32 tensor "w" of zeros, that takes no room on disk.
zeros() {
	bytes=$(($2 * 1048576))
	header="{\"w\":{\"dtype\":\"F32\",\"shape\":[$((bytes / 4))],\"data_offsets\":[0,$bytes]}}"
	safetensors "$1" "$header" </dev/null
	truncate -s $((bytes + 8 + ${#header})) "$1"
}
