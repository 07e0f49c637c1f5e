/* align_convention.c - names that frameworks spell in different ways, as rows of one table.
 *
 * A row rewrites the names of both sides to one spelling; what then has the same name and shape,
 * and no rival for it, is the same tensor.  Rows add up: a name may need several of them. */
#include "checkpoint/align_private.h"

#include <string.h>

typedef struct {
	const char *old, *new;
} Spelling;

static const Spelling gamma_beta[] = {{".gamma", ".weight"}, {".beta", ".bias"}, {0}};
static const Spelling weight_norm[] = {
	{".weight_g", ".parametrizations.weight.original0"},
	{".weight_v", ".parametrizations.weight.original1"},
	{".weight_orig", ".parametrizations.weight.original"},
	{0},
};
static const Spelling variable_number[] = {{":0", ""}, {0}};

/* What wraps a module inside of a model. */
static const char *const wrappers[] = {"module", "_orig_mod", "_fsdp_wrapped_module",
	"_checkpoint_wrapped_module", "base_layer", "original_module", NULL};

typedef struct {
	const char *sentence;
	const Spelling *endings; /* NULL: `apply` */
	gboolean (*apply)(AlignSide *side, GStringChunk *texts, guint bit);
} Convention;

static gboolean change_ending(
	AlignName *name, GStringChunk *texts, const Spelling *ending, guint bit)
{
	gsize length = strlen(name->text), old = strlen(ending->old);
	if (length <= old || strcmp(name->text + length - old, ending->old) != 0)
		return FALSE;
	g_autofree char *stem = g_strndup(name->text, length - old);
	g_autofree char *text = g_strconcat(stem, ending->new, NULL);
	return align_change(name, texts, text, bit);
}

static gboolean change_endings(
	AlignSide *side, GStringChunk *texts, const Spelling *endings, guint bit)
{
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++)
		for (const Spelling *ending = endings; ending->old; ending++)
			if (change_ending(align_name(side, i), texts, ending, bit)) {
				changed = TRUE;
				break;
			}
	return changed;
}

static gboolean has_wrapper(const char *name)
{
	for (const char *const *wrapper = wrappers; *wrapper; wrapper++)
		if (strstr(name, *wrapper))
			return TRUE;
	return FALSE;
}

static char *without_wrappers(const char *name)
{
	g_auto(GStrv) words = g_strsplit(name, ".", -1);
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; words[i]; i++)
		if (!g_strv_contains(wrappers, words[i]))
			g_string_append_printf(text, "%s%s", text->len > 0 ? "." : "", words[i]);
	return g_strdup(text->str);
}

static gboolean unwrap(AlignSide *side, GStringChunk *texts, guint bit)
{
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++) {
		AlignName *name = align_name(side, i);
		if (!has_wrapper(name->text))
			continue;
		g_autofree char *text = without_wrappers(name->text);
		changed |= align_change(name, texts, text, bit);
	}
	return changed;
}

static gboolean dot_slashes(AlignSide *side, GStringChunk *texts, guint bit)
{
	gboolean changed = FALSE;
	for (guint i = 0; i < side->names->len; i++) {
		AlignName *name = align_name(side, i);
		g_autofree char *text = strchr(name->text, '/') ? g_strdup(name->text) : NULL;
		if (text)
			changed |= align_change(name, texts, g_strdelimit(text, "/", '.'), bit);
	}
	return changed;
}

static const Convention conventions[] = {
	{"without module., _orig_mod. and other wrappers inside of names", NULL, unwrap},
	{"gamma and beta as weight and bias", gamma_beta, NULL},
	{"weight_g and weight_v as parametrizations.weight.original0 and original1", weight_norm,
		NULL},
	{"without the ending :0", variable_number, NULL},
	{"layers named once that Keras 2 names twice", NULL, align_keras_scopes},
	{"kernel and bias as vars/0 and vars/1 of Keras 3", NULL, align_keras_variables},
	{"by Keras' layer numbers, counted from the first", NULL, align_keras_numbers},
	{"slashes as dots", NULL, dot_slashes},
};

/* The rows that made two names one: those that changed but one of them, and the last. */
static void say(Aligner *aligner, const AlignName *base, const AlignName *member, guint last)
{
	guint rows = (base->changes ^ member->changes) | 1u << last;
	for (guint i = 0; i < G_N_ELEMENTS(conventions); i++)
		if (rows & 1u << i)
			align_say(aligner, conventions[i].sentence);
}

/* Whose names are equal now, whose shapes allow it, and who have no rival. */
static void pair(Aligner *aligner, guint row)
{
	g_autoptr(GHashTable) bases = align_index(&aligner->base);
	g_autoptr(GHashTable) members = align_index(&aligner->member);
	for (guint i = 0; i < aligner->base.names->len; i++) {
		AlignName *base = align_name(&aligner->base, i);
		AlignName *member = g_hash_table_lookup(members, base->text);
		if (!member || g_hash_table_lookup(bases, base->text) != base ||
			!align_is_open(&aligner->base, base) ||
			!align_is_open(&aligner->member, member) ||
			!align_fits(aligner, base, member))
			continue;
		say(aligner, base, member, row);
		align_pair(aligner, base, member);
	}
}

static gboolean apply(Aligner *aligner, AlignSide *side, guint row)
{
	const Convention *convention = &conventions[row];
	guint bit = 1u << row;
	return convention->endings ? change_endings(side, aligner->texts, convention->endings, bit)
				   : convention->apply(side, aligner->texts, bit);
}

void align_conventions(Aligner *aligner)
{
	for (guint i = 0; i < G_N_ELEMENTS(conventions); i++) {
		gboolean base = apply(aligner, &aligner->base, i);
		gboolean member = apply(aligner, &aligner->member, i);
		if (base || member)
			pair(aligner, i);
	}
}
