#!/bin/sh
# Who may include whom: the floors of the house, lowest first, and what only one of them may touch.
set -eu

cd "$TAUSCOPE_SOURCE"
floors='core checkpoint analysis edit method preview recipe export store session cli main'
faults=0

fault() {
	echo "FAIL: $*" >&2
	faults=$((faults + 1))
}

# floor_of PATH - the floor that a path below src/ lies on: its folder, or the first word of its name.
floor_of() {
	case $1 in
	*/*) echo "${1%%/*}" ;;
	*) echo "${1%%[._]*}" ;;
	esac
}

# height_of FLOOR - 1 for the lowest; nothing for what is no floor.
height_of() {
	height=0
	for floor in $floors; do
		height=$((height + 1))
		[ "$floor" != "$1" ] || echo "$height"
	done
}

# included FILE - what it includes in quotes.
included() {
	sed -n 's/^#[[:space:]]*include[[:space:]]*"\(.*\)".*/\1/p' "$1"
}

for file in src/*.[ch] src/*/*.[ch]; do
	own=$(floor_of "${file#src/}")
	height=$(height_of "$own")
	[ -n "$height" ] || fault "$file lies on no floor"
	for header in $(included "$file"); do
		if [ -e "src/$header" ]; then
			other=$(height_of "$(floor_of "$header")")
			[ "$other" -le "$height" ] || fault "$file includes $header, from above"
		elif [ -e "ui/$header" ]; then
			[ "$file" = src/main.c ] || fault "$file includes $header, of the screens"
		else
			fault "$file includes $header, which is nowhere"
		fi
	done
done

# only PATTERN HEADER... - these headers may be included by files that match alone.
only() {
	pattern=$1
	shift
	for header; do
		strangers=$(grep -l "^#[[:space:]]*include[[:space:]]*<$header>" \
			src/*.[ch] src/*/*.[ch] ui/*.[ch] | grep -v -E -x "$pattern" || true)
		[ -z "$strangers" ] || fault "<$header> is included by $strangers"
	done
}
only 'ui/term\.c' curses.h ncurses.h 'ncursesw/.*' term.h
only 'src/store/.*|src/checkpoint/hdf5_.*|src/main\.c' hdf5.h hdf5_hl.h
only 'src/core/json\.h' 'cjson/cJSON.h'

[ "$(grep -l 'include <.*curses' src/*.[ch] src/*/*.[ch] ui/*.[ch])" = ui/term.c ] ||
	fault "curses must be included by ui/term.c alone"

for file in src/*.[ch] src/*/*.[ch] ui/*.[ch] data/*.c tests/*/*.[ch]; do
	[ "$(wc -l <"$file")" -le 600 ] || fault "$file is longer than 600 lines"
done
if grep -n -w -E 'TODO|FIXME|XXX' -r src ui data/*.c tests/unit tests/batch; then
	fault "what is left to do does not belong into the code"
fi
[ "$faults" -eq 0 ]
