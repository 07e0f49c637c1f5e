#!/bin/sh
# The man page and the README say what the program does: every key, every verb.
# UPDATE=1 writes the table of keys into the man page anew.
. "${TAUSCOPE_SOURCE:?}/tests/batch/common.sh"

page=$TAUSCOPE_SOURCE/man/tauscope.1
readme=$TAUSCOPE_SOURCE/README.md

"$TAUSCOPE" --keys >keys
if [ -n "${UPDATE-}" ]; then
	sed 's/-/\\-/g' keys >escaped
	awk '
		index($0, "The table of keys, as") { print; while ((getline line < "escaped") > 0) print line; skip = 1 }
		index($0, "The end of the table.") { skip = 0 }
		!skip { print }' "$page" >new
	cp new "$page"
fi
sed -n '/The table of keys, as/,/The end of the table/p' "$page" | sed '1d;$d; s/\\-/-/g' >shown
diff -u shown keys || fail "the man page's keys are not those of tauscope --keys"

"$TAUSCOPE" --help >help
verbs=$(sed -n 's/^    \([a-z]\{4,\}\)  *[A-Z].*/\1/p' help)
[ "$(echo "$verbs" | wc -w)" -ge 9 ] || fail "--help lists too few verbs: $verbs"
for verb in $verbs; do
	grep -q "^\.BI \"$verb " "$page" || fail "the man page does not tell of $verb"
	grep -q "tauscope $verb\|bootstrap $verb" "$readme" || fail "the README does not tell of $verb"
done
