/* align.c - pairs the tensors of a member with the base's by their names: renamed, equal, tied;
 * what is left over goes to the prefixes and the conventions. */
#include "checkpoint/align_private.h"

#include "checkpoint/names.h"
#include "core/text.h"

#include <stdarg.h>
#include <string.h>

void alignment_clear(Alignment *alignment)
{
	g_clear_pointer(&alignment->place, g_free);
	g_clear_pointer(&alignment->rules, g_free);
	g_clear_pointer(&alignment->extra, g_ptr_array_unref);
	g_clear_pointer(&alignment->notes, g_ptr_array_unref);
}

AlignName *align_name(const AlignSide *side, guint number)
{
	return &g_array_index(side->names, AlignName, number);
}

gboolean align_is_resized(const Tensor *base, const Tensor *member)
{
	if (base->rank == 0 || base->rank != member->rank || base->shape[0] == member->shape[0])
		return FALSE;
	for (guint i = 1; i < base->rank; i++)
		if (base->shape[i] != member->shape[i])
			return FALSE;
	const char *kind = names_kind(base->name);
	return strcmp(kind, "embed") == 0 || strcmp(kind, "head") == 0;
}

gboolean align_fits(const Aligner *aligner, const AlignName *base, const AlignName *member)
{
	const Tensor *one = checkpoint_tensor(aligner->base.checkpoint, base->tensor);
	const Tensor *other = checkpoint_tensor(aligner->member.checkpoint, member->tensor);
	return tensor_same_shape(one, other) || align_is_resized(one, other);
}

gboolean align_is_open(const AlignSide *side, const AlignName *name)
{
	if (name->used || (name->twin > 0 && align_name(side, name->twin - 1)->used))
		return FALSE;
	return !side->once || !side->matched[name->tensor];
}

static void mark(AlignSide *side, AlignName *name)
{
	name->used = TRUE;
	if (name->twin > 0)
		align_name(side, name->twin - 1)->used = TRUE;
	if (!side->matched[name->tensor])
		side->unmatched--;
	side->matched[name->tensor] = TRUE;
}

void align_pair(Aligner *aligner, AlignName *base, AlignName *member)
{
	aligner->place[base->tensor] = (gint)member->tensor;
	mark(&aligner->base, base);
	mark(&aligner->member, member);
}

void align_say(Aligner *aligner, const char *rule)
{
	g_autofree char *safe = text_safe(rule);
	if (!g_ptr_array_find_with_equal_func(aligner->rules, safe, g_str_equal, NULL))
		g_ptr_array_add(aligner->rules, g_steal_pointer(&safe));
}

void align_note(Aligner *aligner, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	g_autofree char *text = g_strdup_vprintf(format, values);
	va_end(values);
	g_ptr_array_add(aligner->notes, text_safe(text));
}

gboolean align_change(AlignName *name, GStringChunk *texts, const char *text, guint bit)
{
	if (strcmp(name->text, text) == 0)
		return FALSE;
	name->text = g_string_chunk_insert(texts, text);
	name->changes |= bit;
	return TRUE;
}

GHashTable *align_index(const AlignSide *side)
{
	GHashTable *index = g_hash_table_new(text_table_hash, g_str_equal);
	for (guint i = 0; i < side->names->len; i++) {
		AlignName *name = align_name(side, i), *other;
		gpointer found = NULL;
		if (!align_is_open(side, name))
			continue;
		gboolean taken = g_hash_table_lookup_extended(index, name->text, NULL, &found);
		other = found;
		if (!taken)
			g_hash_table_insert(index, (gpointer)name->text, name);
		else if (other && other->tensor != name->tensor)
			g_hash_table_replace(index, (gpointer)name->text, NULL);
	}
	return index;
}

static void add_name(AlignSide *side, const char *text, guint tensor)
{
	AlignName name = {.text = text, .tensor = tensor};
	g_array_append_val(side->names, name);
}

static AlignSide side_new(const Checkpoint *checkpoint, gboolean once)
{
	guint count = checkpoint_count(checkpoint);
	AlignSide side = {.checkpoint = checkpoint,
		.names = g_array_sized_new(FALSE, FALSE, sizeof(AlignName), count),
		.matched = g_new0(gboolean, count + 1),
		.unmatched = count,
		.once = once};
	for (guint i = 0; i < count; i++)
		add_name(&side, checkpoint_tensor(checkpoint, i)->name, i);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		gint tensor = checkpoint_find(checkpoint, name);
		if (tensor >= 0)
			add_name(&side, name, (guint)tensor);
	}
	return side;
}

static void side_clear(AlignSide *side)
{
	g_clear_pointer(&side->names, g_array_unref);
	g_clear_pointer(&side->matched, g_free);
}

static Aligner aligner_new(const Checkpoint *base, const Checkpoint *member)
{
	guint count = checkpoint_count(base);
	Aligner aligner = {.base = side_new(base, TRUE),
		.member = side_new(member, FALSE),
		.place = g_new(gint, count + 1),
		.texts = g_string_chunk_new(4096),
		.rules = g_ptr_array_new_with_free_func(g_free),
		.notes = g_ptr_array_new_with_free_func(g_free)};
	for (guint i = 0; i < count; i++)
		aligner.place[i] = -1;
	return aligner;
}

static void aligner_clear(Aligner *aligner)
{
	side_clear(&aligner->base);
	side_clear(&aligner->member);
	g_clear_pointer(&aligner->place, g_free);
	g_clear_pointer(&aligner->texts, g_string_chunk_free);
	g_clear_pointer(&aligner->rules, g_ptr_array_unref);
	g_clear_pointer(&aligner->notes, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Aligner, aligner_clear)

static void pair_equal(Aligner *aligner)
{
	g_autoptr(GHashTable) index = align_index(&aligner->member);
	for (guint i = 0; i < aligner->base.names->len; i++) {
		AlignName *name = align_name(&aligner->base, i);
		AlignName *found = g_hash_table_lookup(index, name->text);
		if (found && align_is_open(&aligner->base, name))
			align_pair(aligner, name, found);
	}
}

static gboolean is_gguf(const Checkpoint *checkpoint)
{
	return g_strcmp0(checkpoint->format, "gguf") == 0;
}

/* The converters to GGUF permute rows of q and k, so that a name that could be guessed would pair
 * rows that are not the same. */
static gboolean is_foreign(Aligner *aligner)
{
	if (is_gguf(aligner->base.checkpoint) == is_gguf(aligner->member.checkpoint))
		return FALSE;
	align_note(aligner,
		"one of the two is GGUF, whose converters permute the rows of q and k: its names "
		"are "
		"not matched with those of other formats, and renames would compare rows that are "
		"not the same");
	return TRUE;
}

static gboolean is_open(const Aligner *aligner)
{
	return aligner->base.unmatched > 0 && aligner->member.unmatched > 0;
}

static gboolean is_array(const AlignSide *side)
{
	return checkpoint_count(side->checkpoint) == 1 &&
	       g_strcmp0(side->checkpoint->format, "npy") == 0;
}

/* A .npy gives its array no name but the file's own. */
static void pair_arrays(Aligner *aligner)
{
	AlignName *base = align_name(&aligner->base, 0), *member = align_name(&aligner->member, 0);
	if (!is_array(&aligner->base) || !is_array(&aligner->member) ||
		!align_fits(aligner, base, member))
		return;
	align_pair(aligner, base, member);
	align_say(aligner, "as the one array of each file");
}

static void pair_changed(Aligner *aligner)
{
	gboolean renamed = aligner->rules->len > 0;
	if ((is_open(aligner) || renamed) && is_foreign(aligner))
		return;
	if (is_open(aligner) && is_array(&aligner->base))
		pair_arrays(aligner);
	if (is_open(aligner))
		align_prefix(aligner);
	if (is_open(aligner))
		align_conventions(aligner);
}

/* What a name is tied to in a checkpoint, or NULL where it is a tensor of its own or not there. */
static const char *tied_to(const Checkpoint *checkpoint, const char *name)
{
	gint tensor = checkpoint_find(checkpoint, name);
	if (tensor < 0 || !g_hash_table_contains(checkpoint->aliases, name))
		return NULL;
	return checkpoint_tensor(checkpoint, (guint)tensor)->name;
}

/* Two tensors on one side that are one on the other. */
static void note_tied(Aligner *aligner)
{
	const Checkpoint *base = aligner->base.checkpoint, *member = aligner->member.checkpoint;
	for (guint i = 0; aligner->member.unmatched > 0 && i < checkpoint_count(member); i++) {
		const char *name = checkpoint_tensor(member, i)->name, *of = tied_to(base, name);
		if (of && !aligner->member.matched[i])
			align_note(aligner,
				"%s is tied to %s in the base and not here: its own values are "
				"left out",
				name, of);
	}
	for (guint i = 0; i < checkpoint_count(base); i++) {
		const char *name = checkpoint_tensor(base, i)->name, *of = tied_to(member, name);
		if (of && checkpoint_find(base, of) != (gint)i)
			align_note(aligner, "%s is tied to %s here and not in the base", name, of);
	}
}

static GPtrArray *extra_names(const AlignSide *member)
{
	GPtrArray *extra = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; member->unmatched > 0 && i < checkpoint_count(member->checkpoint); i++)
		if (!member->matched[i])
			g_ptr_array_add(
				extra, g_strdup(checkpoint_tensor(member->checkpoint, i)->name));
	return extra;
}

static char *rules_text(GPtrArray *rules)
{
	if (rules->len == 0)
		return NULL;
	g_ptr_array_add(rules, NULL);
	return g_strjoinv("; ", (char **)rules->pdata);
}

gboolean align(const Checkpoint *base, const Checkpoint *member, const GPtrArray *renames,
	Alignment *alignment, GError **error)
{
	g_auto(Aligner) aligner = aligner_new(base, member);
	if (!align_rename(&aligner, renames, error))
		return FALSE;
	pair_equal(&aligner);
	pair_changed(&aligner);
	note_tied(&aligner);
	*alignment = (Alignment){.rules = rules_text(aligner.rules),
		.extra = extra_names(&aligner.member),
		.place = g_steal_pointer(&aligner.place),
		.notes = g_steal_pointer(&aligner.notes)};
	return TRUE;
}
