/* apply.c - stream an edit over the weights, block by block.
 *
 * A block's task vectors are read whole; the tree is then evaluated over short chunks of it, which
 * stay in the nearest cache, with one chunk for each operand that waits. */
#include "edit/apply.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

/* Elements of a chunk. */
#define CHUNK 2048u

/* One block being computed; the arrays lie in the caller's scratch. */
typedef struct {
	const Collection *collection;
	guint tensor;
	guint64 first, count;
	double *base;   /* [count] θ₀ */
	gpointer bytes; /* [count] elements of 8 bytes, for reading */
	double **task;  /* [members] τ of the block [count]; NULL: 0 everywhere, or not wanted */
	double *unused; /* where the next τ goes */
	gboolean wide;  /* some input is F64: of all others nothing is beyond a double */
	guint64 lost;   /* finite numbers that gave something beyond a double */
} Block;

/* How many operands wait at most while a node is evaluated into its place. */
static guint waiting(const Node *node)
{
	guint most = 0;
	for (guint i = 0; i < node->children->len; i++) {
		const Node *child = node_child(node, i);
		guint beside = i > 0 && node->kind != NODE_SCALE ? 1 : 0;
		guint here = child->is_vector ? waiting(child) + beside : 0;
		most = MAX(most, here);
	}
	return most;
}

/* One chunk for the result, two for rounding, or one for each operand that waits. */
gsize apply_scratch_bytes(const Collection *collection, const Node *edit, guint64 block)
{
	g_autoptr(GArray) members = expression_members(edit);
	gsize numbers = (members->len + 2) * block + (waiting(edit) + 3) * (gsize)CHUNK;
	return numbers * sizeof(double) + collection_members(collection) * sizeof(double *);
}

static Block block_new(
	const Collection *collection, guint tensor, guint64 first, guint64 count, gpointer scratch)
{
	Block block = {.collection = collection, .tensor = tensor, .first = first, .count = count};
	guint members = collection_members(collection);
	block.task = scratch;
	memset(block.task, 0, members * sizeof *block.task);
	block.base = (double *)(block.task + members);
	block.bytes = block.base + count;
	block.unused = block.base + 2 * count;
	return block;
}

/* Equal values have no difference, though they be infinite, nor has what is no number in both. */
static gboolean is_same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

/* θ − θ₀, in place of θ. */
static void subtract_base(const double *base, guint64 count, double *theta)
{
	for (guint64 i = 0; i < count; i++)
		theta[i] = is_same(theta[i], base[i]) ? 0 : theta[i] - base[i];
}

/* How many differences of finite numbers are beyond a double. */
static guint64 count_far(const Block *block, guint64 count, const double *theta)
{
	guint64 far = 0;
	for (guint64 i = 0; block->wide && i < count; i++)
		far += isfinite(theta[i]) && isfinite(block->base[i]) &&
		       isinf(theta[i] - block->base[i]);
	return far;
}

/* τ of the elements that the member has, θ − θ₀ where it has θ, and 0 beyond them. */
static gboolean read_change(Block *block, guint member, double *out, GError **error)
{
	guint64 shared = collection_member(block->collection, member)->shared[block->tensor];
	guint64 held = shared > block->first ? MIN(block->count, shared - block->first) : 0;
	if (!collection_read_double(block->collection, member, block->tensor,
		    MIN(block->first, shared), held, block->bytes, out, error))
		return FALSE;
	if (!collection_is_difference(block->collection, member, block->tensor)) {
		block->lost += count_far(block, held, out);
		subtract_base(block->base, held, out);
	}
	memset(out + held, 0, (block->count - held) * sizeof *out);
	return TRUE;
}

static gboolean is_wide(const Block *block, guint member)
{
	const Member *of = collection_member(block->collection, member);
	guint place = (guint)of->place[block->tensor];
	return checkpoint_tensor(of->checkpoint, place)->dtype == DTYPE_F64;
}

static gboolean read_task(Block *block, guint member, GError **error)
{
	if (block->task[member] ||
		collection_member(block->collection, member)->match[block->tensor] != MATCH_SHARED)
		return TRUE;
	block->wide |= is_wide(block, member);
	if (!read_change(block, member, block->unused, error))
		return FALSE;
	block->task[member] = block->unused;
	block->unused += block->count;
	return TRUE;
}

/* Reads the task vectors that the edit wants on this tensor, each once. */
static gboolean read_tasks(Block *block, const Node *node, GError **error)
{
	if (node->kind == NODE_TASK)
		return read_task(block, node->member, error);
	if (node->kind == NODE_SCOPE && !node->chosen[block->tensor])
		return TRUE;
	for (guint i = 0; i < node->children->len; i++)
		if (!read_tasks(block, node_child(node, i), error))
			return FALSE;
	return TRUE;
}

static void evaluate(
	const Block *block, const Node *node, guint64 at, guint n, double *out, double *stack);

static void evaluate_task(const Block *block, const Node *node, guint64 at, guint n, double *out)
{
	const double *task = block->task[node->member];
	if (task)
		memcpy(out, task + at, n * sizeof *out);
	else
		memset(out, 0, n * sizeof *out);
}

/* Evaluates `node` beside `out` and adds it, or subtracts it. */
static void add_node(const Block *block, const Node *node, guint64 at, guint n, double *out,
	double *stack, gboolean subtract)
{
	evaluate(block, node, at, n, stack, stack + CHUNK);
	if (subtract)
		for (guint i = 0; i < n; i++)
			out[i] -= stack[i];
	else
		for (guint i = 0; i < n; i++)
			out[i] += stack[i];
}

static void multiply(double *out, guint n, double factor)
{
	for (guint i = 0; i < n; i++)
		out[i] *= factor;
}

static void divide(double *out, guint n, double divisor)
{
	for (guint i = 0; i < n; i++)
		out[i] /= divisor;
}

static void evaluate_call(
	const Block *block, const Node *node, guint64 at, guint n, double *out, double *stack)
{
	evaluate(block, node_child(node, 0), at, n, out, stack);
	for (guint i = 1; i < node->children->len; i++)
		add_node(block, node_child(node, i), at, n, out, stack, FALSE);
	divide(out, n, node->function->divisor(node->children->len));
}

/* Elements [at, at+n) of a node's value into out; operands that wait lie on the stack. */
static void evaluate(
	const Block *block, const Node *node, guint64 at, guint n, double *out, double *stack)
{
	switch (node->kind) {
	case NODE_TASK:
		evaluate_task(block, node, at, n, out);
		break;
	case NODE_NEGATE:
		evaluate(block, node_child(node, 0), at, n, out, stack);
		multiply(out, n, -1);
		break;
	case NODE_ADD:
	case NODE_SUBTRACT:
		evaluate(block, node_child(node, 0), at, n, out, stack);
		add_node(
			block, node_child(node, 1), at, n, out, stack, node->kind == NODE_SUBTRACT);
		break;
	case NODE_SCALE:
		evaluate(block, node_child(node, 1), at, n, out, stack);
		multiply(out, n, linear_coefficient(node_child(node, 0), block->tensor));
		break;
	case NODE_DIVIDE:
		evaluate(block, node_child(node, 0), at, n, out, stack);
		divide(out, n, linear_coefficient(node_child(node, 1), block->tensor));
		break;
	case NODE_SCOPE:
		if (node->chosen[block->tensor])
			evaluate(block, node_child(node, 0), at, n, out, stack);
		else
			memset(out, 0, n * sizeof *out);
		break;
	case NODE_CALL:
		evaluate_call(block, node, at, n, out, stack);
		break;
	default:
		g_assert_not_reached();
	}
}

static guint count_zeros(const double *values, guint n)
{
	guint zeros = 0;
	for (guint i = 0; i < n; i++)
		zeros += values[i] == 0;
	return zeros;
}

/* Rounds base + change into raw, which holds the base's bytes: they stay where there is no change,
 * so that −0 and the payloads of NaN do.  `sum` has room for 2n.  Returns how many overflowed. */
static gsize round_chunk(
	Dtype dtype, const double *base, const double *change, guint n, double *sum, guint8 *raw)
{
	gsize size = dtype_info(dtype)->bits / 8;
	guint zeros = count_zeros(change, n);
	if (zeros == n)
		return 0;
	for (guint i = 0; i < n; i++)
		sum[i] = base[i] + change[i];
	if (!zeros)
		return dtype_encode(dtype, sum, n, raw);
	guint8 *rounded = (guint8 *)(sum + n);
	gsize overflowed = dtype_encode(dtype, sum, n, rounded);
	for (guint i = 0; i < n; i++)
		if (change[i] != 0)
			memcpy(raw + i * size, rounded + i * size, size);
	return overflowed;
}

static gboolean is_finite_input(const Block *block, guint64 element)
{
	gboolean finite = isfinite(block->base[element]);
	for (guint i = 0; finite && i < collection_members(block->collection); i++)
		finite = !block->task[i] || isfinite(block->task[i][element]);
	return finite;
}

/* How many sums of finite numbers are beyond a double: encoding sees only their infinity. */
static guint64 count_lost(const Block *block, guint64 at, guint n, const double *change)
{
	guint64 lost = 0;
	for (guint i = 0; block->wide && i < n; i++)
		lost += !isfinite(block->base[at + i] + change[i]) &&
			is_finite_input(block, at + i);
	return lost;
}

static gboolean compute(Block *block, const Node *edit, double scale, guint8 *raw,
	guint64 *overflowed, GError **error)
{
	Dtype dtype = collection_tensor(block->collection, block->tensor)->dtype;
	gsize size = dtype_info(dtype)->bits / 8;
	dtype_decode_double(dtype, raw, block->count, block->base);
	block->wide = dtype == DTYPE_F64;
	if (!read_tasks(block, edit, error))
		return FALSE;
	double *change = block->unused;
	for (guint64 at = 0; at < block->count; at += CHUNK) {
		guint n = (guint)MIN(CHUNK, block->count - at);
		evaluate(block, edit, at, n, change, change + CHUNK);
		multiply(change, n, scale);
		block->lost += count_lost(block, at, n, change);
		*overflowed += round_chunk(
			dtype, block->base + at, change, n, change + CHUNK, raw + at * size);
	}
	*overflowed += block->lost;
	return TRUE;
}

/* A member's values in the base's type: bit for bit where the types are the same. */
static gboolean copy_member(
	Block *block, guint number, gpointer raw, guint64 *overflowed, GError **error)
{
	const Member *member = collection_member(block->collection, number);
	guint place = (guint)member->place[block->tensor];
	Dtype dtype = collection_tensor(block->collection, block->tensor)->dtype;
	if (checkpoint_tensor(member->checkpoint, place)->dtype == dtype)
		return checkpoint_read_raw(
			member->checkpoint, place, block->first, block->count, raw, error);
	if (!collection_read_double(block->collection, number, block->tensor, block->first,
		    block->count, block->bytes, block->base, error))
		return FALSE;
	*overflowed += dtype_encode(dtype, block->base, block->count, raw);
	return TRUE;
}

/* Whether the member has θ for every element of the base's tensor. */
static gboolean holds_all(const Collection *collection, guint member, guint tensor)
{
	return !collection_is_difference(collection, member, tensor) &&
	       collection_member(collection, member)->shared[tensor] ==
		       collection_tensor(collection, tensor)->elements;
}

ApplyPlan apply_plan(const Collection *collection, const Node *edit, double scale, guint tensor)
{
	ApplyPlan plan = {.kind = APPLY_COPY_BASE};
	if (!collection_is_float(collection, tensor))
		return plan;
	guint members = collection_members(collection), acting = 0;
	g_autofree double *c = g_new0(double, members);
	linear_coefficients(collection, edit, tensor, c);
	for (guint i = 1; i < members; i++)
		if (c[i] * scale != 0) {
			plan.member = i;
			acting++;
		}
	if (acting == 0)
		return plan;
	gboolean whole = acting == 1 && c[plan.member] * scale == 1 &&
			 holds_all(collection, plan.member, tensor);
	plan.kind = whole ? APPLY_COPY_MEMBER : APPLY_COMPUTE;
	return plan;
}

gboolean apply_block(const Collection *collection, const Node *edit, double scale, guint tensor,
	const ApplyPlan *plan, guint64 first, guint64 count, gpointer scratch, void *raw,
	guint64 *overflowed, GError **error)
{
	Block block = block_new(collection, tensor, first, count, scratch);
	if (plan->kind == APPLY_COPY_MEMBER)
		return copy_member(&block, plan->member, raw, overflowed, error);
	const Checkpoint *base = collection_member(collection, 0)->checkpoint;
	if (!checkpoint_read_raw(base, tensor, first, count, raw, error))
		return FALSE;
	return plan->kind == APPLY_COPY_BASE ||
	       compute(&block, edit, scale, raw, overflowed, error);
}
