/* load.c - bring checkpoints into a store: open, line up, pass, copy, commit.
 *
 * All is made beside what the store has, which stays in use, and takes its place at the end. */
#include "store/load_private.h"

#include "core/text.h"

#include <errno.h>
#include <string.h>

struct Load {
	Store *store;
	WeightsMode weights;
	guint threads;
	gsize budget;
	GPtrArray *plan;    /* of Arrival; owns them */
	GPtrArray *ordered; /* the same in the order of the collection's members */
	Collection *collection;
	SamplePlan *places;
	Gram *gram;
	Statistics **statistics; /* [members]: of the fresh */
	gboolean *fresh;         /* [members] */
	guint64 bytes;
};

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
	g_ptr_array_unref(request->drop);
	g_free(request->base);
	g_free(request);
}

static Arrival *arrival_at(const Load *load, guint member)
{
	return load->ordered->pdata[member];
}

static guint members_of(const Load *load)
{
	return collection_members(load->collection);
}

static const StoreMember *old_of(const Load *load, const Arrival *arrival)
{
	return arrival->old < 0 ? NULL : store_member_at(load->store, (guint)arrival->old);
}

/* The collection takes the checkpoints and has an order of its own. */
static gboolean line_up(Load *load, GError **error)
{
	Arrival *base = load->plan->pdata[0];
	load->collection = collection_new(g_steal_pointer(&base->checkpoint));
	for (guint i = 1; i < load->plan->len; i++) {
		Arrival *arrival = load->plan->pdata[i];
		if (!collection_add(load->collection, arrival->name, arrival->role, arrival->run,
			    arrival->step, g_steal_pointer(&arrival->checkpoint), error))
			return FALSE;
	}
	load->ordered = g_ptr_array_new();
	g_ptr_array_set_size(load->ordered, (gint)load->plan->len);
	load->ordered->pdata[0] = base;
	for (guint i = 1; i < load->plan->len; i++) {
		Arrival *arrival = load->plan->pdata[i];
		load->ordered->pdata[collection_find(load->collection, arrival->name)] = arrival;
	}
	return TRUE;
}

static gboolean shares_a_tensor(const Load *load, guint member)
{
	const guint8 *match = collection_member(load->collection, member)->match;
	for (guint i = 0; i < collection_tensors(load->collection); i++)
		if (match[i] == MATCH_SHARED)
			return TRUE;
	return FALSE;
}

static gboolean check_shared(const Load *load, GError **error)
{
	for (guint i = 0; i < members_of(load); i++) {
		const Member *member = collection_member(load->collection, i);
		Place place = {.file = member->checkpoint->path,
			.remedy = "give the base that it was trained from"};
		if (!shares_a_tensor(load, i))
			return fail_at(error, ERROR_INPUT, place,
				"%s shares no float tensor with the base %s", member->name,
				collection_member(load->collection, 0)->checkpoint->path);
	}
	return TRUE;
}

/* Rows to compute: of what is new, changed or not known.  Every τ depends on the base. */
static void find_fresh(Load *load)
{
	load->fresh = g_new0(gboolean, members_of(load));
	for (guint i = 0; i < members_of(load); i++) {
		Arrival *arrival = arrival_at(load, i);
		const StoreMember *old = old_of(load, arrival);
		load->fresh[i] = load->fresh[0] || !old || !old->known ||
				 (arrival->opened && !arrival->suspect);
		arrival->suspect = arrival->suspect && !load->fresh[i];
	}
}

static gboolean any_fresh(const Load *load)
{
	for (guint i = 0; i < members_of(load); i++)
		if (load->fresh[i])
			return TRUE;
	return FALSE;
}

static const CheckpointFile *unreadable_file(const Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint->files->len; i++) {
		const CheckpointFile *file = checkpoint->files->pdata[i];
		if (!file->file)
			return file;
	}
	return NULL;
}

/* A new row needs the weights of all the others. */
static gboolean check_readable(const Load *load, GError **error)
{
	for (guint i = 0; any_fresh(load) && i < members_of(load); i++) {
		const Member *member = collection_member(load->collection, i);
		const CheckpointFile *file = unreadable_file(member->checkpoint);
		Place place = {.file = file ? file->path : NULL,
			.remedy = "bring it back, load the checkpoint from where it lies now, or "
				  "drop it"};
		if (file)
			return fail_at(error, ERROR_IO, place,
				"this file of %s is missing, and new inner products need it",
				member->name);
	}
	return TRUE;
}

/* What stays valid of the old tables; the pass fills in the rest. */
static void take_products(Load *load)
{
	guint tensors = collection_tensors(load->collection), members = members_of(load);
	load->gram = gram_new(tensors, members);
	load->statistics = g_new0(Statistics *, members);
	for (guint i = 0; !load->fresh[0] && i < members; i++)
		for (guint j = 0; j <= i; j++) {
			if (load->fresh[i] || load->fresh[j])
				continue;
			for (guint t = 0; t < tensors; t++)
				*gram_cell(load->gram, t, i, j) = *gram_cell(load->store->gram, t,
					(guint)arrival_at(load, i)->old,
					(guint)arrival_at(load, j)->old);
		}
}

static guint64 weights_bytes(const Load *load)
{
	guint64 bytes = 0;
	for (guint i = 0; i < members_of(load); i++)
		bytes += checkpoint_bytes(collection_member(load->collection, i)->checkpoint);
	return bytes;
}

/* Where nothing is said, what is there keeps its way, and what is new is copied while all together
 * is small. */
static gboolean wants_copy(const Load *load, const Arrival *arrival, gboolean small)
{
	const StoreMember *old = old_of(load, arrival);
	if (load->weights == WEIGHTS_COPY)
		return !arrival->known->copied;
	if (load->weights == WEIGHTS_LINK || !arrival->opened)
		return FALSE;
	return old ? old->copied : small;
}

static gboolean begin_copies(Load *load, GError **error)
{
	gboolean small = weights_bytes(load) <= WEIGHTS_COPY_MOST;
	g_autofree char *folder = store_folder(load->store);
	for (guint i = 0; i < members_of(load); i++) {
		Arrival *arrival = arrival_at(load, i);
		if (!wants_copy(load, arrival, small))
			continue;
		if (g_mkdir_with_parents(folder, 0777) != 0)
			return fail_at(error, ERROR_IO, (Place){.file = folder},
				"cannot make this folder: %s", g_strerror(errno));
		arrival->copy = weights_begin(
			folder, collection_member(load->collection, i)->checkpoint, error);
		if (!arrival->copy)
			return FALSE;
	}
	return TRUE;
}

static PassRequest pass_request(const Load *load)
{
	return (PassRequest){.collection = load->collection,
		.fresh = load->fresh,
		.threads = load->threads,
		.budget = load->budget};
}

static guint64 suspect_bytes(const Load *load)
{
	guint64 bytes = 0;
	for (guint i = 0; i < members_of(load); i++)
		if (arrival_at(load, i)->suspect)
			bytes += checkpoint_bytes(
				collection_member(load->collection, i)->checkpoint);
	return bytes;
}

static void count_bytes(Load *load)
{
	PassRequest request = pass_request(load);
	load->bytes = suspect_bytes(load) + (any_fresh(load) ? pass_bytes(&request) : 0);
}

Load *load_begin(Store *store, const LoadRequest *request, GError **error)
{
	g_autoptr(Load) load = g_new0(Load, 1);
	load->store = store;
	load->weights = request->weights;
	load->threads = request->threads;
	load->budget = request->budget;
	if (!store_lock(store, error))
		return NULL;
	load->plan = load_plan(store, request, error);
	if (!load->plan || !line_up(load, error) || !check_shared(load, error))
		return NULL;
	find_fresh(load);
	if (!check_readable(load, error) || !begin_copies(load, error))
		return NULL;
	load->places = sample_plan_new(load->collection);
	take_products(load);
	count_bytes(load);
	return g_steal_pointer(&load);
}

guint64 load_bytes(const Load *load)
{
	return load->bytes;
}

static gboolean settle_suspect(Load *load, guint member, Job *job, GError **error)
{
	g_autofree guint64 *hash = g_new0(guint64, collection_tensors(load->collection));
	if (!pass_hash(load->collection, member, load->threads, hash, job, error))
		return FALSE;
	g_autofree char *contents = member_content_hash(load->collection, member, hash);
	load->fresh[member] = !g_str_equal(contents, old_of(load, arrival_at(load, member))->hash);
	return TRUE;
}

/* What was only touched is not computed again. */
static gboolean settle_suspects(Load *load, Job *job, GError **error)
{
	for (guint i = 0; i < members_of(load); i++)
		if (arrival_at(load, i)->suspect && !settle_suspect(load, i, job, error))
			return FALSE;
	for (guint i = 1; load->fresh[0] && i < members_of(load); i++)
		load->fresh[i] = TRUE;
	return TRUE;
}

static gboolean run_pass(Load *load, Job *job, GError **error)
{
	guint tensors = collection_tensors(load->collection);
	for (guint i = 0; i < members_of(load); i++)
		if (load->fresh[i])
			load->statistics[i] = statistics_new(
				tensors, collection_member(load->collection, i)->role == MEMBER_STEP
						 ? 0
						 : load->places->first[tensors]);
	PassRequest request = pass_request(load);
	return !any_fresh(load) ||
	       pass_run(&request, load->places, load->gram, load->statistics, job, error);
}

/* Whether the files were touched, but the contents are those that the store has. */
static gboolean is_confirmed(const Load *load, guint member)
{
	return arrival_at(load, member)->suspect && !load->fresh[member];
}

static gboolean keeps_copy(const Load *load, guint member)
{
	const StoreMember *old = old_of(load, arrival_at(load, member));
	return is_confirmed(load, member) && old->copied && load->weights != WEIGHTS_LINK;
}

static gboolean run_copies(Load *load, Job *job, GError **error)
{
	for (guint i = 0; i < members_of(load); i++) {
		WeightsCopy *copy = arrival_at(load, i)->copy;
		if (copy && !keeps_copy(load, i) && !weights_copy(copy, load->threads, job, error))
			return FALSE;
	}
	return TRUE;
}

gboolean load_run(Load *load, Job *job, GError **error)
{
	return settle_suspects(load, job, error) && run_pass(load, job, error) &&
	       run_copies(load, job, error);
}

static gboolean check_source(const Load *load, guint member, guint number, GError **error)
{
	const Arrival *arrival = arrival_at(load, member);
	StoreSource *source = arrival->known->sources->pdata[number];
	g_autoptr(File) file = store_source_look(source);
	if (source->state == SOURCE_OK)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = source->path, .remedy = "load it again when it is at rest"},
		"this file of %s changed while it was read",
		collection_member(load->collection, member)->name);
}

static gboolean check_unchanged(const Load *load, GError **error)
{
	for (guint i = 0; i < members_of(load); i++) {
		const Arrival *arrival = arrival_at(load, i);
		for (guint j = 0; arrival->opened && j < arrival->known->sources->len; j++)
			if (!check_source(load, i, j, error))
				return FALSE;
	}
	return TRUE;
}

/* Puts a checkpoint of the same tensors, but other spans, in the place of a member's. */
static void exchange(Load *load, guint member, Checkpoint *checkpoint)
{
	Member *named = load->collection->members->pdata[member];
	checkpoint_free(named->checkpoint);
	named->checkpoint = checkpoint;
}

static gboolean place_weights(Load *load, guint member, GError **error)
{
	Arrival *arrival = arrival_at(load, member);
	if (keeps_copy(load, member)) {
		if (!arrival_keep(arrival, load->store, (guint)arrival->old, error))
			return FALSE;
		exchange(load, member, g_steal_pointer(&arrival->checkpoint));
	} else if (arrival->copy) {
		g_autofree char *hash = NULL;
		Checkpoint *checkpoint = weights_finish(arrival->copy, &hash, error);
		if (!checkpoint)
			return FALSE;
		exchange(load, member, checkpoint);
		arrival->known->copied = TRUE;
		arrival->known->weights = g_steal_pointer(&hash);
	}
	return TRUE;
}

static StoreMember *take_known(Load *load, guint member)
{
	Arrival *arrival = arrival_at(load, member);
	StoreMember *known = g_steal_pointer(&arrival->known);
	known->known = TRUE;
	if (load->fresh[member]) {
		known->statistics = g_steal_pointer(&load->statistics[member]);
		known->hash =
			member_content_hash(load->collection, member, known->statistics->hash);
		return known;
	}
	StoreMember *old = store_member_at(load->store, (guint)arrival->old);
	known->statistics = g_steal_pointer(&old->statistics);
	known->hash = g_steal_pointer(&old->hash);
	known->rows = g_steal_pointer(&old->rows);
	return known;
}

gboolean load_finish(Load *load, GError **error)
{
	if (!check_unchanged(load, error))
		return FALSE;
	for (guint i = 0; i < members_of(load); i++)
		if (!place_weights(load, i, error))
			return FALSE;
	GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)store_member_free);
	for (guint i = 0; i < members_of(load); i++)
		g_ptr_array_add(members, take_known(load, i));
	store_set_collection(load->store, g_steal_pointer(&load->collection), members,
		g_steal_pointer(&load->gram));
	return store_commit(load->store, error);
}

void load_free(Load *load)
{
	if (!load)
		return;
	guint members = load->ordered ? load->ordered->len : 0;
	for (guint i = 0; load->statistics && i < members; i++)
		statistics_free(load->statistics[i]);
	g_free(load->statistics);
	g_free(load->fresh);
	g_clear_pointer(&load->gram, gram_free);
	g_clear_pointer(&load->places, sample_plan_free);
	g_clear_pointer(&load->ordered, g_ptr_array_unref);
	g_clear_pointer(&load->plan, g_ptr_array_unref);
	g_clear_pointer(&load->collection, collection_free);
	g_free(load);
}

static char *copied_text(const Store *store)
{
	guint copied = 0;
	for (guint i = 0; i < store->members->len; i++)
		copied += store_member_at(store, i)->copied ? 1 : 0;
	if (copied == 0 || copied == store->members->len)
		return g_strdup_printf("weights %s", copied ? "copied" : "linked");
	return g_strdup_printf(
		"weights of %u copied, of %u linked", copied, store->members->len - copied);
}

static guint64 nonfinite_of(const Store *store, guint member)
{
	const Statistics *statistics = store_member_at(store, member)->statistics;
	guint64 count = 0;
	for (guint i = 0; statistics && i < collection_tensors(store->collection); i++)
		count += statistics->nonfinite[i];
	return count;
}

static void append_nonfinite(GString *text, const Store *store)
{
	for (guint i = 0; i < store->members->len; i++) {
		guint64 count = nonfinite_of(store, i);
		if (count > 0)
			g_string_append_printf(text,
				"; %s has %" G_GUINT64_FORMAT " element%s that are not finite",
				collection_member(store->collection, i)->name, count,
				count == 1 ? "" : "s");
	}
}

char *load_summary(const Load *load)
{
	const Store *store = load->store;
	g_autofree char *bytes = text_bytes(load->bytes);
	g_autofree char *copied = copied_text(store);
	GString *text = g_string_new(NULL);
	g_string_append_printf(
		text, "%u checkpoints, %s read, %s", store->members->len, bytes, copied);
	append_nonfinite(text, store);
	return g_string_free(text, FALSE);
}

static gboolean run_all(Job *job, gpointer data, GError **error)
{
	return load_run(data, job, error);
}

gboolean load_all(Store *store, const LoadRequest *request, char **summary, GError **error)
{
	g_autoptr(Load) load = load_begin(store, request, error);
	if (!load)
		return FALSE;
	g_autoptr(Job) job = job_new("load", run_all, NULL, load, NULL);
	if (!job_run(job, error) || !load_finish(load, error))
		return FALSE;
	if (summary)
		*summary = load_summary(load);
	return TRUE;
}
