/* values.c - θ₀ and task vectors on a run of elements, read and subtracted. */
#include "method/values.h"

#include "edit/node.h"
#include "method/elements.h"

#include <math.h>
#include <string.h>

#define LINE 64u /* bytes of a cache line */

gsize values_bytes(const Collection *collection, const Node *edit, guint64 block)
{
	g_autoptr(GArray) members = expression_members(edit);
	return (members->len + 2) * (gsize)block * sizeof(double) +
	       collection_members(collection) * sizeof(double *);
}

/* How many differences of finite numbers are beyond a double. */
static guint64 count_far(const Values *values, guint64 count, const double *theta)
{
	guint64 far = 0;
	for (guint64 i = 0; values->wide && i < count; i++)
		far += isfinite(theta[i]) && isfinite(values->base[i]) &&
		       isinf(theta[i] - values->base[i]);
	return far;
}

/* Of the `count` elements from `first` on. */
static guint64 held_by(const Values *values, guint member, guint64 first, guint64 count)
{
	guint64 shared = collection_member(values->collection, member)->shared[values->tensor];
	return shared > first ? MIN(count, shared - first) : 0;
}

/* The bytes of the elements that the member has, θ or τ. */
static gboolean read_bytes(const Values *values, guint member, guint64 first, guint64 held,
	void *bytes, GError **error)
{
	const Member *of = collection_member(values->collection, member);
	guint place = (guint)of->place[values->tensor];
	return !held || checkpoint_read_raw(of->checkpoint, place, first, held, bytes, error);
}

static Dtype dtype_of(const Values *values, guint member)
{
	const Member *of = collection_member(values->collection, member);
	return checkpoint_tensor(of->checkpoint, (guint)of->place[values->tensor])->dtype;
}

static void subtract_base(
	const Values *values, guint member, const void *bytes, guint64 held, double *out)
{
	if (elements_subtract_numbers(out, values->base, held))
		return;
	dtype_decode_double(dtype_of(values, member), bytes, held, out);
	elements_subtract_base(out, values->base, held);
}

/* τ of the elements that the member has, θ − θ₀ where it has θ, and 0 beyond them. */
static void decode_change(
	Values *values, guint member, const void *bytes, guint64 held, double *out)
{
	dtype_decode_double(dtype_of(values, member), bytes, held, out);
	if (!collection_is_difference(values->collection, member, values->tensor)) {
		values->lost += count_far(values, held, out);
		subtract_base(values, member, bytes, held, out);
	}
	memset(out + held, 0, (values->count - held) * sizeof *out);
}

static gboolean read_task(Values *values, guint member, GError **error)
{
	guint64 held = held_by(values, member, values->first, values->count);
	values->wide |= dtype_of(values, member) == DTYPE_F64;
	if (!read_bytes(values, member, values->first, held, values->bytes, error))
		return FALSE;
	decode_change(values, member, values->bytes, held, values->unused);
	values->task[member] = values->unused;
	values->unused += values->count;
	return TRUE;
}

/* The tasks that an edit looks at on the tensor, and that have it. */
static void mark_wanted(const Values *values, const Node *edit, gboolean *wanted)
{
	guint member = edit->kind == NODE_TASK ? edit->member : 0;
	if (member && collection_member(values->collection, member)->match[values->tensor] ==
			      MATCH_SHARED)
		wanted[member] = TRUE;
	if (edit->kind == NODE_SCOPE && !edit->chosen[values->tensor])
		return;
	for (guint i = 0; i < edit->children->len; i++)
		mark_wanted(values, node_child(edit, i), wanted);
}

static gboolean *wanted_by(const Values *values, const Node *edit)
{
	gboolean *wanted = g_new0(gboolean, collection_members(values->collection));
	mark_wanted(values, edit, wanted);
	return wanted;
}

gboolean values_read_more(Values *values, const Node *edit, GError **error)
{
	g_autofree gboolean *wanted = wanted_by(values, edit);
	for (guint i = 1; i < collection_members(values->collection); i++)
		if (wanted[i] && !values->task[i] && !read_task(values, i, error))
			return FALSE;
	return TRUE;
}

static gboolean read_base(Values *values, const void *raw, GError **error)
{
	Dtype dtype = collection_tensor(values->collection, values->tensor)->dtype;
	values->wide = dtype == DTYPE_F64;
	if (!raw)
		return collection_read_double(values->collection, 0, values->tensor, values->first,
			values->count, values->bytes, values->base, error);
	dtype_decode_double(dtype, raw, values->count, values->base);
	return TRUE;
}

gboolean values_read(Values *values, const Collection *collection, const Node *edit, guint tensor,
	guint64 first, guint64 count, const void *raw, gpointer memory, GError **error)
{
	guint members = collection_members(collection);
	*values = (Values){.collection = collection,
		.tensor = tensor,
		.first = first,
		.count = count,
		.task = memory};
	memset(values->task, 0, members * sizeof *values->task);
	values->base = (double *)(values->task + members);
	values->bytes = values->base + count;
	values->unused = values->base + 2 * count;
	return read_base(values, raw, error) && values_read_more(values, edit, error);
}

/* Where the next array begins: on a cache line, as vector code likes it. */
static gpointer aligned(gpointer memory)
{
	return (gpointer)(((guintptr)memory + LINE - 1) / LINE * LINE);
}

gsize values_run_bytes(const Collection *collection, const Node *edit, guint64 run, guint64 chunk)
{
	g_autoptr(GArray) members = expression_members(edit);
	gsize lists = collection_members(collection) *
		      (sizeof(void *) + sizeof(guint64) + sizeof(double *));
	return lists + members->len * (run * sizeof(double) + LINE) +
	       (members->len + 1) * chunk * sizeof(double) + 2 * LINE;
}

/* The bytes of the tasks that are wanted and not there yet go where the numbers would begin. */
gboolean values_run_read_more(ValuesRun *run, const Node *edit, GError **error)
{
	Values *values = &run->chunk;
	guint8 *bytes = (guint8 *)run->numbers;
	g_autofree gboolean *wanted = wanted_by(values, edit);
	for (guint i = 1; i < collection_members(values->collection); i++) {
		if (!wanted[i] || run->member[i])
			continue;
		run->held[i] = held_by(values, i, run->first, run->count);
		run->member[i] = bytes;
		values->wide |= dtype_of(values, i) == DTYPE_F64;
		if (!read_bytes(values, i, run->first, run->held[i], bytes, error))
			return FALSE;
		bytes = aligned(bytes + run->count * (dtype_info(dtype_of(values, i))->bits / 8));
	}
	run->numbers = (double *)bytes;
	return TRUE;
}

gboolean values_run_read(ValuesRun *run, const Collection *collection, const Node *edit,
	guint tensor, guint64 first, guint64 count, const void *raw, gpointer memory,
	GError **error)
{
	guint members = collection_members(collection);
	*run = (ValuesRun){.chunk = {.collection = collection, .tensor = tensor, .task = memory},
		.first = first,
		.count = count,
		.base = raw};
	run->member = (const void **)(run->chunk.task + members);
	run->held = (guint64 *)(run->member + members);
	memset(memory, 0, (gsize)((guint8 *)(run->held + members) - (guint8 *)memory));
	run->chunk.wide = dtype_of(&run->chunk, 0) == DTYPE_F64;
	run->numbers = aligned(run->held + members);
	return values_run_read_more(run, edit, error);
}

static const guint8 *element_of(const void *bytes, Dtype dtype, guint64 at)
{
	return (const guint8 *)bytes + at * (dtype_info(dtype)->bits / 8);
}

void values_decode(ValuesRun *run, guint64 at, guint64 n)
{
	Values *values = &run->chunk;
	values->first = run->first + at;
	values->count = n;
	values->lost = 0;
	values->base = run->numbers;
	values->unused = values->base + n;
	Dtype dtype = dtype_of(values, 0);
	dtype_decode_double(dtype, element_of(run->base, dtype, at), n, values->base);
	for (guint i = 1; i < collection_members(values->collection); i++) {
		if (!run->member[i])
			continue;
		guint64 held = run->held[i] > at ? MIN(n, run->held[i] - at) : 0;
		values->task[i] = values->unused;
		values->unused += n;
		decode_change(values, i, element_of(run->member[i], dtype_of(values, i), at), held,
			values->task[i]);
	}
}
