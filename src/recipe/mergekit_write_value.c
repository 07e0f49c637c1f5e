/* mergekit_write_value.c - numbers by tensor as a value of a recipe: a number, a gradient, or
 * values by filter.
 *
 * Filters are tried from the fewest to one for each tensor, and taken where the values that they
 * give are those that were asked for. */
#include "recipe/mergekit_write.h"

#include "edit/node.h"

#include <math.h>
#include <string.h>

/* The numbers of one case are as near as this to what they stand for. */
#define NEAR 1e-14

typedef struct {
	const Filters *filters;
	const double *values;
	const guint8 *counts;
	guint8 *left;     /* [tensors] that no case chooses yet */
	GPtrArray *cases; /* of char *: lines of YAML */
	guint indent;
} Cover;

static const char *name_of(const Filters *filters, guint tensor)
{
	return collection_tensor(filters->depth->collection, tensor)->name;
}

static gboolean is_chosen(const Cover *cover, guint tensor, const char *filter)
{
	return cover->left[tensor] && (!filter || strstr(name_of(cover->filters, tensor), filter));
}

/* A number that PyYAML takes for one: with a point before an exponent. */
static char *number_text(double value)
{
	g_autofree char *text = expression_number(value);
	const char *exponent = strchr(text, 'e');
	if (!exponent || strchr(text, '.'))
		return g_steal_pointer(&text);
	return g_strdup_printf("%.*s.0%s", (int)(exponent - text), text, exponent);
}

static char *list_text(const double *numbers, guint n)
{
	g_autoptr(GString) text = g_string_new("[");
	for (guint i = 0; i < n; i++) {
		g_autofree char *number = number_text(numbers[i]);
		g_string_append_printf(text, "%s%s", i ? ", " : "", number);
	}
	g_string_append_c(text, ']');
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The one value of all chosen tensors; NULL where there are several, or none is chosen. */
static char *constant_text(const Cover *cover, const char *filter)
{
	double value = NAN;
	for (guint i = 0; i < collection_tensors(cover->filters->depth->collection); i++) {
		if (!is_chosen(cover, i, filter))
			continue;
		if (!isnan(value) && value != cover->values[i])
			return NULL;
		value = cover->values[i];
	}
	return isnan(value) ? NULL : number_text(value);
}

static gboolean put_layer(double *layers, guint layer, double value)
{
	if (!isnan(layers[layer]) && layers[layer] != value)
		return FALSE;
	layers[layer] = value;
	return TRUE;
}

/* The value of every layer; FALSE where a layer has several.  What is outside of layers counts as
 * the first, and a layer that is not chosen as the one before it. */
static gboolean layer_values(const Cover *cover, const char *filter, double *layers)
{
	const Depth *depth = cover->filters->depth;
	for (guint i = 0; i < depth->layers; i++)
		layers[i] = NAN;
	for (guint i = 0; i < collection_tensors(depth->collection); i++)
		if (is_chosen(cover, i, filter) &&
			!put_layer(layers, (guint)MAX(depth->number[i], 0), cover->values[i]))
			return FALSE;
	guint first = 0;
	while (first < depth->layers && isnan(layers[first]))
		first++;
	for (guint i = 0; i < depth->layers; i++)
		if (isnan(layers[i]))
			layers[i] = i < first ? layers[first % depth->layers] : layers[i - 1];
	return first < depth->layers;
}

/* Whether every n-th layer, and straight lines between, make the values. */
static gboolean is_gradient(const double *layers, guint count, guint every)
{
	for (guint i = 0; i < count; i++) {
		guint left = i / every * every;
		double from = layers[left], to = layers[MIN(left + every, count - 1)];
		double share = (double)(i - left) / every;
		double size = MAX(fabs(from), fabs(to));
		if (fabs((1 - share) * from + share * to - layers[i]) > NEAR * size)
			return FALSE;
	}
	return TRUE;
}

/* The values as the fewest numbers of a gradient; NULL where they are none. */
static char *gradient_text(const Cover *cover, const char *filter)
{
	guint count = cover->filters->depth->layers;
	g_autofree double *layers = g_new0(double, count + 1);
	if (count < 2 || !layer_values(cover, filter, layers))
		return NULL;
	guint every = count - 1;
	while (every > 1 && ((count - 1) % every != 0 || !is_gradient(layers, count, every)))
		every--;
	guint n = (count - 1) / every + 1;
	g_autofree double *anchors = g_new0(double, n);
	for (guint i = 0; i < n; i++)
		anchors[i] = layers[i * every];
	return list_text(anchors, n);
}

static char *case_value(const Cover *cover, const char *filter)
{
	char *text = constant_text(cover, filter);
	return text ? text : gradient_text(cover, filter);
}

/* How many tensors are left that a filter chooses; `take`: then they are not left any more. */
static guint count_chosen(Cover *cover, const char *filter, gboolean take)
{
	guint count = 0;
	for (guint i = 0; i < collection_tensors(cover->filters->depth->collection); i++)
		if (is_chosen(cover, i, filter)) {
			cover->left[i] = !take;
			count++;
		}
	return count;
}

/* Adds a case for the tensors of a filter (NULL: all that are left), if there are any; FALSE where
 * they have no value together. */
static gboolean add_case(Cover *cover, const char *filter)
{
	if (count_chosen(cover, filter, FALSE) == 0)
		return TRUE;
	g_autofree char *value = case_value(cover, filter);
	if (!value)
		return FALSE;
	count_chosen(cover, filter, TRUE);
	g_autofree char *scalar = filter ? write_scalar(filter) : NULL;
	g_ptr_array_add(cover->cases,
		scalar ? g_strdup_printf("\n%*s- filter: %s\n%*s  value: %s", cover->indent, "",
				 scalar, cover->indent, "", value)
		       : g_strdup_printf("\n%*s- value: %s", cover->indent, "", value));
	return TRUE;
}

static void add_hints(const Filters *filters, GPtrArray *texts)
{
	for (guint i = 0; i < filters->hints->len; i++)
		g_ptr_array_add(texts, g_strdup(filters->hints->pdata[i]));
}

static void add_stem(const Filters *filters, GPtrArray *texts)
{
	if (filters->depth->stem && *filters->depth->stem)
		g_ptr_array_add(texts, g_strdup(filters->depth->stem));
}

/* A name must not be chosen as a part of a longer one, so that comes first. */
static int longer_first(gconstpointer a, gconstpointer b)
{
	gsize left = strlen(*(const char *const *)a), right = strlen(*(const char *const *)b);
	return (left < right) - (left > right);
}

/* Which part of a tensor's name. */
typedef enum {
	NAMES_NONE,
	NAMES_GROUPS,  /* what stands outside of layers: "ln_f" */
	NAMES_OUTSIDE, /* the same by whole names: "ln_f.bias" */
	NAMES_TAILS,   /* and what follows the layer in the others: ".attn.q.bias" */
	NAMES_ALL,     /* every whole name */
} Names;

static const char *name_part(const Filters *filters, guint tensor, Names names)
{
	const char *name = name_of(filters, tensor);
	const char *layer = filters->depth->collection->layer[tensor];
	gboolean inside = filters->depth->number[tensor] >= 0;
	if (names == NAMES_ALL || (!inside && names != NAMES_GROUPS))
		return name;
	if (!inside)
		return layer;
	if (names != NAMES_TAILS)
		return NULL;
	return g_str_has_prefix(name, layer) ? name + strlen(layer) : name;
}

static void add_names(const Filters *filters, Names names, GPtrArray *texts)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	for (guint i = 0; i < collection_tensors(filters->depth->collection); i++) {
		const char *part = name_part(filters, i, names);
		if (part && *part && g_hash_table_add(seen, (gpointer)part))
			g_ptr_array_add(sorted, (gpointer)part);
	}
	g_ptr_array_sort(sorted, longer_first);
	for (guint i = 0; i < sorted->len; i++)
		g_ptr_array_add(texts, g_strdup(sorted->pdata[i]));
}

/* What is tried, one after the other; the last always succeeds. */
static const struct {
	gboolean hints, stem;
	Names names;
} attempts[] = {
	{FALSE, FALSE, NAMES_NONE},
	{TRUE, FALSE, NAMES_NONE},
	{FALSE, FALSE, NAMES_GROUPS},
	{TRUE, FALSE, NAMES_GROUPS},
	{FALSE, FALSE, NAMES_OUTSIDE},
	{TRUE, FALSE, NAMES_OUTSIDE},
	{FALSE, TRUE, NAMES_OUTSIDE},
	{TRUE, TRUE, NAMES_OUTSIDE},
	{FALSE, FALSE, NAMES_TAILS},
	{FALSE, FALSE, NAMES_ALL},
};

static GPtrArray *attempt_texts(const Filters *filters, guint attempt)
{
	GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
	if (attempts[attempt].hints)
		add_hints(filters, texts);
	if (attempts[attempt].stem)
		add_stem(filters, texts);
	if (attempts[attempt].names != NAMES_NONE)
		add_names(filters, attempts[attempt].names, texts);
	return texts;
}

/* All tensors by the filters of an attempt, and the last of them without one. */
static gboolean cover_all(Cover *cover, const GPtrArray *texts)
{
	guint tensors = collection_tensors(cover->filters->depth->collection);
	memcpy(cover->left, cover->counts, tensors);
	g_ptr_array_set_size(cover->cases, 0);
	for (guint i = 0; i < texts->len; i++) {
		if (add_case(cover, NULL))
			return TRUE;
		if (!add_case(cover, texts->pdata[i]))
			return FALSE;
	}
	return add_case(cover, NULL);
}

/* More filters than this are taken as they are. */
#define PRUNED_MOST 64u

/* Takes out the filters without which the cases are no more and still give the values; those that
 * the edit itself chooses by, alone, are all wanted. */
static void prune(Cover *cover, GPtrArray *texts)
{
	guint least = cover->cases->len;
	for (guint i = texts->len; texts->len <= PRUNED_MOST && i-- > 0;) {
		char *text = g_ptr_array_steal_index(texts, i);
		if (cover_all(cover, texts) && cover->cases->len <= least) {
			least = cover->cases->len;
			g_free(text);
		} else {
			g_ptr_array_insert(texts, (gint)i, text);
		}
	}
	cover_all(cover, texts);
}

static char *joined_cases(const Cover *cover)
{
	static const char alone[] = "- value: ";
	const char *first = cover->cases->len == 1 ? strstr(cover->cases->pdata[0], alone) : NULL;
	if (first)
		return g_strconcat(" ", first + strlen(alone), NULL);
	g_ptr_array_add(cover->cases, NULL);
	return g_strjoinv("", (char **)cover->cases->pdata);
}

char *write_value(const Filters *filters, const double *values, const guint8 *counts, guint indent)
{
	g_autofree guint8 *left =
		g_new0(guint8, collection_tensors(filters->depth->collection) + 1);
	g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func(g_free);
	Cover cover = {filters, values, counts, left, cases, indent};
	for (guint attempt = 0; attempt < G_N_ELEMENTS(attempts); attempt++) {
		g_autoptr(GPtrArray) texts = attempt_texts(filters, attempt);
		if (!cover_all(&cover, texts))
			continue;
		if (attempts[attempt].names != NAMES_NONE)
			prune(&cover, texts);
		break;
	}
	return cases->len ? joined_cases(&cover) : g_strdup(" 1");
}

static void add_hint(Filters *filters, const char *pattern)
{
	g_auto(GStrv) parts = g_strsplit(pattern, ",", -1);
	for (char **part = parts; *part; part++) {
		gsize length = strlen(g_strstrip(*part));
		if (length < 3 || (*part)[0] != '*' || (*part)[length - 1] != '*')
			continue;
		g_autofree char *inner = g_strndup(*part + 1, length - 2);
		if (!strpbrk(inner, "*?[]"))
			g_ptr_array_add(filters->hints, g_steal_pointer(&inner));
	}
}

static void collect_hints(Filters *filters, const Node *node)
{
	if (node->kind == NODE_SCOPE)
		add_hint(filters, node->pattern);
	for (guint i = 0; i < node->children->len; i++)
		collect_hints(filters, node_child(node, i));
	for (guint i = 0; node->kind == NODE_CALL && i < method_parameters(node->method); i++)
		if (node->argument[i].number)
			collect_hints(filters, node->argument[i].number);
}

void filters_init(Filters *filters, const Depth *depth, const Node *edit)
{
	*filters = (Filters){depth, g_ptr_array_new_with_free_func(g_free)};
	collect_hints(filters, edit);
}

void filters_clear(Filters *filters)
{
	g_ptr_array_unref(filters->hints);
}
