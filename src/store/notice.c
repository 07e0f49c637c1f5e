/* notice.c - what is to be known of a store's members where their numbers are shown. */
#include "store/store_private.h"

#include "core/text.h"
#include "store/weights.h"

/* So many tensors are named; of the others it is said how many they are. */
#define NAMED_MOST 3

/* The first type of blocks that a checkpoint's weights were rounded to, or NULL. */
static const char *quantised_type(const Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		if (checkpoint_tensor(checkpoint, i)->stored_type)
			return checkpoint_tensor(checkpoint, i)->stored_type;
	return g_hash_table_lookup(checkpoint->about, WEIGHTS_QUANTISED);
}

static void add_quantised_notice(const Store *store, guint member, GPtrArray *notices)
{
	const Member *named = collection_member(store->collection, member);
	const char *type = quantised_type(named->checkpoint);
	if (type)
		g_ptr_array_add(notices,
			g_strdup_printf("%s: its weights were rounded when they were quantised "
					"(%s); all numbers are about what is left of them",
				named->name, type));
}

void store_add_quantised(const Store *store, GPtrArray *notices)
{
	for (guint i = 0; i < store->members->len; i++)
		add_quantised_notice(store, i, notices);
}

static void add_notice(const Store *store, guint member, GPtrArray *notices)
{
	add_quantised_notice(store, member, notices);
	SourceState state = store_member_state(store, member);
	if (!store_member_at(store, member)->copied || state < SOURCE_CHANGED)
		return;
	g_ptr_array_add(notices,
		g_strdup_printf("%s: its source %s; the store's copy is used",
			collection_member(store->collection, member)->name,
			state == SOURCE_CHANGED ? "has changed since it was read" : "is missing"));
}

void store_add_notices(const Store *store, const GArray *members, GPtrArray *notices)
{
	add_notice(store, 0, notices);
	for (guint i = 0; i < members->len; i++)
		if (g_array_index(members, guint, i) != 0)
			add_notice(store, g_array_index(members, guint, i), notices);
}

/* The tensors of a scope in which a member has elements that are not finite: the first by name. */
static char *nonfinite_tensors(
	const Store *store, guint member, const GArray *tensors, guint64 *elements, guint *count)
{
	const Statistics *statistics = store_member_at(store, member)->statistics;
	GString *text = g_string_new(NULL);
	for (guint i = 0; statistics && i < tensors->len; i++) {
		guint tensor = g_array_index(tensors, guint, i);
		if (!statistics->nonfinite[tensor])
			continue;
		*elements += statistics->nonfinite[tensor];
		if ((*count)++ >= NAMED_MOST)
			continue;
		g_autofree char *name =
			text_safe(collection_tensor(store->collection, tensor)->name);
		g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
	}
	if (*count > NAMED_MOST)
		g_string_append_printf(text, " and %u more", *count - NAMED_MOST);
	return g_string_free(text, FALSE);
}

static void add_nonfinite_notice(
	const Store *store, guint member, const GArray *tensors, GPtrArray *notices)
{
	guint64 elements = 0;
	guint count = 0;
	g_autofree char *names = nonfinite_tensors(store, member, tensors, &elements, &count);
	if (!count)
		return;
	g_ptr_array_add(notices,
		g_strdup_printf("%s: %" G_GUINT64_FORMAT
				" element%s not finite, in %s; %snumbers over %s are unknown",
			collection_member(store->collection, member)->name, elements,
			elements == 1 ? " is" : "s are", names, member == 0 ? "all " : "its ",
			count == 1 ? "this tensor" : "these tensors"));
}

void store_add_nonfinite(const Store *store, const char *pattern, GPtrArray *notices)
{
	g_autoptr(GArray) tasks = collection_tasks(store->collection);
	g_autoptr(Scope) scope = scope_new(
		store->collection, pattern, (const guint *)(void *)tasks->data, tasks->len, NULL);
	if (!scope)
		return;
	add_nonfinite_notice(store, 0, scope->tensors, notices);
	for (guint i = 0; i < tasks->len; i++)
		add_nonfinite_notice(
			store, g_array_index(tasks, guint, i), scope->tensors, notices);
}
