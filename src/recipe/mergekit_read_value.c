/* mergekit_read_value.c - what a parameter of a recipe is on each tensor, and that as a
 * coefficient.
 *
 * A gradient goes through its numbers over the layers of its slice; tensors outside of layers have
 * its first number, a slice of one layer its last. */
#include "recipe/mergekit_private.h"

#include <math.h>
#include <string.h>

/* Adds the cases of the settings of a name; FALSE once one fits every tensor. */
static gboolean add_cases(GArray *cases, const GPtrArray *settings, const char *name)
{
	for (guint i = 0; i < settings->len; i++) {
		const Setting *setting = settings->pdata[i];
		if (!g_str_equal(setting->name, name))
			continue;
		for (guint k = 0; k < setting->cases->len; k++) {
			Case one = g_array_index(setting->cases, Case, k);
			g_array_append_val(cases, one);
			if (!one.filter)
				return FALSE;
		}
	}
	return TRUE;
}

GArray *merge_cases(const MergeConfig *config, const MergeSlice *slice, const MergeSource *source,
	const char *name)
{
	GArray *cases = g_array_new(FALSE, FALSE, sizeof(Case));
	if ((!source || add_cases(cases, source->settings, name)) &&
		add_cases(cases, slice->settings, name))
		add_cases(cases, config->settings, name);
	return cases;
}

gboolean slice_has(const MergeReader *reader, const MergeSlice *slice, guint tensor)
{
	const Depth *depth = reader->depth;
	gint number = depth->number[tensor];
	if (!collection_is_float(reader->collection, tensor))
		return FALSE;
	if (number < 0)
		return depth->after[tensor] ? slice->tail : slice->head;
	return (slice->head && slice->tail) ||
	       (number >= (gint)slice->first && number < (gint)slice->end);
}

gint case_of(const MergeReader *reader, const GArray *cases, guint tensor)
{
	const char *name = collection_tensor(reader->collection, tensor)->name;
	for (guint i = 0; i < cases->len; i++) {
		const char *filter = g_array_index(cases, Case, i).filter;
		if (!filter || strstr(name, filter))
			return (gint)i;
	}
	return -1;
}

/* Whether a slice is all that there is, so that its gradients are ramps. */
static gboolean is_whole(const MergeSlice *slice)
{
	return slice->head && slice->tail;
}

/* Where a tensor stands in its slice, from 0 to 1. */
static double slice_place(const MergeReader *reader, const MergeSlice *slice, guint tensor)
{
	const Depth *depth = reader->depth;
	if (depth->number[tensor] < 0)
		return 0;
	if (depth->stacks != 1)
		return depth->place[tensor];
	guint layers = slice->end - slice->first;
	return layers > 1 ? ((double)depth->number[tensor] - slice->first) / (layers - 1) : 1;
}

static double gradient_value(const Case *one, double place)
{
	double at = place * (one->anchors - 1);
	guint left = MIN((guint)at, one->anchors - 1);
	guint right = MIN(left + 1, one->anchors - 1);
	return (1 - (at - left)) * one->anchor[left] + (at - left) * one->anchor[right];
}

double merge_value(const MergeReader *reader, const MergeSlice *slice, const GArray *cases,
	guint tensor, double otherwise)
{
	gint place = case_of(reader, cases, tensor);
	if (place < 0)
		return otherwise;
	return gradient_value(
		&g_array_index(cases, Case, place), slice_place(reader, slice, tensor));
}

/* A case on the tensors for which it counts. */
typedef struct {
	const MergeReader *reader;
	const MergeSlice *slice;
	const Case *one;
	const guint8 *chosen; /* [tensors] */
	gboolean complement;
} Piece;

double mergekit_complement(double value)
{
	double exact = 1 - value;
	for (int digits = 1; digits <= 15; digits++) {
		char text[G_ASCII_DTOSTR_BUF_SIZE], format[8];
		g_snprintf(format, sizeof format, "%%.%dg", digits);
		double near =
			g_ascii_strtod(g_ascii_formatd(text, sizeof text, format, exact), NULL);
		if (fabs(near - exact) <= 2.3e-16)
			return near;
	}
	return exact;
}

static char *number_text(const Piece *piece, double value)
{
	return expression_number(piece->complement ? mergekit_complement(value) : value);
}

/* Whether it counts on a tensor outside of the layers; `after`: where a ramp has its last number.
 */
static gboolean counts_outside(const Piece *piece, gboolean after)
{
	const Depth *depth = piece->reader->depth;
	for (guint i = 0; i < collection_tensors(depth->collection); i++)
		if (piece->chosen[i] && depth->number[i] < 0 && depth->after[i] >= after)
			return TRUE;
	return FALSE;
}

static gboolean counts_in_layer(const Piece *piece, guint layer)
{
	const Depth *depth = piece->reader->depth;
	for (guint i = 0; i < collection_tensors(depth->collection); i++)
		if (piece->chosen[i] && depth->number[i] == (gint)layer)
			return TRUE;
	return FALSE;
}

static char *ramp_text(const Piece *piece)
{
	g_autoptr(GString) text = g_string_new("ramp(");
	for (guint i = 0; i < piece->one->anchors; i++) {
		g_autofree char *number = number_text(piece, piece->one->anchor[i]);
		g_string_append_printf(text, "%s%s", i ? ", " : "", number);
	}
	g_string_append_c(text, ')');
	if (!counts_outside(piece, TRUE))
		return g_string_free(g_steal_pointer(&text), FALSE);
	g_autofree char *first = number_text(piece, piece->one->anchor[0]);
	return g_strdup_printf(
		"first(%s[%s], %s)", text->str, piece->reader->depth->pattern, first);
}

/* The number of every layer, with the layers that have the same beside each other as one. */
static char *layers_text(const Piece *piece)
{
	const MergeSlice *slice = piece->slice;
	guint layers = slice->end - slice->first;
	g_autoptr(GString) text = g_string_new("first(");
	for (guint from = 0, to; from < layers; from = to) {
		double value =
			gradient_value(piece->one, layers > 1 ? (double)from / (layers - 1) : 1);
		for (to = from + 1; to < layers; to++)
			if (gradient_value(piece->one, (double)to / (layers - 1)) != value)
				break;
		g_autofree char *range = depth_range(
			piece->reader->depth->stem, slice->first + from, slice->first + to);
		g_autofree char *number = number_text(piece, value);
		g_string_append_printf(text, "%s[%s], ", number, range);
	}
	g_autofree char *outside = number_text(piece, piece->one->anchor[0]);
	g_string_append_printf(text, "%s)", outside);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static gboolean all_layers_count(const Piece *piece)
{
	for (guint layer = piece->slice->first; layer < piece->slice->end; layer++)
		if (counts_in_layer(piece, layer))
			return TRUE;
	return FALSE;
}

static char *piece_text(const Piece *piece)
{
	const Case *one = piece->one;
	gboolean same = TRUE;
	for (guint i = 1; i < one->anchors; i++)
		same = same && one->anchor[i] == one->anchor[0];
	guint stacks = piece->reader->depth->stacks;
	if (same || stacks == 0 || (stacks == 1 && !all_layers_count(piece)))
		return number_text(piece, one->anchor[0]);
	guint layers = piece->slice->end - piece->slice->first;
	if (is_whole(piece->slice) && (stacks > 1 || layers > 1))
		return ramp_text(piece);
	if (layers == 1 && !counts_outside(piece, FALSE))
		return number_text(piece, one->anchor[one->anchors - 1]);
	return layers_text(piece);
}

/* [tensors]: the place of the case that counts on each tensor of the slice, -1 where none does, -2
 * of other tensors. */
static gint *places_of(const MergeReader *reader, const MergeSlice *slice, const GArray *cases)
{
	guint tensors = collection_tensors(reader->collection);
	gint *places = g_new(gint, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		places[i] = slice_has(reader, slice, i) ? case_of(reader, cases, i) : -2;
	return places;
}

/* Marks the tensors of a place; how many there are. */
static guint choose(const MergeReader *reader, const gint *places, gint place, guint8 *chosen)
{
	guint count = 0;
	for (guint i = 0; i < collection_tensors(reader->collection); i++) {
		chosen[i] = places[i] == place;
		count += chosen[i];
	}
	return count;
}

/* A filter as a glob: what is special there, in a class of its own. */
static void append_filter(GString *text, const char *filter)
{
	g_string_append(text, "[*");
	for (; *filter; filter++)
		g_string_append_printf(
			text, *filter == '*' || *filter == '?' ? "[%c]" : "%c", *filter);
	g_string_append(text, "*]");
}

static void append_piece(GString *text, const char *piece, const char *filter)
{
	g_string_append_printf(text, "%s%s", text->len ? ", " : "", piece);
	if (filter)
		append_filter(text, filter);
}

char *merge_coefficient(const MergeReader *reader, const MergeSlice *slice, const GArray *cases,
	double otherwise, gboolean complement)
{
	g_autofree gint *places = places_of(reader, slice, cases);
	g_autofree guint8 *chosen = g_new0(guint8, collection_tensors(reader->collection) + 1);
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *only = NULL;
	guint pieces = 0;
	for (guint i = 0; i < cases->len; i++) {
		const Case *one = &g_array_index(cases, Case, i);
		if (!choose(reader, places, (gint)i, chosen))
			continue;
		const Piece piece = {reader, slice, one, chosen, complement};
		g_free(only);
		only = piece_text(&piece);
		append_piece(text, only, one->filter);
		pieces++;
	}
	const Piece rest = {.complement = complement};
	gboolean left = choose(reader, places, -1, chosen) > 0;
	g_autofree char *number = number_text(&rest, otherwise);
	if (left && pieces)
		append_piece(text, number, NULL);
	if (pieces == 0)
		return g_steal_pointer(&number);
	return pieces == 1 && !left ? g_steal_pointer(&only)
				    : g_strdup_printf("first(%s)", text->str);
}
