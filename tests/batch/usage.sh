#!/bin/sh
# Options, help, and errors as JSON.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

expect 0 "$TAUSCOPE" --help
[ "$(wc -l <out)" -le 40 ] || fail "--help is longer than a page"
for verb in load info check verify similarity norms trajectory preview export mergekit explain; do
	grep -q "  $verb " out || fail "--help does not name $verb"
done
for verb in load info check verify similarity norms trajectory preview export mergekit explain; do
	expect 0 "$TAUSCOPE" "$verb" --help
	grep -q -e '--json' out || fail "$verb --help does not name --json"
done
expect 0 "$TAUSCOPE" --version
grep -q '^tauscope [0-9]' out || fail "no version"
expect 0 "$TAUSCOPE" --keys
grep -q similarity out || fail "--keys does not print the keys"
expect 0 "$TAUSCOPE" --methods
grep -q '^ties: ' out || fail "--methods does not print the methods"
grep -q '^  density  ' out || fail "--methods does not print their parameters"
expect 0 "$TAUSCOPE" --json --methods
[ "$(get out methods 0 name)" = sum ] || fail "--methods --json does not begin with sum"
[ "$(get out methods 6 parameters 1 default mergekit)" = 1 ] || fail "no default of trim's density"

# failure STATUS COMMAND... - as an object on stdout and a sentence on stderr.
failure() {
	expect "$@"
	message=$(get out error message)
	says "$message"
	for key in file tensor remedy; do
		get out error "$key" >value
	done
}

failure 2 "$TAUSCOPE" similarity --json
failure 2 "$TAUSCOPE" --json similarity
failure 2 "$TAUSCOPE" similarity --json --nonsense s.h5
failure 2 "$TAUSCOPE" similarity --json --by colour s.h5
failure 2 "$TAUSCOPE" --json
failure 2 "$TAUSCOPE" simlarity s.h5 --json
failure 4 "$TAUSCOPE" info --json absent
failure 2 "$TAUSCOPE" export s.h5 --json
expect 2 "$TAUSCOPE" simlarity s.h5
says 'did you mean tauscope similarity?'
expect 2 "$TAUSCOPE" a.h5 b.h5
says 'one store'
expect 2 "$TAUSCOPE" new.h5
says 'needs a terminal'
[ ! -e new.h5 ] || fail "a store was made"
expect 2 "$TAUSCOPE" similarity --json --csv s.h5
expect 2 "$TAUSCOPE" load s.h5 --weights=maybe
expect 2 "$TAUSCOPE"
says 'needs a terminal'

# A result that cannot be written is an error.
vector base.safetensors 1 2
if [ -c /dev/full ]; then
	status=0
	"$TAUSCOPE" info base.safetensors >/dev/full 2>err || status=$?
	[ "$status" -eq 4 ] || fail "status $status from a full device"
	echo screen >script
	for words in --help --version --keys 'load --help' 'info base.safetensors --csv' \
		'new.h5 --script script'; do
		for stdout in '/dev/full' '&-'; do
			status=0
			eval "\"\$TAUSCOPE\" $words >$stdout" 2>err || status=$?
			[ "$status" -eq 4 ] || fail "status $status from $words >$stdout"
			says 'cannot write'
		done
	done
fi

# Nothing waits for a pipe that nobody writes to, nor reads a device to its end.
mkdir -p home/.config/tauscope
mkfifo pipe home/.config/tauscope/keys
unset XDG_CONFIG_HOME
expect 4 timeout 20 "$TAUSCOPE" new.h5 --script pipe
says 'pipe: is a FIFO'
expect 4 timeout 20 "$TAUSCOPE" new.h5 --script /dev/zero
says 'is a device'
echo screen >script
expect 0 timeout 20 "$TAUSCOPE" new.h5 --script script
grep -q 'keys: is a FIFO' out || fail "a key file that is a FIFO is not named"
rm home/.config/tauscope/keys

# A name or a path that is empty.
expect 2 "$TAUSCOPE" load s.h5 --base ''
says 'not an empty one'
for word in a= =base.safetensors '' --run= --run==. --run=a=; do
	expect 2 "$TAUSCOPE" load s.h5 --base base.safetensors "$word"
	says 'neither of them empty'
done
[ ! -e s.h5 ] || fail "a store was made"

# Options before the verb, and edits that begin with a minus sign.
vector task.safetensors 2 2
expect 0 "$TAUSCOPE" --threads 2 load s.h5 --base base.safetensors task.safetensors
expect 0 "$TAUSCOPE" preview s.h5 -task --json
equals -1 out kept task
expect 0 "$TAUSCOPE" preview --json -- s.h5 -task
equals -1 out kept task
expect 0 "$TAUSCOPE" export s.h5 -0.5*task out.safetensors
expect 2 "$TAUSCOPE" export s.h5 -0.5*task
