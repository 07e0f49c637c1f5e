/* model_finite.c - where a written model holds values that are not finite, and whose they are. */
#include "export/model_finite.h"

#include "edit/node.h"
#include "preview/warning.h"

#include <math.h>
#include <string.h>

/* Elements that are read at once to find a source. */
#define READ_MOST 65536u

/* A search for the members that values which are not finite come from. */
typedef struct {
	const Collection *collection;
	gboolean *wanted;               /* [members]: the edit reads it on the tensor at hand */
	gboolean *blamed;               /* [members] */
	double *base, *theta, *scratch; /* [READ_MOST] */
} Search;

static guint64 count_in(const double *values, guint64 n)
{
	guint64 count = 0;
	for (guint64 i = 0; i < n; i++)
		count += isfinite(values[i]) ? 0 : 1;
	return count;
}

static void blame(Search *search, guint member, guint64 n)
{
	if (member == 0)
		search->blamed[0] |= count_in(search->base, n) > 0;
	else
		for (guint64 i = 0; i < n; i++)
			search->blamed[member] |=
				isfinite(search->base[i]) && !isfinite(search->theta[i]);
}

/* A member is to blame for what the base has as a number. */
static gboolean search_block(Search *search, guint tensor, guint64 first, guint64 n, GError **error)
{
	guint members = collection_members(search->collection);
	for (guint i = 0; i < members; i++) {
		if (i > 0 && (!search->wanted[i] || search->blamed[i]))
			continue;
		guint64 shared = collection_member(search->collection, i)->shared[tensor];
		guint64 held = shared > first ? MIN(n, shared - first) : 0;
		if (!collection_read_double(search->collection, i, tensor, MIN(first, shared), held,
			    search->scratch, i ? search->theta : search->base, error))
			return FALSE;
		blame(search, i, held);
	}
	return TRUE;
}

/* Marks what the parts of an edit read that act on a tensor: of any method every input. */
static void mark_wanted(Search *search, const Node *node, guint tensor)
{
	if (!node->is_vector || !expression_acts(search->collection, node, tensor))
		return;
	if (node->kind == NODE_TASK)
		search->wanted[node->member] = TRUE;
	for (guint i = 0; i < node->children->len; i++)
		mark_wanted(search, node_child(node, i), tensor);
}

static gboolean search_tensor(Search *search, const Node *edit, guint tensor, GError **error)
{
	guint64 elements = collection_tensor(search->collection, tensor)->elements;
	memset(search->wanted, 0, collection_members(search->collection) * sizeof *search->wanted);
	mark_wanted(search, edit, tensor);
	for (guint64 first = 0; first < elements; first += READ_MOST)
		if (!search_block(search, tensor, first, MIN(READ_MOST, elements - first), error))
			return FALSE;
	return TRUE;
}

static gboolean search_all(Search *search, const Node *edit, const GArray *tensors, GError **error)
{
	for (guint i = 0; i < tensors->len; i++)
		if (!search_tensor(search, edit, g_array_index(tensors, guint, i), error))
			return FALSE;
	return TRUE;
}

/* But for those that were finite before they were written. */
static guint64 not_finite_of(const ModelTensor *tensor)
{
	return tensor->not_finite - MIN(tensor->not_finite, tensor->overflowed);
}

static guint64 overflowed_of(const ModelTensor *tensor)
{
	return tensor->overflowed;
}

/* The tensors with a count, and the sum of all counts. */
static GArray *tensors_with(const Collection *collection, const ModelTensor *found,
	guint64 (*count)(const ModelTensor *tensor), guint64 *sum)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	*sum = 0;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		*sum += count(&found[i]);
		if (count(&found[i]))
			g_array_append_val(tensors, i);
	}
	return tensors;
}

static void warn_overflowed(
	const Collection *collection, const ModelTensor *found, GPtrArray *warnings)
{
	guint64 sum;
	g_autoptr(GArray) tensors = tensors_with(collection, found, overflowed_of, &sum);
	g_autofree char *what = g_strdup_printf(
		"with values too large for their type, which became infinite (%" G_GUINT64_FORMAT
		" element%s)",
		sum, sum == 1 ? "" : "s");
	warning_add_tensors(warnings, collection, tensors, what);
}

gboolean model_warn_not_finite(
	const ModelRequest *request, const ModelTensor *found, GPtrArray *warnings, GError **error)
{
	const Collection *collection = request->collection;
	guint members = collection_members(collection);
	guint64 sum;
	g_autoptr(GArray) tensors = tensors_with(collection, found, not_finite_of, &sum);
	warn_overflowed(collection, found, warnings);
	if (!tensors->len)
		return TRUE;
	g_autofree gboolean *blamed = g_new0(gboolean, members);
	g_autofree gboolean *wanted = g_new0(gboolean, members);
	g_autofree double *numbers = g_new(double, 3 * READ_MOST);
	Search search = {
		collection, wanted, blamed, numbers, numbers + READ_MOST, numbers + 2 * READ_MOST};
	if (!search_all(&search, request->edit, tensors, error))
		return FALSE;
	warning_add_not_finite(warnings, collection, tensors, blamed, sum);
	return TRUE;
}
