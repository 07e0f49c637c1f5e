/* align_keras.c - habits of Keras: layers named twice, layers numbered by the session that made
 * them, and variables named by their role (Keras 2) or by their place in the layer (Keras 3).
 *
 * They are about all names of a checkpoint together.  Words are parted by slashes; a model without
 * slashes is left alone. */
#include "checkpoint/align_private.h"

#include "core/text.h"

#include <string.h>

/* The length of a word without the "_3" that numbers it. */
static gsize stem_length(const char *word)
{
	gsize length = strlen(word), at = length;
	while (at > 0 && g_ascii_isdigit(word[at - 1]))
		at--;
	return at < length && at > 1 && word[at - 1] == '_' ? at - 1 : length;
}

/* Keras 2 says a layer's name again in front of its variables, numbered if it was taken. */
static gboolean repeats(const char *word, const char *before)
{
	gsize length = strlen(before);
	return strncmp(word, before, length) == 0 &&
	       (word[length] == '\0' || (word[length] == '_' && word[length + 1] != '\0' &&
						stem_length(word) == length));
}

/* A name without the words that repeat the one before. */
static char *said_once(const char *name)
{
	g_auto(GStrv) words = g_strsplit(name, "/", -1);
	g_autoptr(GString) text = g_string_new(words[0]);
	const char *before = words[0];
	for (guint i = 1; before && words[i]; i++) {
		if (words[i + 1] && repeats(words[i], before))
			continue;
		g_string_append_printf(text, "/%s", words[i]);
		before = words[i];
	}
	return g_strdup(text->str);
}

gboolean align_keras_scopes(AlignSide *side, GStringChunk *texts, guint bit)
{
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++) {
		AlignName *name = align_name(side, i);
		g_autofree char *text = strchr(name->text, '/') ? said_once(name->text) : NULL;
		if (text)
			changed |= align_change(name, texts, text, bit);
	}
	return changed;
}

/* NULL where the name has but one word. */
static char **words_of(const char *name)
{
	return strchr(name, '/') ? g_strsplit(name, "/", -1) : NULL;
}

static void collect_words(char *const *words, GHashTable *seen, GHashTable *stems)
{
	for (guint i = 0; words[i + 1]; i++) {
		if (g_hash_table_contains(seen, words[i]))
			continue;
		char *word = g_strdup(words[i]);
		g_hash_table_add(seen, word);
		g_autofree char *stem = g_strndup(word, stem_length(word));
		GPtrArray *numbered = g_hash_table_lookup(stems, stem);
		if (!numbered) {
			numbered = g_ptr_array_new();
			g_hash_table_insert(stems, g_steal_pointer(&stem), numbered);
		}
		g_ptr_array_add(numbered, word);
	}
}

/* What a word would be had its session begun with this model: "dense", "dense_1".  How many there
 * are is part of it, so that models of other depths do not match. */
static char *fresh_word(const char *stem, guint place, guint count)
{
	if (count == 1)
		return g_strdup(stem);
	return g_strdup_printf("%s_%u of %u", stem, place, count);
}

/* Word → what it would be. */
static GHashTable *fresh_words(GHashTable *stems)
{
	GHashTable *fresh = g_hash_table_new_full(text_table_hash, g_str_equal, NULL, g_free);
	GHashTableIter iter;
	gpointer stem, data;
	g_hash_table_iter_init(&iter, stems);
	while (g_hash_table_iter_next(&iter, &stem, &data)) {
		GPtrArray *numbered = data;
		text_natural_sort(numbered);
		for (guint i = 0; i < numbered->len; i++)
			g_hash_table_insert(
				fresh, numbered->pdata[i], fresh_word(stem, i, numbered->len));
	}
	return fresh;
}

static char *renumbered(char *const *words, GHashTable *fresh)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; words[i]; i++) {
		const char *word = words[i + 1] ? g_hash_table_lookup(fresh, words[i]) : words[i];
		g_string_append_printf(text, "%s%s", i > 0 ? "/" : "", word);
	}
	return g_strdup(text->str);
}

gboolean align_keras_numbers(AlignSide *side, GStringChunk *texts, guint bit)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) stems = g_hash_table_new_full(
		text_table_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++) {
		g_auto(GStrv) words = words_of(align_name(side, i)->text);
		if (words)
			collect_words(words, seen, stems);
	}
	g_autoptr(GHashTable) fresh = fresh_words(stems);
	for (guint i = 0; i < side->names->len; i++) {
		g_auto(GStrv) words = words_of(align_name(side, i)->text);
		g_autofree char *text = words ? renumbered(words, fresh) : NULL;
		if (text)
			changed |= align_change(align_name(side, i), texts, text, bit);
	}
	return changed;
}

/* The order in which a layer of Keras makes its variables. */
static const char *const roles[] = {
	"kernel", "embeddings", "gamma", "bias", "beta", "moving_mean", "moving_variance"};
#define FOREIGN (1u << 31) /* the layer has a variable of another role */

static guint role_bit(const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(roles); i++)
		if (strcmp(word, roles[i]) == 0)
			return 1u << i;
	return FOREIGN;
}

/* A name as its layer and its variable: the role, or in Keras 3 the place ("0"). */
typedef struct {
	char *layer, *variable;
	gboolean placed;
} Variable;

static void variable_clear(Variable *variable)
{
	g_free(variable->layer);
	g_free(variable->variable);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Variable, variable_clear)

static gboolean is_container(const char *word)
{
	return strcmp(word, "layers") == 0 || strcmp(word, "_layer_checkpoint_dependencies") == 0;
}

static gboolean is_number(const char *word)
{
	return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

/* FALSE where the name has but one word. */
static gboolean variable_parse(const char *name, Variable *variable)
{
	g_auto(GStrv) words = g_strsplit(name, "/", -1);
	guint last = g_strv_length(words);
	if (last < 2)
		return FALSE;
	g_autoptr(GString) layer = g_string_new(NULL);
	last--;
	variable->placed = strcmp(words[last - 1], "vars") == 0 && is_number(words[last]);
	for (guint i = 0; i < last - (variable->placed ? 1 : 0); i++)
		if (!is_container(words[i]))
			g_string_append_printf(layer, "%s/", words[i]);
	variable->layer = g_strdup(layer->str);
	variable->variable = g_strdup(words[last]);
	return TRUE;
}

/* Layer → the bits of its roles, or how many variables it has by place. */
static GHashTable *layers_of(const AlignSide *side)
{
	GHashTable *layers = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < side->names->len; i++) {
		g_auto(Variable) variable = {0};
		if (!variable_parse(align_name(side, i)->text, &variable))
			continue;
		guint bits = GPOINTER_TO_UINT(g_hash_table_lookup(layers, variable.layer));
		bits = variable.placed ? bits + 1 : bits | role_bit(variable.variable);
		g_hash_table_replace(layers, g_strdup(variable.layer), GUINT_TO_POINTER(bits));
	}
	return layers;
}

/* "LAYER/PLACE of COUNT", or NULL where the layer has other variables than a known order is for. */
static char *placed_name(const Variable *variable, guint bits)
{
	if (variable->placed)
		return g_strdup_printf("%s%s of %u", variable->layer, variable->variable, bits);
	if (bits & FOREIGN)
		return NULL;
	guint before = bits & (role_bit(variable->variable) - 1);
	return g_strdup_printf("%s%d of %d", variable->layer, __builtin_popcount(before),
		__builtin_popcount(bits));
}

/* Roles alone are marked as changed: the rule is of note where one side has them and one has not.
 */
gboolean align_keras_variables(AlignSide *side, GStringChunk *texts, guint bit)
{
	g_autoptr(GHashTable) layers = layers_of(side);
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++) {
		AlignName *name = align_name(side, i);
		g_auto(Variable) variable = {0};
		if (!variable_parse(name->text, &variable))
			continue;
		guint bits = GPOINTER_TO_UINT(g_hash_table_lookup(layers, variable.layer));
		g_autofree char *text = placed_name(&variable, bits);
		if (text)
			changed |= align_change(name, texts, text, variable.placed ? 0 : bit);
	}
	return changed;
}
