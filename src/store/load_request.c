/* load_request.c - what a load is asked for, and the sentence about what it did. */
#include "store/load_private.h"

#include "core/text.h"

#include <float.h>
#include <math.h>

static void load_item_free(gpointer data)
{
	LoadItem *item = data;
	g_free(item->name);
	g_free(item->path);
	g_free(item);
}

LoadRequest *load_request_new(void)
{
	LoadRequest *request = g_new0(LoadRequest, 1);
	request->items = g_ptr_array_new_with_free_func(load_item_free);
	request->renames = g_ptr_array_new_with_free_func(g_free);
	request->drop = g_ptr_array_new_with_free_func(g_free);
	return request;
}

void load_request_add(LoadRequest *request, const char *name, const char *path, gboolean run)
{
	LoadItem *item = g_new0(LoadItem, 1);
	item->name = g_strdup(name);
	item->path = g_strdup(path);
	item->run = run;
	g_ptr_array_add(request->items, item);
}

void load_request_free(LoadRequest *request)
{
	if (!request)
		return;
	g_ptr_array_unref(request->items);
	g_ptr_array_unref(request->renames);
	g_ptr_array_unref(request->drop);
	g_free(request->base);
	g_free(request);
}

static guint count_copied(const Store *store)
{
	guint copied = 0;
	for (guint i = 0; i < store->members->len; i++)
		copied += store_member_at(store, i)->copied ? 1 : 0;
	return copied;
}

static char *copied_text(const Store *store)
{
	guint copied = count_copied(store);
	if (copied == 0 || copied == store->members->len)
		return g_strdup_printf("weights %s", copied ? "copied" : "linked");
	return g_strdup_printf(
		"weights of %u copied, of %u linked", copied, store->members->len - copied);
}

/* How many elements of a member are not finite; *first is the first tensor that has one. */
static guint64 nonfinite_of(const Store *store, guint member, guint *first)
{
	const Statistics *statistics = store_member_at(store, member)->statistics;
	guint64 count = 0;
	for (guint i = 0; statistics && i < collection_tensors(store->collection); i++) {
		if (!count)
			*first = i;
		count += statistics->nonfinite[i];
	}
	return count;
}

/* Names that were not the same, of tasks: the steps of a run have those of its task. */
static void append_matched(GString *text, const Store *store)
{
	for (guint i = 1; i < store->members->len; i++) {
		const Member *member = collection_member(store->collection, i);
		if (member->matched_by && member->role == MEMBER_TASK)
			g_string_append_printf(
				text, "; %s matched %s", member->name, member->matched_by);
	}
}

/* How many of the base's tensors a member does not have as the base has them, and how many it has
 * besides; a task vector and an adapter lack what they leave alone. */
static guint count_unmatched(const Store *store, guint member)
{
	const Member *row = collection_member(store->collection, member);
	gboolean lacking = !collection_has_differences(store->collection, member);
	guint count = row->extra->len;
	for (guint i = 0; i < collection_tensors(store->collection); i++) {
		count += row->match[i] == MATCH_RESHAPED;
		count += lacking && row->match[i] == MATCH_MISSING;
	}
	return count;
}

static void append_unmatched(GString *text, const Store *store)
{
	guint tensors = 0, members = 0;
	for (guint i = 1; i < store->members->len; i++) {
		guint count = count_unmatched(store, i);
		tensors += count;
		members += count > 0 ? 1 : 0;
	}
	if (tensors > 0)
		g_string_append_printf(text,
			"; %u tensor%s of %u checkpoint%s not lined up with the base: see tauscope "
			"check %s",
			tensors, tensors == 1 ? "" : "s", members, members == 1 ? "" : "s",
			store->path);
}

static void append_nonfinite(GString *text, const Store *store)
{
	for (guint i = 0; i < store->members->len; i++) {
		guint first = 0;
		guint64 count = nonfinite_of(store, i, &first);
		if (!count)
			continue;
		g_autofree char *tensor =
			text_safe(collection_tensor(store->collection, first)->name);
		g_string_append_printf(text, "; %s has %" G_GUINT64_FORMAT " %s %s",
			collection_member(store->collection, i)->name, count,
			count == 1 ? "element that is not finite, in"
				   : "elements that are not finite, first in",
			tensor);
	}
}

/* What was kept though its files are gone. */
static void append_missing(GString *text, const Store *store)
{
	for (guint i = 0; i < store->members->len; i++) {
		if (store_member_state(store, i) != SOURCE_MISSING)
			continue;
		const Member *member = collection_member(store->collection, i);
		g_autofree char *path = text_safe(member->checkpoint->path);
		g_string_append_printf(text, "; %s: its source %s is missing; kept as it was read",
			member->name, path);
	}
}

/* Whether a vector's square on a tensor is beyond a double, or too small for one. */
static gboolean is_out_of_range(const Store *store, guint member, guint tensor)
{
	const Statistics *statistics = store_member_at(store, member)->statistics;
	double square = *gram_cell(store->gram, tensor, member, member);
	double largest = member > 0 ? statistics->largest_change[tensor]
				    : fmax(fabs(statistics->minimum[tensor]),
					      fabs(statistics->maximum[tensor]));
	return isinf(square) || (square < DBL_MIN && largest > 0);
}

static void append_out_of_range(GString *text, const Store *store)
{
	for (guint i = 0; i < store->members->len; i++) {
		guint count = 0, tensors = collection_tensors(store->collection);
		for (guint t = 0; store_member_at(store, i)->statistics && t < tensors; t++)
			count += is_out_of_range(store, i, t) ? 1 : 0;
		if (count > 0)
			g_string_append_printf(text,
				"; the squares of %s on %u tensor%s are beyond a double",
				collection_member(store->collection, i)->name, count,
				count == 1 ? "" : "s");
	}
}

/* Links were asked for, but no copy that is there is given up for one. */
static void append_still_copied(GString *text, const Load *load)
{
	guint copied = load->weights == WEIGHTS_LINK ? count_copied(load->store) : 0;
	if (copied > 0)
		g_string_append_printf(text,
			"; %u %s copied before and %s so: to link instead, load into a new store",
			copied, copied == 1 ? "was" : "were", copied == 1 ? "stays" : "stay");
}

char *load_summary(const Load *load)
{
	const Store *store = load->store;
	g_autofree char *bytes = text_bytes(load->bytes);
	g_autofree char *copied = copied_text(store);
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%u checkpoint%s, %s read, %s", store->members->len,
		store->members->len == 1 ? "" : "s", bytes, copied);
	append_still_copied(text, load);
	append_matched(text, store);
	append_unmatched(text, store);
	append_nonfinite(text, store);
	append_out_of_range(text, store);
	append_missing(text, store);
	return g_string_free(text, FALSE);
}
