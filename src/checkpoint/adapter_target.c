/* adapter_target.c - see adapter_target.h. */
#include "checkpoint/adapter_target.h"

#include "core/text.h"

#include <string.h>

/* How many parts a prefix may have that the names of the other lack. */
#define PREFIX_PARTS_MOST 4
/* Names that are compared letter by letter for an error's sake. */
#define COMPARED_MOST 4096u

struct AdapterTargets {
	const Checkpoint *base;
	/* Ends of the base's names, borrowed → position + 1, or SEVERAL; made when it is needed. */
	GHashTable *ends;
};

#define SEVERAL G_MAXINT

AdapterTargets *adapter_targets_new(const Checkpoint *base)
{
	AdapterTargets *targets = g_new0(AdapterTargets, 1);
	targets->base = base;
	return targets;
}

void adapter_targets_free(AdapterTargets *targets)
{
	if (targets == NULL)
		return;
	g_clear_pointer(&targets->ends, g_hash_table_unref);
	g_free(targets);
}

/* What follows the first point of a name, or NULL. */
static const char *after_point(const char *name)
{
	const char *point = strchr(name, '.');
	return point != NULL ? point + 1 : NULL;
}

static void add_end(GHashTable *ends, const char *end, gint place)
{
	gint known = GPOINTER_TO_INT(g_hash_table_lookup(ends, end));
	g_hash_table_insert(ends, (gpointer)end,
		GINT_TO_POINTER(known == 0 || known == place ? place : SEVERAL));
}

static void add_ends(GHashTable *ends, const char *name, gint place)
{
	for (guint i = 0; i < PREFIX_PARTS_MOST && (name = after_point(name)) != NULL; i++)
		add_end(ends, name, place);
}

static GHashTable *collect_ends(const Checkpoint *base)
{
	GHashTable *ends = g_hash_table_new(text_table_hash, g_str_equal);

	for (guint i = 0; i < checkpoint_count(base); i++)
		add_ends(ends, checkpoint_tensor(base, i)->name, (gint)i + 1);
	for (guint i = 0; i < base->tied->len; i++) {
		const char *name = g_ptr_array_index(base->tied, i);
		gint place = checkpoint_find(base, name);
		if (place >= 0)
			add_ends(ends, name, place + 1);
	}
	return ends;
}

/* Joins what was found with one more place (from 1 on, 0 for none). */
static gint join(gint found, gint place)
{
	if (place == 0 || found == place)
		return found;
	return found == 0 ? place : SEVERAL;
}

gint adapter_targets_find(AdapterTargets *targets, const char *name)
{
	gint exact = checkpoint_find(targets->base, name);

	if (exact >= 0)
		return exact;
	if (targets->ends == NULL)
		targets->ends = collect_ends(targets->base);
	gint found = GPOINTER_TO_INT(g_hash_table_lookup(targets->ends, name));
	const char *end = name;
	for (guint i = 0; i < PREFIX_PARTS_MOST && (end = after_point(end)) != NULL; i++)
		found = join(found, checkpoint_find(targets->base, end) + 1);
	return found == SEVERAL ? ADAPTER_TARGET_SEVERAL : found - 1;
}

const char *adapter_targets_nearest(const AdapterTargets *targets, const char *name)
{
	guint count = MIN(checkpoint_count(targets->base), COMPARED_MOST);
	g_autofree const char **names = g_new(const char *, count + 1);

	for (guint i = 0; i < count; i++)
		names[i] = checkpoint_tensor(targets->base, i)->name;
	return text_nearest(name, names, count);
}
