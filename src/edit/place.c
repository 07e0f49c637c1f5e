/* place.c - where each tensor stands in the depth of the model; declared in linear.h. */
#include "edit/linear.h"

#include "core/text.h"

#include <string.h>

/* What comes before the numbered layers and is not of the kind `embed`. */
static const char *const before_layers[] = {"*embed*", "*stem*", "*ln_pre*", "*pre_layer*norm*"};

/* Where the digits at the end of a layer's name begin; its end where there are none. */
static const char *layer_digits(const char *layer)
{
	const char *digits = layer + strlen(layer);
	while (digits > layer && g_ascii_isdigit(digits[-1]))
		digits--;
	return digits;
}

static gboolean comes_before(const Collection *collection, guint tensor)
{
	if (g_str_equal(collection->kind[tensor], "embed"))
		return TRUE;
	for (gsize i = 0; i < G_N_ELEMENTS(before_layers); i++)
		if (text_glob(before_layers[i], collection_tensor(collection, tensor)->name))
			return TRUE;
	return FALSE;
}

/* The names of the numbered layers in natural order, each once; borrowed. */
static GPtrArray *numbered_layers(const Collection *collection)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *layers = g_ptr_array_new();
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (*layer_digits(collection->layer[i]) &&
			g_hash_table_add(seen, collection->layer[i]))
			g_ptr_array_add(layers, collection->layer[i]);
	text_natural_sort(layers);
	return layers;
}

static gboolean same_stack(const char *a, const char *b)
{
	gsize length = (gsize)(layer_digits(a) - a);
	return length == (gsize)(layer_digits(b) - b) && memcmp(a, b, length) == 0;
}

/* Layer name → its place, a pointer into places[layers]. */
static GHashTable *layer_places(const GPtrArray *layers, double *places)
{
	GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint first = 0, end; first < layers->len; first = end) {
		for (end = first + 1; end < layers->len; end++)
			if (!same_stack(layers->pdata[first], layers->pdata[end]))
				break;
		for (guint i = first; i < end; i++) {
			places[i] = end - first > 1 ? (double)(i - first) / (end - first - 1) : 0;
			g_hash_table_insert(table, layers->pdata[i], &places[i]);
		}
	}
	return table;
}

/* The places of tensors outside of numbered layers are those of the layer that they stand beside,
 * where `around`; else 0. */
static double *places_new(const Collection *collection, gboolean around)
{
	guint tensors = collection_tensors(collection);
	g_autoptr(GPtrArray) layers = numbered_layers(collection);
	g_autofree double *of_layers = g_new0(double, layers->len + 1);
	g_autoptr(GHashTable) table = layer_places(layers, of_layers);
	double *places = g_new0(double, tensors + 1);
	for (guint i = 0; i < tensors; i++) {
		const double *place = g_hash_table_lookup(table, collection->layer[i]);
		gboolean last = !place && around && !comes_before(collection, i);
		places[i] = place ? *place : last;
	}
	return places;
}

double *linear_places(const Collection *collection)
{
	return places_new(collection, TRUE);
}

double *linear_block_places(const Collection *collection)
{
	return places_new(collection, FALSE);
}
