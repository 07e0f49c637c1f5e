#!/bin/sh
# A model keeps the base's shards and the order in them, whether the weights stay where they are or
# are copied into the store, and also when the sources are gone.
. "${TAUSCOPE_SOURCE:?}/tests/batch/common.sh"

mkdir sources
cp -R "$TAUSCOPE_SOURCE/tests/corpus/valid/hf/sharded" sources/base
cp -R sources/base sources/task
chmod -R u+w sources

for mode in link copy; do
	expect 0 "$TAUSCOPE" load "$mode.h5" --weights="$mode" --base sources/base task=sources/task
	expect 0 "$TAUSCOPE" export "$mode.h5" 0.5*task "$mode/"
done
diff -r link copy || fail "copied weights give another model than linked ones"
for shard in 1 2; do
	[ -f "copy/model-0000$shard-of-00002.safetensors" ] || fail "shard $shard is not there"
done

rm -r sources
expect 0 "$TAUSCOPE" export copy.h5 0.5*task gone/
for shard in 1 2; do
	file=model-0000$shard-of-00002.safetensors
	cmp "copy/$file" "gone/$file" || fail "$file differs where the sources are gone"
done
expect 0 "$TAUSCOPE" info gone --json
cp out gone.json
expect 0 "$TAUSCOPE" info copy --json
[ "$(grep -c '"name"' gone.json)" -eq "$(grep -c '"name"' out)" ] || fail "the new index lacks tensors"
