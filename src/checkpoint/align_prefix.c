/* align_prefix.c - one prefix for all of a member's names, found from the names themselves.
 *
 * What training wraps a model in stands in front of every name: "module.", "_orig_mod.",
 * "base_model.model.", or several of them.  Each leading part of a name without a partner, up to a
 * dot or a slash, is a candidate where the rest is a name that the other side lacks. */
#include "checkpoint/align_private.h"

#include "core/text.h"

#include <string.h>

#define WORDS_MOST 8
#define PREFIX_MOST 255   /* bytes */
#define EXCHANGED_LEAST 3 /* names; what is left of fewer says too little */

typedef struct {
	char *prefix;
	gboolean put_on; /* the base's names have it, not the member's */
	guint matches;   /* names that it gives a partner of the same shape */
	guint misfits;   /* and of another */
	guint copies;    /* names that it would give a partner that has one already */
} Candidate;

static void candidate_free(gpointer data)
{
	Candidate *candidate = data;
	g_free(candidate->prefix);
	g_free(candidate);
}

static Candidate *candidate_of(
	GHashTable *candidates, const char *text, gsize length, gboolean put_on)
{
	char prefix[PREFIX_MOST + 1];
	memcpy(prefix, text, length);
	prefix[length] = '\0';
	Candidate *candidate = g_hash_table_lookup(candidates, prefix);
	if (candidate)
		return candidate;
	candidate = g_new0(Candidate, 1);
	candidate->prefix = g_strdup(prefix);
	candidate->put_on = put_on;
	g_hash_table_insert(candidates, candidate->prefix, candidate);
	return candidate;
}

/* The next part of a name, or NULL. */
static const char *next_part(const char *at)
{
	const char *end = strpbrk(at, "./");
	return end ? end + 1 : NULL;
}

/* Whether the other side has a tensor of this name, with its partner: then what bears the name
 * behind a prefix is a second copy, as an average of the weights beside them. */
static gboolean is_taken(const AlignSide *others, const char *name)
{
	gint tensor = checkpoint_find(others->checkpoint, name);
	return tensor >= 0 && others->matched[tensor];
}

/* Counts what taking each leading part off one name would pair it with. */
static void count_name(const Aligner *aligner, AlignName *name, GHashTable *others,
	GHashTable *candidates, gboolean put_on)
{
	const AlignSide *side = put_on ? &aligner->member : &aligner->base;
	const char *rest = next_part(name->text);
	for (guint i = 0; rest && i < WORDS_MOST; i++, rest = next_part(rest)) {
		gsize length = (gsize)(rest - name->text);
		AlignName *other = length <= PREFIX_MOST ? g_hash_table_lookup(others, rest) : NULL;
		gboolean taken = !other && length <= PREFIX_MOST && is_taken(side, rest);
		if (!other && !taken)
			continue;
		Candidate *candidate = candidate_of(candidates, name->text, length, put_on);
		if (taken) {
			candidate->copies++;
			continue;
		}
		gboolean fits = put_on ? align_fits(aligner, name, other)
				       : align_fits(aligner, other, name);
		*(fits ? &candidate->matches : &candidate->misfits) += 1;
	}
}

/* The candidates that names of one side give; `put_on`: the base's side. */
static GHashTable *count_side(const Aligner *aligner, gboolean put_on)
{
	const AlignSide *side = put_on ? &aligner->base : &aligner->member;
	g_autoptr(GHashTable) others = align_index(put_on ? &aligner->member : &aligner->base);
	GHashTable *candidates =
		g_hash_table_new_full(text_table_hash, g_str_equal, NULL, candidate_free);
	for (guint i = 0; i < side->names->len; i++)
		if (align_is_open(side, align_name(side, i)))
			count_name(aligner, align_name(side, i), others, candidates, put_on);
	return candidates;
}

/* A change is believed where it gives partners to most of what has none on one side, to no fewer
 * names than have theirs without it, where few of them are of other shapes, and where it stands
 * before no second copy of what has its partner. */
static gboolean is_believable(const Aligner *aligner, const Candidate *candidate)
{
	guint unmatched = MIN(aligner->base.unmatched, aligner->member.unmatched);
	guint equal = checkpoint_count(aligner->base.checkpoint) - aligner->base.unmatched;
	return candidate->matches * 2 >= unmatched && candidate->matches >= equal &&
	       candidate->misfits * 2 <= candidate->matches && candidate->copies == 0;
}

/* More matches first, then the shorter, then by the text. */
static gboolean is_better(const Candidate *one, const Candidate *other)
{
	if (!other || one->matches != other->matches)
		return !other || one->matches > other->matches;
	gsize length = strlen(one->prefix), others = strlen(other->prefix);
	return length != others ? length < others : strcmp(one->prefix, other->prefix) < 0;
}

/* Of two that match as much the longer is no rival where it begins with the shorter: both then
 * speak of the same names. */
static gboolean is_rival(const Candidate *best, const Candidate *other)
{
	return best->matches == other->matches && best != other &&
	       (best->put_on != other->put_on || !g_str_has_prefix(other->prefix, best->prefix));
}

/* Puts the believable candidates of both sides into one list. */
static GPtrArray *believable(const Aligner *aligner, GHashTable *off, GHashTable *on)
{
	GHashTable *const tables[] = {off, on};
	GPtrArray *list = g_ptr_array_new();
	for (guint i = 0; i < G_N_ELEMENTS(tables) && tables[i]; i++) {
		GHashTableIter iter;
		gpointer candidate;
		g_hash_table_iter_init(&iter, tables[i]);
		while (g_hash_table_iter_next(&iter, NULL, &candidate))
			if (is_believable(aligner, candidate))
				g_ptr_array_add(list, candidate);
	}
	return list;
}

static const Candidate *best_of(const GPtrArray *list)
{
	const Candidate *best = NULL;
	for (guint i = 0; i < list->len; i++)
		if (is_better(list->pdata[i], best))
			best = list->pdata[i];
	return best;
}

/* The first rival of the best by name, or NULL. */
static const Candidate *rival_of(const GPtrArray *list, const Candidate *best)
{
	const Candidate *rival = NULL;
	for (guint i = 0; i < list->len; i++)
		if (is_rival(best, list->pdata[i]) && is_better(list->pdata[i], rival))
			rival = list->pdata[i];
	return rival;
}

/* `instead`: what all of the base's names have in front, or NULL. */
static char *sentence(const Candidate *candidate, const char *instead)
{
	if (instead)
		return g_strdup_printf(
			"with the prefix %s in place of %s", instead, candidate->prefix);
	return g_strdup_printf(
		"%s the prefix %s", candidate->put_on ? "with" : "without", candidate->prefix);
}

static void note_rivals(
	Aligner *aligner, const Candidate *best, const Candidate *rival, const char *instead)
{
	g_autofree char *one = sentence(best, instead), *other = sentence(rival, instead);
	align_note(aligner, "%u of its names match %s, and as many %s: say which with --rename",
		best->matches, one, other);
}

/* The name as the candidate changes it, or NULL where it does not. */
static char *changed(const Candidate *candidate, const char *name)
{
	if (candidate->put_on)
		return g_strconcat(candidate->prefix, name, NULL);
	return g_str_has_prefix(name, candidate->prefix)
		       ? g_strdup(name + strlen(candidate->prefix))
		       : NULL;
}

/* What finds no partner has the changed name too from here on: a convention may give it one. */
static void apply(Aligner *aligner, const Candidate *candidate)
{
	g_autoptr(GHashTable) names = align_index(&aligner->base);
	guint count = aligner->member.names->len;
	for (guint i = 0; i < count; i++) {
		AlignName *name = align_name(&aligner->member, i);
		if (!align_is_open(&aligner->member, name))
			continue;
		g_autofree char *text = changed(candidate, name->text);
		AlignName *found = text ? g_hash_table_lookup(names, text) : NULL;
		if (found && align_is_open(&aligner->base, found)) {
			align_pair(aligner, found, name);
		} else if (text) {
			AlignName other = {.text = g_string_chunk_insert(aligner->texts, text),
				.tensor = name->tensor,
				.twin = i + 1};
			g_array_append_val(aligner->member.names, other);
		}
	}
}

/* Whether a prefix was found, be it that its rivals forbid its use. */
static gboolean choose(Aligner *aligner, const char *instead)
{
	g_autoptr(GHashTable) off = count_side(aligner, FALSE);
	g_autoptr(GHashTable) on = instead ? NULL : count_side(aligner, TRUE);
	g_autoptr(GPtrArray) list = believable(aligner, off, on);
	const Candidate *best = best_of(list);
	const Candidate *rival = best ? rival_of(list, best) : NULL;
	if (!best || (instead && best->matches < EXCHANGED_LEAST))
		return FALSE;
	if (rival) {
		note_rivals(aligner, best, rival, instead);
		return TRUE;
	}
	g_autofree char *rule = sentence(best, instead);
	apply(aligner, best);
	align_say(aligner, rule);
	return TRUE;
}

/* The longest leading part that all names of a side have in common, or NULL. */
static char *common_prefix(const AlignSide *side)
{
	const char *first = align_name(side, 0)->text;
	gsize common = strlen(first);
	for (guint i = 1; i < side->names->len; i++) {
		const char *text = align_name(side, i)->text;
		gsize length = 0;
		while (length < common && text[length] == first[length])
			length++;
		common = length;
	}
	while (common > 0 && !strchr("./", first[common - 1]))
		common--;
	return common > 0 ? g_strndup(first, common) : NULL;
}

static void add_shortened(AlignSide *side, gsize length)
{
	guint count = side->names->len;
	for (guint i = 0; i < count; i++) {
		AlignName name = *align_name(side, i);
		name.text += length;
		g_array_append_val(side->names, name);
	}
}

/* Where neither taking off nor putting on helps, each side may have a prefix of its own. */
void align_prefix(Aligner *aligner)
{
	guint count = aligner->base.names->len;
	if (choose(aligner, NULL))
		return;
	g_autofree char *instead = common_prefix(&aligner->base);
	if (!instead)
		return;
	add_shortened(&aligner->base, strlen(instead));
	if (!choose(aligner, instead))
		g_array_set_size(aligner->base.names, count);
}
