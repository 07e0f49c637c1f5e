#!/bin/sh
# Whether all of a checkpoint can be read, and holds what its checksums say.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"
corpus=$TAUSCOPE_SOURCE/tests/corpus

expect 0 "$TAUSCOPE" verify "$digits/base" --json
equals true out whole
equals 54 out tensors
equals 0 out checksums
expect 0 "$TAUSCOPE" verify "$digits/base"
grep -q '^all 54 tensors can be read; safetensors has no checksums' out ||
	fail "it is not said that nothing was compared"

expect 0 "$TAUSCOPE" verify "$corpus/valid/torch/zip_tied.pt" --json
equals true out whole
[ "$(get out checksums)" -ge 4 ] || fail "the entries of the archive were not looked at"
expect 0 "$TAUSCOPE" verify "$corpus/valid/numpy/compressed.npz"
grep -q '^all 7 tensors can be read, and the checksums of 7 entries agree' out ||
	fail "it is not said what was compared"
expect 0 "$TAUSCOPE" verify "$corpus/valid/hf/sharded_bin"
expect 0 "$TAUSCOPE" verify "$corpus/valid/h5/layouts.h5"

expect 1 "$TAUSCOPE" verify "$corpus/hostile/zip_crc_storage.pt" --json
equals false out whole
equals 1 out problems '#'
expect 1 "$TAUSCOPE" verify "$corpus/hostile/zip_crc_storage.pt"
grep -q 'a/data/0' out || fail "it is not said which entry is damaged"

head -c 700 "$corpus/valid/torch/zip_tied.pt" >cut.pt
expect 3 "$TAUSCOPE" verify cut.pt
expect 4 "$TAUSCOPE" verify absent.pt
