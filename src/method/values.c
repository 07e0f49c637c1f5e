/* values.c - θ₀ and task vectors on a run of elements, read and subtracted. */
#include "method/values.h"

#include "edit/node.h"
#include "method/elements.h"

#include <math.h>
#include <string.h>

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

/* τ of the elements that the member has, θ − θ₀ where it has θ, and 0 beyond them. */
static gboolean read_change(Values *values, guint member, double *out, GError **error)
{
	guint64 shared = collection_member(values->collection, member)->shared[values->tensor];
	guint64 held = shared > values->first ? MIN(values->count, shared - values->first) : 0;
	if (!collection_read_double(values->collection, member, values->tensor,
		    MIN(values->first, shared), held, values->bytes, out, error))
		return FALSE;
	if (!collection_is_difference(values->collection, member, values->tensor)) {
		values->lost += count_far(values, held, out);
		elements_subtract_base(out, values->base, held);
	}
	memset(out + held, 0, (values->count - held) * sizeof *out);
	return TRUE;
}

static gboolean is_wide(const Values *values, guint member)
{
	const Member *of = collection_member(values->collection, member);
	guint place = (guint)of->place[values->tensor];
	return checkpoint_tensor(of->checkpoint, place)->dtype == DTYPE_F64;
}

static gboolean read_task(Values *values, guint member, GError **error)
{
	if (member == 0 || values->task[member] ||
		collection_member(values->collection, member)->match[values->tensor] !=
			MATCH_SHARED)
		return TRUE;
	values->wide |= is_wide(values, member);
	if (!read_change(values, member, values->unused, error))
		return FALSE;
	values->task[member] = values->unused;
	values->unused += values->count;
	return TRUE;
}

gboolean values_read_more(Values *values, const Node *edit, GError **error)
{
	if (edit->kind == NODE_TASK)
		return read_task(values, edit->member, error);
	if (edit->kind == NODE_SCOPE && !edit->chosen[values->tensor])
		return TRUE;
	for (guint i = 0; i < edit->children->len; i++)
		if (!values_read_more(values, node_child(edit, i), error))
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
