# shellcheck shell=sh
# seeds.sh - what each fuzz target begins with: files of the corpus that are of its kind, and what it
# failed on before.  Sourced; needs SOURCE.
corpus=$SOURCE/tests/corpus

# seeds_of TARGET - the files of the corpus that are of its kind.
seeds_of() {
	case $1 in
	fuzz_adapter*) ls valid/peft/*/adapter/*.json hostile/peft_*/*.json ;;
	fuzz_gguf) ls valid/gguf/* hostile/*.gguf ;;
	fuzz_hdf5*) ls valid/h5/*.h5 hostile/h5_[!cf]*.h5 ;;
	fuzz_json) ls valid/*/*/*.json hostile/*/*.json ;;
	fuzz_low_rank) ls valid/peft/*/adapter/*.safetensors ;;
	fuzz_numpy) ls valid/numpy/* hostile/npy_*.np[yz] ;;
	fuzz_pickle) ls valid/torch/legacy_* hostile/legacy_* valid/unsupported/*.pkl ;;
	fuzz_safetensors) ls valid/safetensors/* hostile/st_* ;;
	fuzz_shard_index) ls valid/hf/*/*.index.json hostile/idx_*/*.json ;;
	fuzz_torch_legacy) ls valid/torch/legacy_* valid/torch/*.pth hostile/legacy_* ;;
	fuzz_torch_tar) ls valid/torch/hand_tar.pt hostile/tar_* ;;
	fuzz_torch) ls valid/torch/zip_* valid/torch/hand_*.pt valid/torch/torchscript.pt hostile/pt_* ;;
	fuzz_yaml) ls ../mergekit/*.yaml ;;
	fuzz_zip | fuzz_archive) ls valid/torch/zip_* valid/numpy/*.npz valid/h5/*.keras hostile/zip_* ;;
	esac
}

# pickles_of TARGET - the archives whose pickle alone is of its kind: it begins at byte 64, and what
# follows it is not looked at.
pickles_of() {
	case $1 in
	fuzz_pickle | fuzz_torch) ls valid/torch/zip_* hostile/pt_* ;;
	esac
}

# texts_of TARGET - texts of its kind, one a line: examples of methods, and the edits of unit tests.
texts_of() {
	case $1 in
	fuzz_expression)
		sed -n 's/.*\.example = "\(.*\)".*/\1/p' "$SOURCE"/src/edit/method_*.c
		sed -n 's/^	{"\([^\"]*\)", .*/\1/p' "$SOURCE"/tests/unit/test_expression*.c
		;;
	esac
}

# gather TARGET FOLDER - its seeds into a folder, where there are any.
gather() {
	rm -rf "$2"
	mkdir -p "$2"
	for seed in $(cd "$corpus" && seeds_of "$1"); do
		cp "$corpus/$seed" "$2/$(echo "${seed#../}" | tr / -)"
	done
	for seed in $(cd "$corpus" && pickles_of "$1"); do
		tail -c +65 "$corpus/$seed" >"$2/pickle-$(echo "$seed" | tr / -)"
	done
	texts_of "$1" | split -l 1 - "$2/text-"
	for seed in "$SOURCE/tests/fuzz/regressions/$1"/*; do
		[ ! -f "$seed" ] || cp "$seed" "$2/regression-${seed##*/}"
	done
	[ -n "$(ls "$2")" ] || { echo "tests/fuzz/seeds.sh has none for $1"; return 1; }
}
