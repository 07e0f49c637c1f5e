#!/bin/sh
# The man page and the README say what the program does: every key, every method, every verb.
# UPDATE=1 writes the tables of keys and methods into the man page anew.
. "${TAUSCOPE_SOURCE:?}/tests/batch/common.sh"

page=$TAUSCOPE_SOURCE/man/tauscope.1
readme=$TAUSCOPE_SOURCE/README.md

# hold OPTION FIRST LAST - the lines of the page between these comments are what the program prints.
hold() {
	"$TAUSCOPE" "--$1" >printed
	if [ -n "${UPDATE-}" ]; then
		sed 's/-/\\-/g' printed >escaped
		awk -v first="$2" -v last="$3" '
			index($0, first) { print; while ((getline line < "escaped") > 0) print line; skip = 1 }
			index($0, last) { skip = 0 }
			!skip { print }' "$page" >new
		cp new "$page"
	fi
	sed -n "/$2/,/$3/p" "$page" | sed '1d;$d; s/\\-/-/g' >shown
	diff -u shown printed || fail "the man page's $1 are not those of tauscope --$1"
}
hold keys 'The table of keys, as' 'The end of the table.'
hold methods 'The table of methods, as' 'The end of the methods.'

"$TAUSCOPE" --help >help
verbs=$(sed -n 's/^    \([a-z]\{4,\}\)  *[A-Z].*/\1/p' help)
[ "$(echo "$verbs" | wc -w)" -ge 9 ] || fail "--help lists too few verbs: $verbs"
for verb in $verbs; do
	grep -q "^\.BI \"$verb " "$page" || fail "the man page does not tell of $verb"
	grep -q "tauscope $verb\|bootstrap $verb" "$readme" || fail "the README does not tell of $verb"
done
