#!/bin/sh
# The workbench on a real terminal, in tmux: it starts, draws, obeys, and leaves the terminal as it
# was on every way out.  Needs TAUSCOPE, TAUSCOPE_SOURCE and tmux.
set -eu

: "${TAUSCOPE:?}" "${TAUSCOPE_SOURCE:?}"
command -v tmux >/dev/null || { echo "FAIL: no tmux here; ./bootstrap check installs it" >&2; exit 1; }

scratch=$(mktemp -d)
windows=0
mux() {
	env -u TMUX tmux -L "tauscope$$-$windows" -f /dev/null "$@"
}
trap 'mux kill-server 2>/dev/null || :; rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
cd "$scratch"
mkdir home
unset NO_COLOR LINES COLUMNS XDG_CONFIG_HOME COLORFGBG ESCDELAY
export LC_ALL=C.UTF-8
# ncurses keeps 1.6 kB where newterm does not know the terminal; all else is looked at for leaks.
export LSAN_OPTIONS="suppressions=$scratch/leaks"
echo 'leak:new_prescr' >leaks

fail() {
	echo "FAIL: $*" >&2
	mux capture-pane -p -t t 2>/dev/null | sed 's/^/  | /' >&2 || :
	exit 1
}

screen() {
	mux capture-pane -p -t t "$@"
}

# within TENTHS COMMAND... - polls until the command succeeds.
within() {
	tries=$1
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

shows() {
	screen | grep -q -F -e "$1"
}

hides() {
	! shows "$1"
}

keys() {
	mux send-keys -t t "$@"
}

# A shell with a prompt of its own, in a new window of 100 by 30 of a new server.
shell() {
	mux kill-server 2>/dev/null || :
	windows=$((windows + 1))
	mux new-session -d -s t -x 100 -y 30 env HOME="$scratch/home" \
		XDG_STATE_HOME="$scratch/state" LC_ALL=C.UTF-8 PS1='ready> ' "$@" sh -i
	within 50 shows 'ready>' || fail "no shell within 5 s"
}

# start [NAME=VALUE...] - the workbench on a new store, in that shell.
start() {
	shell "$@"
	keys "'$TAUSCOPE' new.h5; echo status \$? >&2" Enter
	within 50 shows '[1 Checkpoints]' || fail "no screen within 5 s"
}

format() {
	mux display-message -p -t t "$1"
}

alternate() {
	[ "$(format '#{alternate_on}')" = "$1" ]
}

pid_of_program() {
	shell_pid=$(format '#{pane_pid}')
	ps -o pid= --ppid "$shell_pid" | head -n 1 | tr -d ' '
}

# The shell answers and shows what is typed: the terminal's modes are those that were.
usable_shell() {
	within 50 alternate 0 || fail "$1: the alternate screen stays on"
	keys 'echo an''swer$((6 * 7))' Enter
	within 50 shows 'answer42' || fail "$1: the shell does not answer"
	shows 'echo answer' || fail "$1: what is typed is not shown"
	[ "$(format '#{cursor_flag}')" = 1 ] || fail "$1: the cursor stays hidden"
}

start
alternate 1 || fail "the workbench does not use the alternate screen"
keys q
within 50 shows 'status 0' || fail "q does not quit with status 0"
usable_shell quitting
hides '[1 Checkpoints]' || fail "the workbench stays on the normal screen"

start
mux resize-window -t t -x 132 -y 40
wide() {
	screen | tail -n 1 | grep -q '[^ ]' && [ "$(screen | sed -n 38p | tr -d '\n' | wc -m)" -eq 132 ]
}
within 50 wide || fail "a resized window is not filled"
mux resize-window -t t -x 60 -y 20
within 50 shows 'tauscope needs 80 × 24' || fail "too small a window is not said to be"
mux resize-window -t t -x 100 -y 30
within 50 shows '[1 Checkpoints]' || fail "a window that grows again is not drawn"

keys ':'
within 50 shows 'Every action' || fail ": does not open the palette"
began=$(date +%s%N)
keys Escape
until hides 'Every action'; do
	[ $(($(date +%s%N) - began)) -lt 2000000000 ] || fail "Esc does nothing within 2 s"
done
took=$((($(date +%s%N) - began) / 1000000))
[ "$took" -lt 250 ] || fail "Esc took $took ms"
keys C-z
within 50 alternate 0 || fail "C-z does not suspend"
keys fg Enter
within 50 alternate 1 || fail "fg does not resume"
within 50 shows '[1 Checkpoints]' || fail "fg does not draw"
keys C-c
within 50 shows 'C-c again quits' || fail "C-c says nothing"
keys C-c
usable_shell 'C-c twice'

start
kill -SEGV "$(pid_of_program)"
within 50 shows 'status 139' || fail "a fault does not end with status 139"
within 50 shows 'what it said before is in' || fail "a fault does not say where the log is"
usable_shell 'a fault'

for signal in TERM:143 HUP:129 INT:130; do
	start
	kill -"${signal%:*}" "$(pid_of_program)"
	within 50 shows "status ${signal#*:}" || fail "SIG${signal%:*} does not end with its status"
	usable_shell "SIG${signal%:*}"
done

for signal in QUIT:131 ALRM:142 USR1:138 XCPU:152; do
	start
	kill -"${signal%:*}" "$(pid_of_program)"
	within 50 shows "status ${signal#*:}" || fail "SIG${signal%:*} does not end with its status"
	hides 'fault of its own' || fail "SIG${signal%:*} is said to be a fault"
	usable_shell "SIG${signal%:*}"
done

start
program=$(pid_of_program)
mux kill-server
gone() {
	! kill -0 "$program" 2>/dev/null
}
within 50 gone || fail "the program outlives its terminal"

"$TAUSCOPE" load digits.h5 --base "$TAUSCOPE_SOURCE/data/digits/base" 2>/dev/null
in_digits() {
	keys "'$TAUSCOPE' digits.h5; echo status \$? >&2" Enter
	within 50 shows "[$1]" || fail "$2"
}
shell
in_digits '1 Checkpoints' "no screen within 5 s"
keys 5
within 50 shows '[5 Compose]' || fail "5 does not show Compose"
program=$(pid_of_program)
while kill -HUP "$program" 2>/dev/null; do :; done
within 50 shows 'status 129' || fail "hangups that go on do not end it with status 129"
in_digits '5 Compose' "hangups that go on keep it from saving"

keys_copied() {
	[ "$(mux show-buffer 2>/dev/null | tr -d '\r')" = "$1" ]
}
start
mux set-option -s set-clipboard on
keys 6 Y
within 50 keys_copied 'job,state,bytes,seconds' || fail "Y does not reach the clipboard"

escape=$(printf '\033')
has_colour() {
	screen -e | grep -q "$escape\\[[0-9;]*[34][0-8]"
}
start TERM=screen-256color
has_colour || fail "there is no colour to begin with"
start TERM=screen-256color NO_COLOR=1
! has_colour || fail "there is colour in spite of NO_COLOR"

start LC_ALL=C
within 50 shows '[1 Checkpoints]' || fail "no screen in the C locale"
! screen | LC_ALL=C grep -q '[^ -~]' || fail "the C locale shows more than ASCII"

shell
keys "LINES=30000 COLUMNS=30000 '$TAUSCOPE' new.h5; echo status \$? >&2" Enter
within 50 alternate 1 || fail "no screen where the size is absurd"
keys q
within 50 shows 'status 0' || fail "a terminal of absurd size is not clamped"

shell TERM=nonsense
keys "'$TAUSCOPE' new.h5; echo status \$? >&2" Enter
within 50 shows 'status 4' || fail "an unknown terminal is no error"
screen | tr -d '\n' | grep -q 'terminal type nonsense' || fail "the error does not name the terminal"
