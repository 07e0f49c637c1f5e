#!/bin/sh
# Two programs on one store: the second is told who has it, and the store stays whole.
. "$TAUSCOPE_SOURCE/tests/batch/common.sh"

vector base.safetensors 1 2
vector task.safetensors 2 2
zeros large.safetensors 40000
expect 0 "$TAUSCOPE" load s.h5 --base base.safetensors task.safetensors
sum=$(cksum <s.h5)

"$TAUSCOPE" load s.h5 --weights=link --base large.safetensors large=large.safetensors \
	--drop task >first 2>&1 &
sleep 0.5
expect 4 "$TAUSCOPE" load s.h5 second=task.safetensors
says "$!"
expect 0 "$TAUSCOPE" similarity s.h5
kill -INT $!
wait $! || true
[ "$(cksum <s.h5)" = "$sum" ] || fail "the store was changed"

# The lock went with its owner.
expect 0 "$TAUSCOPE" load s.h5 second=task.safetensors
