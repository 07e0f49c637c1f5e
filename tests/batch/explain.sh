#!/bin/sh
# What a model is made of: the coefficients that it was exported with, and what was not known.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

# near_coefficient NAME VALUE
near_coefficient() {
	echo "$2" >value.json
	near 1e-5 out coefficients "$1" -- value.json
}

expect 0 "$TAUSCOPE" export s.h5 '0.4*mnist - 0.3*greek + 0.05*cyrillic' mixed.safetensors
expect 0 "$TAUSCOPE" explain mixed.safetensors s.h5 --json --by layer
near_coefficient mnist 0.4
near_coefficient greek -0.3
near_coefficient cyrillic 0.05
near_coefficient fashion 0
near_coefficient optdigits 0
equals '0.4*mnist - 0.3*greek + 0.05*cyrillic' out expression
[ "$(get out groups '#')" -ge 4 ] || fail "no groups"
equals same out recipe inputs 0 state
equals same out recipe inputs 2 state
echo 0 >zero.json
near 1e-5 out relative_residual -- zero.json
equals 6 out rank

# The edit that it gives makes the same model, but for rounding.
expression=$(get out expression)
expect 0 "$TAUSCOPE" export s.h5 "$expression" again.safetensors
expect 0 "$TAUSCOPE" explain again.safetensors s.h5
grep -q 'explains 100 % of it' out || fail "it is not explained"
grep -q 'as an edit: 0.4\*mnist - 0.3\*greek + 0.05\*cyrillic' out || fail "no edit"

# A narrow type, and a method that keeps a tenth of the elements.
expect 0 "$TAUSCOPE" export s.h5 '0.4*mnist' narrow.safetensors --dtype BF16
expect 0 "$TAUSCOPE" explain narrow.safetensors s.h5 --json
echo 0.4 >value.json
near 1e-2 out coefficients mnist -- value.json
alone() {
	case $(get out expression) in
	0.*\*mnist | 1.*\*mnist) ;;
	*) fail "chance is told of: $(get out expression)" ;;
	esac
}
alone
expect 0 "$TAUSCOPE" export s.h5 'dare(mnist, p=0.9)' random.safetensors
expect 0 "$TAUSCOPE" explain random.safetensors s.h5 --json
echo 1 >value.json
near 0.1 out coefficients mnist -- value.json
alone
echo 0.1 >value.json
near 0.02 out explained -- value.json

# Parts of a model: what is not there has not changed.
expect 0 "$TAUSCOPE" export s.h5 '0.4*mnist + greek[blocks.0]' v.safetensors --part task-vector
expect 0 "$TAUSCOPE" export s.h5 '0.5*greek' c.safetensors --part changed
expect 0 "$TAUSCOPE" explain c.safetensors s.h5 --json
near_coefficient greek 0.5
expect 0 "$TAUSCOPE" explain v.safetensors s.h5 --json
expect 0 "$TAUSCOPE" explain "$digits/base" s.h5
grep -q 'it is the base' out || fail "the base is not known"
expect 0 "$TAUSCOPE" explain "$digits/fashion/checkpoint-40" s.h5 --steps --json
near_coefficient fashion@40 1
grep -q fashion@40 out || fail "no steps"
expect 0 "$TAUSCOPE" explain "$digits/fashion/checkpoint-40" s.h5 --json
grep -q fashion@40 out && fail "steps without being asked"

# Two of a kind, other contents, and what cannot be.
expect 0 "$TAUSCOPE" load s.h5 "twin=$digits/mnist"
expect 0 "$TAUSCOPE" explain mixed.safetensors s.h5 --json
says '1 of the 7 task vectors follow from the others'
near_coefficient mnist 0.2
near_coefficient twin 0.2
expect 0 "$TAUSCOPE" load t.h5 --base "$digits/base" "mnist=$digits/greek"
expect 0 "$TAUSCOPE" explain mixed.safetensors t.h5 --json
equals 'other contents' out recipe inputs 1 state
equals 'not in the store' out recipe inputs 2 state
vector small.safetensors 1 2
expect 3 "$TAUSCOPE" explain small.safetensors s.h5 --json
says 'shares no float tensor'
expect 4 "$TAUSCOPE" explain absent.safetensors s.h5
expect 2 "$TAUSCOPE" explain mixed.safetensors
cp "$digits/mnist/model.safetensors" moved.safetensors
expect 0 "$TAUSCOPE" load l.h5 --weights=link --base "$digits/base" moved.safetensors
rm moved.safetensors
expect 4 "$TAUSCOPE" explain mixed.safetensors l.h5
says 'moved'
no_leftovers
