/* adapter_target.c - see adapter_target.h. */
#include "checkpoint/adapter_target.h"

#include "core/text.h"

#include <string.h>

/* How many parts a prefix may have that the names of the other lack. */
#define PREFIX_PARTS_MOST 4
/* Prefixes that are told of. */
#define RULES_MOST 8u
/* Names that are compared letter by letter for an error's sake. */
#define COMPARED_MOST 4096u

struct AdapterTargets {
	const Checkpoint *base;
	/* Ends of the base's names, borrowed → number of the name + 1, or SEVERAL; made when it is
	 * needed.  Numbers are those of the tensors, then those of the tied names. */
	GHashTable *ends;
	GPtrArray *rules; /* of char * */
};

#define SEVERAL G_MAXINT

AdapterTargets *adapter_targets_new(const Checkpoint *base)
{
	AdapterTargets *targets = g_new0(AdapterTargets, 1);
	targets->base = base;
	targets->rules = g_ptr_array_new_with_free_func(g_free);
	return targets;
}

void adapter_targets_free(AdapterTargets *targets)
{
	if (targets == NULL)
		return;
	g_clear_pointer(&targets->ends, g_hash_table_unref);
	g_ptr_array_unref(targets->rules);
	g_free(targets);
}

/* What follows the first point of a name, or NULL. */
static const char *after_point(const char *name)
{
	const char *point = strchr(name, '.');
	return point != NULL ? point + 1 : NULL;
}

static const char *name_at(const Checkpoint *base, guint number)
{
	guint count = checkpoint_count(base);
	return number < count ? checkpoint_tensor(base, number)->name
			      : g_ptr_array_index(base->tied, number - count);
}

/* Several names are one where they are of one tensor. */
static void add_end(const AdapterTargets *targets, const char *end, guint number)
{
	const Checkpoint *base = targets->base;
	gint known = GPOINTER_TO_INT(g_hash_table_lookup(targets->ends, end));

	if (known == SEVERAL)
		return;
	gboolean several = known > 0 && checkpoint_find(base, name_at(base, (guint)known - 1)) !=
						checkpoint_find(base, name_at(base, number));
	if (several || known == 0)
		g_hash_table_insert(targets->ends, (gpointer)end,
			GINT_TO_POINTER(several ? SEVERAL : (gint)number + 1));
}

/* A tied name may be of another shard. */
static void collect_ends(AdapterTargets *targets)
{
	guint count = checkpoint_count(targets->base) + targets->base->tied->len;

	targets->ends = g_hash_table_new(text_table_hash, g_str_equal);
	for (guint i = 0; i < count; i++) {
		const char *end = name_at(targets->base, i);
		if (checkpoint_find(targets->base, end) < 0)
			continue;
		for (guint k = 0; k < PREFIX_PARTS_MOST && (end = after_point(end)) != NULL; k++)
			add_end(targets, end, i);
	}
}

/* What was found of a name: a place from 0 on, or one of the two that are none; and the prefix that
 * the base's name has before it, or lacks. */
typedef struct {
	gint place;
	const char *with; /* a name that begins with the prefix */
	gsize length;     /* of the prefix */
	gboolean put_on;
} Found;

static Found found_end(const AdapterTargets *targets, const char *name)
{
	gint number = GPOINTER_TO_INT(g_hash_table_lookup(targets->ends, name));

	if (number == 0 || number == SEVERAL)
		return (Found){.place = number == 0 ? ADAPTER_TARGET_NONE : ADAPTER_TARGET_SEVERAL};
	const char *full = name_at(targets->base, (guint)number - 1);
	return (Found){.place = checkpoint_find(targets->base, full),
		.with = full,
		.length = strlen(full) - strlen(name),
		.put_on = TRUE};
}

/* Looks for what is left of the name without its first parts, too. */
static void find_shorter(const AdapterTargets *targets, const char *name, Found *found)
{
	const char *end = name;

	for (guint i = 0; i < PREFIX_PARTS_MOST && (end = after_point(end)) != NULL; i++) {
		gint place = checkpoint_find(targets->base, end);
		if (place < 0 || place == found->place)
			continue;
		if (found->place == ADAPTER_TARGET_NONE)
			*found = (Found){place, name, (gsize)(end - name), FALSE};
		else
			found->place = ADAPTER_TARGET_SEVERAL;
	}
}

static void add_rule(const AdapterTargets *targets, const char *rule)
{
	if (!g_ptr_array_find_with_equal_func(targets->rules, rule, g_str_equal, NULL))
		g_ptr_array_add(targets->rules, g_strdup(rule));
}

static void say(const AdapterTargets *targets, const Found *found)
{
	g_autofree char *prefix = g_strndup(found->with, found->length);
	g_autofree char *shown = text_safe(prefix);
	g_autofree char *rule =
		g_strdup_printf("%s the prefix %s", found->put_on ? "with" : "without", shown);

	if (targets->rules->len < RULES_MOST)
		add_rule(targets, rule);
	else if (!g_ptr_array_find_with_equal_func(targets->rules, rule, g_str_equal, NULL))
		add_rule(targets, "with or without others");
}

gint adapter_targets_find(AdapterTargets *targets, const char *name)
{
	gint exact = checkpoint_find(targets->base, name);

	if (exact >= 0)
		return exact;
	if (targets->ends == NULL)
		collect_ends(targets);
	Found found = found_end(targets, name);
	find_shorter(targets, name, &found);
	if (found.place >= 0)
		say(targets, &found);
	return found.place;
}

char *adapter_targets_rules(const AdapterTargets *targets)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < targets->rules->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "; " : "",
			(const char *)g_ptr_array_index(targets->rules, i));
	return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

const char *adapter_targets_nearest(const AdapterTargets *targets, const char *name)
{
	guint count = MIN(checkpoint_count(targets->base), COMPARED_MOST);
	g_autofree const char **names = g_new(const char *, count + 1);

	for (guint i = 0; i < count; i++)
		names[i] = checkpoint_tensor(targets->base, i)->name;
	return text_nearest(name, names, count);
}
