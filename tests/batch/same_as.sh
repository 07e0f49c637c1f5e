#!/bin/sh
# What a screen writes is, byte for byte, what the command that its dialog shows would write.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

tauscope() {
	"$TAUSCOPE" --threads=1 "$@"
}

# The command of the dialog, which wraps it within columns 5 to 76.
shown_command() {
	cut -c 5-76 screen | sed -n '/^same as: /,/^ *$/p' | sed 's/^same as: //; s/ *$//' |
		paste -s -d ' ' -
}

# same FILE KEYS - what the keys and Enter write to FILE.
same() {
	printf 'ascii on\nsize 80x24\nkeys %s\nscreen\nkeys <Enter>\nwait\n' "$2" >keys
	expect 0 "$TAUSCOPE" --threads=1 --script keys s.h5
	mv out screen
	[ -s "$1" ] || fail "the keys $2 wrote no $1"
	mv "$1" written
	rm -f ./*.recipe.json
	command=$(shown_command)
	case $command in
	*"$1"*) ;;
	*) fail "the keys $2 show the command: $command" ;;
	esac
	command=$(echo "$command" | sed 's/^tauscope [a-z]* /&--threads=1 /')
	(eval "$command") >out 2>err || fail "status $? from: $command"
	cmp -s written "$1" || fail "$command does not write what the screen wrote"
	rm -f "$1" ./*.recipe.json
}

# tables NAME KEYS - as CSV and as JSON.
tables() {
	same "$1.csv" "$2 e"
	same "$1.json" "$2 e <Down>"
}

expect 0 "$TAUSCOPE" load s.h5 --base "$digits/base" --run "mnist=$digits/mnist" \
	--run "greek=$digits/greek" "cyrillic=$digits/cyrillic"
tables similarity 2
tables similarity '2 >'
tables similarity '2 > > > > > >'
tables similarity '2 / g r e <Enter>'
tables layers '3 0'
tables layers '3 0 t'
tables layers '3 0 t t'
tables layers '3 0 <Enter>'
tables trajectory 4
tables trajectory '4 >'
tables trajectory '4 f <Down> <Down> <Enter>'
edit='5 = 0 . 4 * m n i s t - 0 . 2 5 * g r e e k [ b l o c k s . 0 - 1 ] <Enter>'
same edited.safetensors "$edit e"
same other.safetensors '5 e o t h e r . s a f e t e n s o r s'
scale='g = 0 . 1 2 3 4 5 6 7 8 9 <Enter>'
[ ! -e edited.safetensors ] || fail "a model lies where none was asked for"
same edited.safetensors "5 $scale e"
same compose.csv '5 e <Down>'
same compose.json '5 e <Down> <Down>'
# Marks are no option of a command, and the list of checkpoints is no verb's answer.
for keys in '1 j <Space> 2 e' '3 e' '1 e' '1 <Enter> e'; do
	printf 'ascii on\nsize 80x24\nkeys %s\nscreen\n' "$keys" >keys
	expect 0 "$TAUSCOPE" --threads=1 --script keys s.h5
	! grep -q 'same as' out || fail "the keys $keys show a command"
done
