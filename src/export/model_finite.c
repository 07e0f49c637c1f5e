/* model_finite.c - where a written model holds values that are not finite, and whose they are. */
#include "export/model_finite.h"

#include "edit/linear.h"
#include "edit/warning.h"

#include <math.h>

/* Elements that are read at once to find a source. */
#define READ_MOST 65536u

/* A search for the members that values which are not finite come from. */
typedef struct {
	const Collection *collection;
	double *coefficients;           /* [members], on the tensor at hand */
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

guint64 model_count_not_finite(Dtype dtype, const void *raw, guint64 n, double *scratch)
{
	if (dtype_info(dtype)->class != CLASS_FLOAT)
		return 0;
	dtype_decode_double(dtype, raw, n, scratch);
	return count_in(scratch, n);
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
		if (i > 0 && (search->coefficients[i] == 0 || search->blamed[i]))
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

static gboolean search_tensor(Search *search, const Node *edit, guint tensor, GError **error)
{
	guint64 elements = collection_tensor(search->collection, tensor)->elements;
	linear_coefficients(search->collection, edit, tensor, search->coefficients);
	for (guint64 first = 0; first < elements; first += READ_MOST)
		if (!search_block(search, tensor, first, MIN(READ_MOST, elements - first), error))
			return FALSE;
	return TRUE;
}

static GArray *tensors_with(const Collection *collection, const guint64 *count)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (count[i])
			g_array_append_val(tensors, i);
	return tensors;
}

static guint64 sum_of(const guint64 *count, const GArray *tensors)
{
	guint64 sum = 0;
	for (guint i = 0; i < tensors->len; i++)
		sum += count[g_array_index(tensors, guint, i)];
	return sum;
}

gboolean model_warn_not_finite(
	const ModelRequest *request, const guint64 *count, GPtrArray *warnings, GError **error)
{
	guint members = collection_members(request->collection);
	g_autoptr(GArray) tensors = tensors_with(request->collection, count);
	if (!tensors->len)
		return TRUE;
	g_autofree gboolean *blamed = g_new0(gboolean, members);
	g_autofree double *coefficients = g_new0(double, members);
	g_autofree double *numbers = g_new(double, 3 * READ_MOST);
	Search search = {request->collection, coefficients, blamed, numbers, numbers + READ_MOST,
		numbers + 2 * READ_MOST};
	for (guint i = 0; i < tensors->len; i++)
		if (!search_tensor(&search, request->edit, g_array_index(tensors, guint, i), error))
			return FALSE;
	warning_add_not_finite(
		warnings, request->collection, tensors, blamed, sum_of(count, tensors));
	return TRUE;
}
