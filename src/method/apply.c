/* apply.c - stream an edit over the weights, block by block.
 *
 * A block's bytes are read whole; they are then decoded, and the tree evaluated, over short chunks
 * that stay in the nearest cache, or over whole units where a method has to see them together. */
#include "method/apply.h"

#include "edit/linear.h"
#include "edit/node.h"
#include "method/elements.h"

#include <math.h>
#include <string.h>

/* Elements of a chunk, about; and where rows are seen whole, so many that what a model takes hardly
 * depends on its width. */
#define CHUNK 1024u
#define CHUNK_ROWS 16384u

/* One block being computed. */
typedef struct {
	const Apply *apply;
	guint tensor;
	guint64 first, count, chunk;
	Dtype from, to; /* the base's type, and that which is written */
	ValuesRun values;
	double *change, *sum;   /* [chunk] each */
	guint8 *rounded;        /* [chunk] elements of 8 bytes */
	gpointer stack, memory; /* of evaluating, and of the values */
} Block;

Dtype apply_dtype(const Apply *apply, guint tensor)
{
	Dtype dtype = collection_tensor(apply->collection, tensor)->dtype;
	return apply->dtype < 0 || !collection_is_float(apply->collection, tensor)
		       ? dtype
		       : (Dtype)apply->dtype;
}

guint64 apply_block_elements(const Apply *apply, guint tensor, guint64 block)
{
	return evaluate_block(apply->prepared, tensor, block);
}

static guint64 chunk_of(const Apply *apply, guint tensor)
{
	guint64 about = evaluate_unit(apply->prepared, tensor) > 1 ? CHUNK_ROWS : CHUNK;
	return evaluate_block(apply->prepared, tensor, about);
}

gsize apply_scratch_bytes(const Apply *apply, guint tensor, guint64 elements)
{
	guint64 chunk = chunk_of(apply, tensor);
	return elements * sizeof(double) + 3 * chunk * sizeof(double) +
	       evaluate_scratch_bytes(apply->edit, chunk) +
	       values_run_bytes(apply->collection, apply->edit, elements, chunk);
}

/* Rounds base + change into raw, which holds the base's bytes: they stay where there is no change,
 * so that −0 and the payloads of NaN do.  Returns how many overflowed. */
static gsize round_beside(const Block *block, guint64 n, guint8 *raw)
{
	if (elements_are_zero(block->change, n))
		return 0;
	gsize overflowed = dtype_encode(block->to, block->sum, n, block->rounded);
	elements_replace_changed(
		raw, block->rounded, block->change, n, dtype_info(block->to)->bits / 8);
	return overflowed;
}

/* Whether the base's bytes are what is written where nothing changes. */
static gboolean is_beside(const Block *block)
{
	return block->from == block->to && !block->apply->difference;
}

static gsize round_chunk(const Block *block, guint64 n, guint8 *raw)
{
	if (block->apply->difference)
		return dtype_encode(block->to, block->change, n, raw);
	return is_beside(block) ? round_beside(block, n, raw)
				: dtype_encode(block->to, block->sum, n, raw);
}

static gboolean is_finite_input(const Values *values, guint64 element)
{
	gboolean finite = isfinite(values->base[element]);
	for (guint i = 0; finite && i < collection_members(values->collection); i++)
		finite = !values->task[i] || isfinite(values->task[i][element]);
	return finite;
}

/* How many sums of finite numbers are beyond a double: encoding sees only their infinity. */
static guint64 count_lost(const Block *block, guint64 n)
{
	const Values *values = &block->values.chunk;
	guint64 lost = 0;
	for (guint64 i = 0; values->wide && i < n; i++)
		lost += !isfinite(values->base[i] + block->change[i]) && is_finite_input(values, i);
	return lost;
}

static guint64 compute_chunk(Block *block, guint64 at, guint64 n, guint8 *raw)
{
	const Apply *apply = block->apply;
	const Values *values = &block->values.chunk;
	values_decode(&block->values, at, n);
	evaluate(apply->prepared, values, apply->edit, 0, n, block->change, block->stack);
	elements_scale_onto(block->sum, values->base, block->change, n, apply->scale);
	return values->lost + count_lost(block, n) + round_chunk(block, n, raw);
}

/* `raw` holds the base's bytes where they may stay, else `base` does. */
static gboolean compute(
	Block *block, const void *base, guint8 *raw, guint64 *overflowed, GError **error)
{
	gsize size = dtype_info(block->to)->bits / 8;
	if (!values_run_read(&block->values, block->apply->collection, block->apply->edit,
		    block->tensor, block->first, block->count, base, block->memory, error))
		return FALSE;
	for (guint64 at = 0; at < block->count; at += block->chunk)
		*overflowed += compute_chunk(
			block, at, MIN(block->chunk, block->count - at), raw + at * size);
	return evaluate_check(block->apply->prepared, error);
}

/* Values from one type to another, which may be the same. */
static guint64 convert(const Block *block, Dtype from, const guint8 *bytes, guint8 *raw)
{
	gsize read = dtype_info(from)->bits / 8, written = dtype_info(block->to)->bits / 8;
	guint64 overflowed = 0;
	for (guint64 at = 0, n; at < block->count; at += n) {
		n = MIN(block->chunk, block->count - at);
		dtype_decode_double(from, bytes + at * read, n, block->sum);
		overflowed += dtype_encode(block->to, block->sum, n, raw + at * written);
	}
	return overflowed;
}

/* A member's values in the type that is written: bit for bit where the types are the same. */
static gboolean copy_member(const Block *block, guint number, gpointer bytes, gpointer raw,
	guint64 *overflowed, GError **error)
{
	const Member *member = collection_member(block->apply->collection, number);
	guint place = (guint)member->place[block->tensor];
	Dtype from = checkpoint_tensor(member->checkpoint, place)->dtype;
	if (!checkpoint_read_raw(member->checkpoint, place, block->first, block->count,
		    from == block->to ? raw : bytes, error))
		return FALSE;
	if (from != block->to)
		*overflowed += convert(block, from, bytes, raw);
	return TRUE;
}

/* Whether the member has θ for every element of the base's tensor. */
static gboolean holds_all(const Collection *collection, guint member, guint tensor)
{
	return !collection_is_difference(collection, member, tensor) &&
	       collection_member(collection, member)->shared[tensor] ==
		       collection_tensor(collection, tensor)->elements;
}

/* The one task that a linear edit is on a tensor, with coefficient 1 and whole; 0: none. */
static guint whole_member(const Apply *apply, guint tensor, guint *acting)
{
	guint members = collection_members(apply->collection), member = 0;
	g_autofree double *c = g_new0(double, members);
	linear_coefficients(apply->collection, apply->edit, tensor, c);
	*acting = c[0] * apply->scale != 0;
	for (guint i = 1; i < members; i++)
		if (c[i] * apply->scale != 0) {
			member = i;
			++*acting;
		}
	return *acting == 1 && member && c[member] * apply->scale == 1 &&
			       holds_all(apply->collection, member, tensor)
		       ? member
		       : 0;
}

static ApplyPlan plan_linear(const Apply *apply, guint tensor)
{
	guint acting, member = whole_member(apply, tensor, &acting);
	if (!acting)
		return (ApplyPlan){.kind = APPLY_COPY_BASE};
	if (member && !apply->difference)
		return (ApplyPlan){APPLY_COPY_MEMBER, member};
	return (ApplyPlan){.kind = APPLY_COMPUTE};
}

ApplyPlan apply_plan(const Apply *apply, guint tensor)
{
	gboolean acts = collection_is_float(apply->collection, tensor) && apply->scale != 0 &&
			expression_acts(apply->collection, apply->edit, tensor);
	if (!acts)
		return (ApplyPlan){.kind = APPLY_COPY_BASE};
	return linear_is(apply->edit) ? plan_linear(apply, tensor)
				      : (ApplyPlan){.kind = APPLY_COMPUTE};
}

/* The base in another type, or as a difference: nothing. */
static guint64 convert_base(const Block *block, const void *base, guint8 *raw)
{
	if (!block->apply->difference)
		return convert(block, block->from, base, raw);
	memset(raw, 0, block->count * (dtype_info(block->to)->bits / 8));
	return 0;
}

/* The scratch begins with room for the base's bytes. */
static Block block_new(
	const Apply *apply, guint tensor, guint64 first, guint64 count, gpointer scratch)
{
	Block block = {.apply = apply,
		.tensor = tensor,
		.first = first,
		.count = count,
		.chunk = chunk_of(apply, tensor),
		.from = collection_tensor(apply->collection, tensor)->dtype,
		.to = apply_dtype(apply, tensor)};
	block.change = (double *)scratch + count;
	block.sum = block.change + block.chunk;
	block.rounded = (guint8 *)(block.sum + block.chunk);
	block.stack = block.sum + 2 * block.chunk;
	block.memory = (guint8 *)block.stack + evaluate_scratch_bytes(apply->edit, block.chunk);
	return block;
}

gboolean apply_block(const Apply *apply, guint tensor, const ApplyPlan *plan, guint64 first,
	guint64 count, gpointer scratch, void *raw, guint64 *overflowed, GError **error)
{
	Block block = block_new(apply, tensor, first, count, scratch);
	if (plan->kind == APPLY_COPY_MEMBER)
		return copy_member(&block, plan->member, scratch, raw, overflowed, error);
	const Checkpoint *checkpoint = collection_member(apply->collection, 0)->checkpoint;
	void *base = is_beside(&block) ? raw : scratch;
	if (!checkpoint_read_raw(checkpoint, tensor, first, count, base, error))
		return FALSE;
	if (plan->kind == APPLY_COMPUTE)
		return compute(&block, base, raw, overflowed, error);
	if (!is_beside(&block) && collection_is_float(apply->collection, tensor))
		*overflowed += convert_base(&block, base, raw);
	return TRUE;
}
