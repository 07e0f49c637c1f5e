/* scope.c - chooses tensors by what people call them, and cuts the choice into groups. */
#include "checkpoint/scope.h"

#include "core/error.h"
#include "core/text.h"

#include <string.h>

static const char *const group_names[] = {[GROUP_ALL] = "all",
	[GROUP_LAYER] = "layer",
	[GROUP_KIND] = "kind",
	[GROUP_TENSOR] = "tensor"};

/* Kinds in the order of a model's parts; others come after the norms, by name. */
static const char *const kind_order[] = {"embed", "attn.qkv", "attn.q", "attn.k", "attn.v",
	"attn.o", "mlp.gate", "mlp.up", "mlp.down", "conv", "norm"};

gboolean group_by_from_name(const char *name, GroupBy *by)
{
	for (guint i = 0; i < G_N_ELEMENTS(group_names); i++)
		if (strcmp(name, group_names[i]) == 0) {
			*by = (GroupBy)i;
			return TRUE;
		}
	return FALSE;
}

const char *group_by_name(GroupBy by)
{
	return group_names[by];
}

/* "blocks.3" leads "blocks.3" and "blocks.3.attn", not "blocks.30"; "dense" leads "dense/bias". */
static gboolean leads(const char *part, const char *name)
{
	gsize length = strlen(part);
	return strncmp(part, name, length) == 0 && strchr("./", name[length]) != NULL;
}

/* The number that the text ends in, after a dot or at its beginning; FALSE where it ends in none.
 * *stem is the length of what stands before it. */
static gboolean ending_number(const char *text, gsize length, guint64 *number, gsize *stem)
{
	gsize at = length;
	while (at > 0 && g_ascii_isdigit(text[at - 1]))
		at--;
	g_autofree char *digits = g_strndup(text + at, length - at);
	*stem = at;
	return (at == 0 || text[at - 1] == '.') &&
	       g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT64, number, NULL);
}

/* "blocks.0-5" chooses the layers blocks.0 to blocks.5. */
static gboolean range_matches(const char *pattern, const char *layer)
{
	const char *dash = strrchr(pattern, '-');
	guint64 first, last, number;
	gsize stem, layer_stem;

	if (dash == NULL || !g_ascii_string_to_unsigned(dash + 1, 10, 0, G_MAXUINT64, &last, NULL))
		return FALSE;
	return ending_number(pattern, (gsize)(dash - pattern), &first, &stem) &&
	       ending_number(layer, strlen(layer), &number, &layer_stem) && stem == layer_stem &&
	       strncmp(pattern, layer, stem) == 0 && first <= number && number <= last;
}

/* The length of the words of a layer's name that a pattern leaves out: 6 of "model.layers.3" for
 * "layers.3" or "layers.0-5".  FALSE where the pattern is not of its last words. */
static gboolean left_out_words(const char *pattern, const char *layer, gsize *length)
{
	const char *dash = strrchr(pattern, '-');
	for (const char *dot = strchr(layer, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
		*length = (gsize)(dot + 1 - layer);
		if (strcmp(pattern, dot + 1) == 0 ||
			(dash != NULL && range_matches(pattern, dot + 1)))
			return TRUE;
	}
	return FALSE;
}

static gboolean alternative_matches(
	const Collection *collection, guint tensor, const char *alternative)
{
	const char *name = collection_tensor(collection, tensor)->name;
	const char *layer = collection->layer[tensor];

	return strcmp(alternative, layer) == 0 || leads(alternative, collection->kind[tensor]) ||
	       leads(alternative, name) || range_matches(alternative, layer) ||
	       text_glob(alternative, name);
}

static char **alternatives_of(const char *pattern)
{
	char **alternatives = g_strsplit(pattern, ",", -1);
	for (guint i = 0; alternatives[i] != NULL; i++)
		g_strstrip(alternatives[i]);
	return alternatives;
}

/* A tensor's own name chooses it, even with a comma in it. */
static gboolean any_matches(
	const Collection *collection, guint tensor, const char *pattern, char *const *alternatives)
{
	if (strcmp(pattern, collection_tensor(collection, tensor)->name) == 0)
		return TRUE;
	for (guint i = 0; alternatives[i] != NULL; i++)
		if (alternative_matches(collection, tensor, alternatives[i]))
			return TRUE;
	return FALSE;
}

gboolean scope_matches(const Collection *collection, guint tensor, const char *pattern)
{
	g_auto(GStrv) alternatives = alternatives_of(pattern);
	return any_matches(collection, tensor, pattern, alternatives);
}

/* An alternative with the words that it leaves out: where it chooses nothing as it is, and all
 * layers that it may mean begin with the same words.  Else itself. */
static char *whole_alternative(const Collection *collection, const char *alternative)
{
	const char *stem = NULL;
	gsize length = 0, other;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		const char *layer = collection->layer[i];
		if (alternative_matches(collection, i, alternative))
			return g_strdup(alternative);
		if (!left_out_words(alternative, layer, &other))
			continue;
		if (stem != NULL && (other != length || strncmp(stem, layer, length) != 0))
			return g_strdup(alternative);
		stem = layer;
		length = other;
	}
	g_autofree char *words = g_strndup(stem != NULL ? stem : "", length);
	return g_strconcat(words, alternative, NULL);
}

char *scope_whole_pattern(const Collection *collection, const char *pattern)
{
	gint tensor = checkpoint_find(collection_member(collection, 0)->checkpoint, pattern);
	if (tensor >= 0)
		return g_strdup(pattern);
	g_auto(GStrv) alternatives = g_strsplit(pattern, ",", -1);
	for (char **alternative = alternatives; *alternative != NULL; alternative++) {
		g_autofree char *given = *alternative;
		*alternative = whole_alternative(collection, g_strstrip(given));
	}
	return g_strjoinv(",", alternatives);
}

static Scope *scope_empty(const char *label)
{
	Scope *scope = g_new0(Scope, 1);
	scope->label = g_strdup(label);
	scope->tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	return scope;
}

void scope_free(Scope *scope)
{
	if (scope == NULL)
		return;
	g_array_unref(scope->tensors);
	g_free(scope->label);
	g_free(scope);
}

static void scope_add(Scope *scope, const Collection *collection, guint tensor)
{
	g_array_append_val(scope->tensors, tensor);
	scope->elements += collection_tensor(collection, tensor)->elements;
}

/* The first of the members that does not share a tensor with the base, or NULL. */
static const Member *member_without(
	const Collection *collection, guint tensor, const guint *members, guint n)
{
	for (guint i = 0; i < n; i++) {
		const Member *member = collection_member(collection, members[i]);
		if (member->match[tensor] != MATCH_SHARED)
			return member;
	}
	return NULL;
}

/* The layer or kind whose name is nearest to a pattern that chose nothing. */
static const char *nearest_group(const Collection *collection, const char *pattern)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (g_hash_table_add(seen, collection->layer[i]))
			g_ptr_array_add(names, collection->layer[i]);
		if (g_hash_table_add(seen, (gpointer)collection->kind[i]))
			g_ptr_array_add(names, (gpointer)collection->kind[i]);
	}
	return text_nearest(pattern, (const char *const *)names->pdata, names->len);
}

/* A member and a tensor of the base that it does not share; NULL: none. */
typedef struct {
	const Member *member;
	guint tensor;
} Lack;

static char *lack_text(const Collection *collection, Lack lack)
{
	static const char *const ways[] = {[MATCH_MISSING] = "does not have",
		[MATCH_RESHAPED] = "has another shape of",
		[MATCH_NOT_FLOAT] = "has no float numbers in"};
	if (!lack.member)
		return g_strdup("");
	return g_strdup_printf(": %s %s %s", lack.member->name,
		ways[lack.member->match[lack.tensor]],
		collection_tensor(collection, lack.tensor)->name);
}

/* Either the pattern fits no name, or what it fits is not shared. */
static gboolean fail_empty(const Collection *collection, const char *pattern, gboolean matched,
	Lack lack, GError **error)
{
	g_autofree char *why = lack_text(collection, lack);
	if (pattern == NULL)
		return fail(error, ERROR_USAGE, "the checkpoints share no float tensor%s", why);
	if (matched)
		return fail(error, ERROR_USAGE,
			"\"%s\" chooses no float tensor that all these checkpoints share%s",
			pattern, why);
	const char *nearest = nearest_group(collection, pattern);
	g_autofree char *remedy =
		nearest ? g_strdup_printf("the nearest layer or kind is %s", nearest) : NULL;
	return fail_at(error, ERROR_USAGE, (Place){.remedy = remedy},
		"\"%s\" chooses no tensor of the base", pattern);
}

Scope *scope_new(const Collection *collection, const char *pattern, const guint *members, guint n,
	GError **error)
{
	g_autoptr(Scope) scope = scope_empty(pattern != NULL ? pattern : "everything");
	g_autofree char *whole = pattern != NULL ? scope_whole_pattern(collection, pattern) : NULL;
	g_auto(GStrv) alternatives = whole != NULL ? alternatives_of(whole) : NULL;
	gboolean matched = FALSE;
	Lack lack = {0};

	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (whole != NULL && !any_matches(collection, i, whole, alternatives))
			continue;
		matched = TRUE;
		if (!collection_is_float(collection, i))
			continue;
		const Member *without = member_without(collection, i, members, n);
		if (!without)
			scope_add(scope, collection, i);
		else if (scope->left_out++ == 0)
			lack = (Lack){without, i};
	}
	if (scope->tensors->len > 0)
		return g_steal_pointer(&scope);
	fail_empty(collection, pattern, matched, lack, error);
	return NULL;
}

static const char *label_of(
	const Collection *collection, const Scope *scope, guint tensor, GroupBy by)
{
	switch (by) {
	case GROUP_LAYER:
		return collection->layer[tensor];
	case GROUP_KIND:
		return collection->kind[tensor];
	case GROUP_TENSOR:
		return collection_tensor(collection, tensor)->name;
	case GROUP_ALL:
		break;
	}
	return scope->label;
}

static gboolean is_numbered(const char *layer)
{
	guint64 number;
	gsize stem;
	return ending_number(layer, strlen(layer), &number, &stem);
}

/* Layers from the input to the output: embeddings, what stands before the numbered layers
 * ("ln_pre"), these, then the rest with the head last. */
static guint layer_rank(const char *layer, const char *kind)
{
	if (strcmp(layer, "embed") == 0)
		return 0;
	if (is_numbered(layer))
		return 2;
	if (strcmp(kind, "head") == 0)
		return 4;
	return strcmp(kind, "norm") == 0 && strstr(layer, "pre") != NULL ? 1 : 3;
}

static guint kind_rank(const char *kind)
{
	for (guint i = 0; i < G_N_ELEMENTS(kind_order); i++)
		if (strcmp(kind, kind_order[i]) == 0)
			return i;
	return G_N_ELEMENTS(kind_order) + (strcmp(kind, "head") == 0);
}

/* A group with its place in the order of depth. */
typedef struct {
	Scope *scope;
	guint rank;
} Group;

static int group_compare(gconstpointer a, gconstpointer b)
{
	const Group *left = a, *right = b;
	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	return text_natural_compare(left->scope->label, right->scope->label);
}

static guint group_rank(const Collection *collection, guint tensor, GroupBy by)
{
	if (by == GROUP_LAYER)
		return layer_rank(collection->layer[tensor], collection->kind[tensor]);
	return by == GROUP_KIND ? kind_rank(collection->kind[tensor]) : 0;
}

/* Tensors stand in natural order, so that few groups need sorting. */
static void sort_groups(GArray *groups)
{
	for (guint i = 1; i < groups->len; i++)
		if (group_compare(&g_array_index(groups, Group, i - 1),
			    &g_array_index(groups, Group, i)) > 0) {
			g_array_sort(groups, group_compare);
			return;
		}
}

/* The group of a label, made at its first tensor; names of tensors are labels of their own. */
static Scope *group_of(const Collection *collection, GArray *groups, GHashTable *by_label,
	const char *label, guint tensor, GroupBy by)
{
	Scope *own = by == GROUP_TENSOR ? NULL : g_hash_table_lookup(by_label, label);
	if (own != NULL)
		return own;
	Group group = {scope_empty(label), group_rank(collection, tensor, by)};
	g_array_append_val(groups, group);
	if (by != GROUP_TENSOR)
		g_hash_table_insert(by_label, group.scope->label, group.scope);
	return group.scope;
}

GPtrArray *scope_groups(const Collection *collection, const Scope *scope, GroupBy by)
{
	g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(Group));
	g_autoptr(GHashTable) by_label = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *ordered = g_ptr_array_new_with_free_func((GDestroyNotify)scope_free);
	Scope *own = NULL;

	for (guint i = 0; i < scope->tensors->len; i++) {
		guint tensor = g_array_index(scope->tensors, guint, i);
		const char *label = label_of(collection, scope, tensor, by);
		/* Neighbours are mostly of one layer. */
		if (own == NULL || strcmp(own->label, label) != 0)
			own = group_of(collection, groups, by_label, label, tensor, by);
		scope_add(own, collection, tensor);
	}
	sort_groups(groups);
	for (guint i = 0; i < groups->len; i++)
		g_ptr_array_add(ordered, g_array_index(groups, Group, i).scope);
	return ordered;
}
