#!/bin/sh
# What is written is brought to the disk before it has its name, and the folder that knows the name
# after that: by the order of the system calls.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
command -v strace >/dev/null ||
	{ echo "FAIL: no strace here; ./bootstrap check installs it" >&2; exit 1; }
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# traced ARGUMENT... - runs it, and keeps its calls: "sync PATH", "name FROM TO".
traced() {
	expect 0 strace -f -y -qq -s 4096 -o trace \
		-e trace=fsync,link,rename,renameat,renameat2 "$TAUSCOPE" "$@"
	sed -n -E -e 's:.* fsync\([0-9]+<([^>]*)>\) += 0$:sync \1:p' \
		-e 's:.* (link|rename)\("([^"]*)", "([^"]*)"\) += 0$:name \2 \3:p' trace >calls
}

# ordered COUNT - that many names were given, each in such an order.
ordered() {
	awk -v wanted="$1" '
		function folder(path) { sub("/[^/]*$", "", path); return path }
		$1 == "sync" { synced[$2] = NR }
		$1 == "name" { names++; due[folder($3)] = NR; if (!($2 in synced)) early = $3 }
		END {
			for (path in due)
				if (synced[path] < due[path])
					late = path
			if (early != "") print early " had its name before it was on the disk"
			if (late != "") print "the folder " late " was not brought to the disk"
			if (names != wanted) print names + 0 " names were given, not " wanted
			exit early != "" || late != "" || names != wanted
		}' calls >err || fail "$(cat err)"
}

# before FIRST SECOND - the last line of calls like FIRST stands before the first like SECOND.
before() {
	first=$(grep -n -E "$1" calls | tail -n 1 | cut -d : -f 1)
	second=$(grep -n -E "$2" calls | head -n 1 | cut -d : -f 1)
	[ "${first:-9999}" -lt "${second:-0}" ] || fail "not in this order: $1, $2"
}

w='{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
floats 1 2 | safetensors base.safetensors "$w"
floats 3 4 | safetensors task.safetensors "$w"

# Two parts of rows and two of weights, whose folder is whole before the store names them.
traced load "$scratch/s.h5" --weights=copy --base base.safetensors task.safetensors
ordered 5
before "sync $scratch/s\\.d$" "name .* $scratch/s\\.h5$"

traced export "$scratch/s.h5" '0.5*task' "$scratch/out.safetensors" --overwrite
ordered "$(grep -c '^name' calls)"
grep -q "^name .* $scratch/out\\.safetensors$" calls || fail "nothing was exported"
