#!/bin/sh
# Without a terminal the demo prints its report, and the second time reads no weights.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
export TAUSCOPE_DATADIR="$TAUSCOPE_SOURCE/data"

expect 0 "$TAUSCOPE" demo
for word in optdigits blocks.2 checkpoint '0.5*(mnist + greek)' exact; do
	grep -q -F -e "$word" out || fail "the report does not hold $word"
done
grep -q '0\.229' out || fail "the report lacks the cosine of mnist and optdigits"
cp out first
expect 0 "$TAUSCOPE" demo
cmp first out || fail "the second report differs"

TAUSCOPE_DATADIR=$scratch/nowhere expect 4 "$TAUSCOPE" demo
says TAUSCOPE_DATADIR
