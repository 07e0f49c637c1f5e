#!/bin/sh
# Reading a checkpoint starts no program, connects to nothing, and opens nothing but what was named:
# every system call of the program is looked at, on files that would have it do otherwise.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
command -v strace >/dev/null ||
	{ echo "FAIL: no strace here; ./bootstrap check installs it" >&2; exit 1; }
corpus=$TAUSCOPE_SOURCE/tests/corpus

# The leak sanitizer is a tracer itself, and there can be but one.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
mkdir -p "$scratch/tmp"
export TMPDIR="$scratch/tmp"

# What may be opened, to read it, besides what is named: libraries and locale, what the C library
# asks the kernel about, and the seed of GLib's hash tables.
start_up='/etc/ld\.so\.(cache|preload)|(/usr)?/lib(64)?/.*|/usr/local/lib/.*|/usr/share/locale/.*'
start_up="$start_up|/proc/(self/.*|filesystems|sys/.*|cpuinfo|meminfo)|/sys/(devices|fs)/.*"

# opened FOLDER - the calls that would open, make or change a file, but for start-up, the folder and
# what is in it.
opened() {
	grep -E ' (open|openat|openat2|creat|unlink|unlinkat|rename[a-z0-9]*|mkdir|mkdirat|mknod[a-z]*|symlink[a-z]*|link|linkat|truncate|chmod|fchmodat|chown|chdir)\(' calls |
		grep -v -E "\"($start_up)\", O_RDONLY" |
		grep -v -E "\"$1(/[^\"/]*[^\"/.][^\"/]*)?\", O_RDONLY"
}

# quiet PATH FOLDER [PROCESSES] - traces info on a path that lies in a folder of its own.
quiet() {
	for stats in '' --stats; do
		# shellcheck disable=SC2086 # an option or none
		strace -f -qq -s 4096 -o calls -e trace=process,file,network \
			"$TAUSCOPE" info "$1" --json $stats >out 2>err || true
		grep -q "\"$1\", O_RDONLY" calls || fail "$1 was not opened; was anything traced?"
		[ "$(grep -c -E 'execve(at)?\(' calls)" -eq 1 ] || fail "$1 made it run a program"
		forks=$(grep -E '(fork|vfork|clone|clone3)\(' calls | grep -c -v CLONE_THREAD) || true
		[ "$forks" -le "${3:-0}" ] || fail "$1 made it start a process"
		! grep -E '(socket|connect|sendto|bind)\(' calls || fail "$1 made it use the network"
		! opened "$2" || fail "$1 made it open something else"
	done
	[ -z "$(find "$TMPDIR" /tmp -maxdepth 1 -name 'CORPUS_PWNED*')" ] || fail "$1 ran its payload"
}

# alone FILE [PROCESSES] - the same for a copy of a file, with nothing beside it.
alone() {
	rm -rf "$scratch/case"
	mkdir "$scratch/case"
	cp "$1" "$scratch/case"
	quiet "$scratch/case/${1##*/}" "$scratch/case" "${2:-0}"
}

payloads=0
for file in $(grep -l CORPUS_PWNED "$corpus"/hostile/*.*); do
	case $file in
	*manifest.json) continue ;;
	esac
	alone "$file"
	payloads=$((payloads + 1))
done
[ "$payloads" -ge 20 ] || fail "only $payloads files have a payload"

for file in hostile/pt_t_key_traversal.pt hostile/pt_t_key_absolute.pt hostile/zip_absolute_entry.pt \
	valid/torch/zip_module_image_classifier.pt valid/torch/legacy_module_clip_encoder.pt \
	valid/torch/zip_train_checkpoint.pt; do
	alone "$corpus/$file"
done

# HDF5 is read in a process of its own, which opens nothing at all.
for file in h5_external_passwd h5_external_link h5_external_link_abs h5_unknown_filter; do
	alone "$corpus/hostile/$file.h5" 2
done

# An index and an adapter name other places: those are not looked at either.
for folder in idx_traversal idx_subdir peft_base_path; do
	rm -rf "$scratch/case"
	cp -R "$corpus/hostile/$folder" "$scratch/case"
	quiet "$scratch/case" "$scratch/case"
done
