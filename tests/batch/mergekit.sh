#!/bin/sh
# A recipe of mergekit is read, explained and exported; an edit is written as one, and read again.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

load_digits s.h5

cat >config.yaml <<'END'
merge_method: task_arithmetic
base_model: org/base
models:
  - model: org/mnist
    parameters:
      weight: 0.5
  - model: somewhere/else
    parameters:
      weight: 0.5
parameters:
  lamda: 3
END

# A model that the store does not have by this name is asked for.
expect 3 "$TAUSCOPE" mergekit s.h5 config.yaml
says 'line 7'
says '--model somewhere/else=NAME'
says 'fashion'
expect 3 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=nobody
says 'nobody'

expect 0 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=greek --model other=greek
grep -q -F -e '--model other=greek: the recipe names no such model' out || fail "nothing is said of other"

# What it is, in words and as JSON.
expect 0 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=greek
grep -q -F '0.5*mnist + 0.5*greek' out || fail "the expression is not shown"
grep -q "^11 .*lamda is no parameter" out || fail "nothing is said of lamda"
grep -q -F "tauscope export 's.h5' --recipe 'config.yaml' --model 'somewhere/else=greek' OUT" out ||
	fail "the command is not shown"
expect 0 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=greek --json --out kept.json
equals '0.5*mnist + 0.5*greek' out expression
equals 1 out scale
equals mergekit out dialect
equals base out dtype
equals 11 out notes "$(($(get out notes '#') - 1))" line
equals greek out recipe inputs 2 name
equals '0.5*mnist + 0.5*greek' kept.json expression
expect 4 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=greek --out kept.json
expect 0 "$TAUSCOPE" mergekit s.h5 config.yaml --model somewhere/else=greek --csv

# Exported, it is the edit, byte by byte; and so is the recipe that was kept.
expect 0 "$TAUSCOPE" export s.h5 '0.5*mnist + 0.5*greek' edit.safetensors --no-recipe
expect 0 "$TAUSCOPE" export s.h5 --recipe config.yaml --model somewhere/else=greek yaml.safetensors --no-recipe
says 'lamda'
expect 0 "$TAUSCOPE" export s.h5 --recipe kept.json kept.safetensors --no-recipe
cmp kept.safetensors yaml.safetensors || fail "the kept recipe gives other bytes"
expect 0 "$TAUSCOPE" info edit.safetensors --stats --json
cp out edit.json
expect 0 "$TAUSCOPE" info yaml.safetensors --stats --json
for i in 0 10 20; do
	equals "$(get edit.json tensors "$i" sha256)" out tensors "$i" sha256
done
expect 2 "$TAUSCOPE" export s.h5 mnist --model a=b out.safetensors
says '--model'

# The types of a recipe are those that are written.
printf 'merge_method: passthrough\nmodels: [{model: mnist}]\ndtype: bfloat16\n' >half.yml
expect 0 "$TAUSCOPE" export s.h5 --recipe half.yml half.safetensors
expect 0 "$TAUSCOPE" info half.safetensors --json
equals BF16 out tensors 0 type

# Written, and read again.
expect 0 "$TAUSCOPE" mergekit s.h5 --write 'ties(0.5*mnist, -0.2*greek, density=0.3)' --scale 0.75 ties.yaml
says 'line 1: mergekit has a threshold for each tensor'
grep -q '^# mergekit has a threshold for each tensor' ties.yaml || fail "the comment is missing"
expect 0 "$TAUSCOPE" mergekit s.h5 ties.yaml --json
equals 'ties(0.5*mnist, -0.2*greek, dialect=mergekit, density=0.3)' out expression
equals 0.75 out scale
expect 4 "$TAUSCOPE" mergekit s.h5 --write mnist ties.yaml
expect 0 "$TAUSCOPE" mergekit s.h5 --write '-mnist' ties.yaml --overwrite --json
equals ties.yaml out file
expect 2 "$TAUSCOPE" mergekit s.h5 --write 'magmax(mnist, greek)' none.yaml
says 'no method for magmax'
[ ! -e none.yaml ] || fail "a recipe was written of what cannot be said"
expect 2 "$TAUSCOPE" mergekit s.h5 --write mnist --model a=b none.yaml
expect 2 "$TAUSCOPE" mergekit s.h5 config.yaml --scale 2

# What is no YAML says where.
printf 'merge_method: ties\n\tx: 1\n' >tabs.yaml
expect 3 "$TAUSCOPE" mergekit s.h5 tabs.yaml --json
says 'line 2, column 1'
equals tabs.yaml out error file
expect 4 "$TAUSCOPE" mergekit s.h5 absent.yaml
no_leftovers

# What is in the store, or was loaded into it, is never written over.
cp s.h5 before.h5
expect 4 "$TAUSCOPE" mergekit s.h5 --write 0.5*mnist s.h5 --overwrite
says 'never written to'
cmp s.h5 before.h5 || fail "the store was written over"
