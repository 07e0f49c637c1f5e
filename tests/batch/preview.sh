#!/bin/sh
# What an edit will be: exactly, on average over draws, and measured over the weights.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

between() { # LOW VALUE HIGH: files of a number each
	awk -v low="$(cat "$1")" -v value="$(cat "$2")" -v high="$(cat "$3")" \
		'BEGIN { exit !(low < value && value < high) }' || fail "$(cat "$@")"
}

# A draw has a mean and an interval, and what is measured of it lies within.
expect 0 "$TAUSCOPE" preview s.h5 'dare(mnist, p=0.5) - greek' --json
equals expected out kind
equals true out whole_sample
get out norm >mean
get out norm_low >low
get out norm_high >high
between low mean high
get out cosine_low greek >low
get out cosine_high greek >high
get out moves p99.9 >/dev/null
get out conflict >/dev/null
expect 0 "$TAUSCOPE" preview s.h5 'dare(mnist, p=0.5) - greek' --exact --json
equals exact out kind
get out cosine greek >drawn
between low drawn high
if "$JSON_GET" out norm_low >/dev/null 2>&1; then
	fail 'an exact preview has an interval'
fi

# Where every element is sampled, nothing is estimated.
expect 0 "$TAUSCOPE" preview s.h5 'ties(mnist, greek, fashion)' --json
equals exact out kind
cp out sampled
expect 0 "$TAUSCOPE" preview s.h5 'ties(mnist, greek, fashion)' --json --exact --threads 1
near 1e-9 out norm -- sampled norm
near 1e-9 out kept fashion -- sampled kept fashion

# Of steps no sample is kept; their weights are there.
expect 3 "$TAUSCOPE" preview s.h5 'ties(mnist@40, greek)' --json
says 'no sample is kept of mnist@40'
says '--exact'
expect 0 "$TAUSCOPE" preview s.h5 'ties(mnist@40, greek)' --json --exact
equals exact out kind

# What methods take that do not say is part of the edit.
expect 0 "$TAUSCOPE" preview s.h5 'ties(mnist, greek)' --dialect mergekit --json
equals 'ties(mnist, greek, dialect=mergekit)' out edit
expect 0 "$TAUSCOPE" preview s.h5 'dare(mnist, p=0.5)' --seed 7 --json
equals 'dare(mnist, p=0.5, seed=7)' out edit

# CSV has the same columns, whatever kind of preview it is.
for edit in mnist 'dare(mnist, p=0.5)'; do
	expect 0 "$TAUSCOPE" preview s.h5 "$edit" --by layer --csv
	head -n 1 out >"columns-$(echo "$edit" | cut -c 1)"
done
cmp -s columns-m columns-d || fail "$(cat columns-m columns-d)"
grep -q '^group,elements,task,kind,norm,norm_low,norm_high,relative,' columns-m ||
	fail "$(cat columns-m)"

# The text says the kind, the interval and the warnings.
expect 0 "$TAUSCOPE" preview s.h5 'dare(mnist, p=0.5)' --scale 2
grep -q '^scale 2.00, expected: norm [0-9.]* ([0-9.]* to [0-9.]*),$' out ||
	fail 'no interval'
grep -q '^group  *norm  *+-  *task  *cosine  *+-  *kept  *+-$' out || fail 'no +-'
expect 0 "$TAUSCOPE" preview s.h5 'ties(0.3*mnist)'
grep -q '^warning: ties(0.3\*mnist) divides by its weights' out || fail 'no warning'
