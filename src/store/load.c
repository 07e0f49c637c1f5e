/* load.c - bring checkpoints into a store: open, line up, pass, copy, commit.
 *
 * All is made beside what the store has, which stays in use, and takes its place at the end. */
#include "store/load_private.h"

#include "analysis/lineup.h"

Arrival *arrival_at(const Load *load, guint member)
{
	return load->ordered->pdata[member];
}

const StoreMember *arrival_old(const Load *load, guint member)
{
	gint old = arrival_at(load, member)->old;
	return old < 0 ? NULL : store_member_at(load->store, (guint)old);
}

guint load_members(const Load *load)
{
	return collection_members(load->collection);
}

/* The collection takes the checkpoints and has an order of its own. */
static gboolean line_up(Load *load, GError **error)
{
	Arrival *base = load->plan->pdata[0];
	if (!collection_check_base(base->checkpoint, error))
		return FALSE;
	load->collection = collection_new(g_steal_pointer(&base->checkpoint));
	for (guint i = 1; i < load->plan->len; i++) {
		Arrival *arrival = load->plan->pdata[i];
		if (!collection_add(load->collection, arrival->name, arrival->role, arrival->run,
			    arrival->step, g_steal_pointer(&arrival->checkpoint), arrival->renames,
			    error))
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

/* The first tensor of the base that a member has no other of, if any of floats. */
static const Tensor *missing_tensor(const Collection *collection, const Member *member)
{
	const Tensor *found = NULL;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (member->match[i] != MATCH_MISSING)
			continue;
		if (collection_is_float(collection, i))
			return collection_tensor(collection, i);
		found = found ? found : collection_tensor(collection, i);
	}
	return found;
}

/* The first tensor that a member has besides the base's, if any of floats. */
static const Tensor *extra_tensor(const Member *member)
{
	const Tensor *found = NULL;
	for (guint i = 0; i < member->extra->len; i++) {
		gint place = checkpoint_find(member->checkpoint, member->extra->pdata[i]);
		const Tensor *tensor =
			place < 0 ? NULL : checkpoint_tensor(member->checkpoint, (guint)place);
		if (tensor && dtype_info(tensor->dtype)->class == CLASS_FLOAT)
			return tensor;
		found = found ? found : tensor;
	}
	return found;
}

/* A name of either side, from which the user sees how they differ; empty where one has none. */
static char *example_names(const Load *load, const Member *member)
{
	const Tensor *own = extra_tensor(member), *base = missing_tensor(load->collection, member);
	if (!own || !base)
		return g_strdup("");
	return g_strdup_printf(": it has `%s`, the base `%s`", own->name, base->name);
}

/* What was found out about its names on the way may tell why. */
static gboolean refuse_stranger(const Load *load, const Member *member, GError **error)
{
	Place place = {.file = member->checkpoint->path,
		.remedy = "give the base that it was trained from, or say how names match with "
			  "--rename REGEX=TEXT"};
	g_autoptr(GString) notes = g_string_new(NULL);
	for (guint i = 0; i < member->notes->len; i++)
		g_string_append_printf(notes, "; %s", (char *)member->notes->pdata[i]);
	g_autofree char *example = example_names(load, member);
	return fail_at(error, ERROR_INPUT, place, "%s shares no float tensor with the base %s%s%s",
		member->name, collection_member(load->collection, 0)->checkpoint->path, example,
		notes->str);
}

static gboolean check_shared(const Load *load, GError **error)
{
	for (guint i = 0; i < load_members(load); i++)
		if (!shares_a_tensor(load, i))
			return refuse_stranger(load, collection_member(load->collection, i), error);
	return TRUE;
}

/* Whether a member's tensors stand to the base's as they did: other renames pair other tensors. */
static gboolean is_aligned_alike(const Load *load, guint member)
{
	g_autofree char *before =
		member_alignment(load->store->collection, (guint)arrival_at(load, member)->old);
	g_autofree char *now = member_alignment(load->collection, member);
	return g_str_equal(before, now);
}

/* Rows to compute: of what is new, changed or not known.  Every τ depends on the base. */
static void find_fresh(Load *load)
{
	load->fresh = g_new0(gboolean, load_members(load));
	for (guint i = 0; i < load_members(load); i++) {
		Arrival *arrival = arrival_at(load, i);
		const StoreMember *old = arrival_old(load, i);
		load->fresh[i] = load->fresh[0] || !old || !old->known ||
				 (arrival->opened && !arrival->suspect) ||
				 !is_aligned_alike(load, i);
		arrival->suspect = arrival->suspect && !load->fresh[i];
	}
}

static gboolean any_fresh(const Load *load)
{
	for (guint i = 0; i < load_members(load); i++)
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

static gboolean has_fresh_tensor(const Load *load, guint tensor)
{
	for (guint i = 0; i < load_members(load); i++)
		if (load->fresh[i] && lineup_shares(load->collection, i, tensor))
			return TRUE;
	return FALSE;
}

/* Whether the pass reads its weights: those of a new row, and of who shares a tensor with one. */
static gboolean is_read(const Load *load, guint member)
{
	if (load->fresh[member] || !any_fresh(load))
		return load->fresh[member];
	for (guint i = 0; i < collection_tensors(load->collection); i++)
		if (lineup_shares(load->collection, member, i) && has_fresh_tensor(load, i))
			return TRUE;
	return FALSE;
}

static gboolean check_readable(const Load *load, GError **error)
{
	for (guint i = 0; i < load_members(load); i++) {
		const Member *member = collection_member(load->collection, i);
		const CheckpointFile *file =
			is_read(load, i) ? unreadable_file(member->checkpoint) : NULL;
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
static gboolean take_products(Load *load, GError **error)
{
	guint tensors = collection_tensors(load->collection), members = load_members(load);
	load->gram = gram_try_new(tensors, members, error);
	if (!load->gram)
		return FALSE;
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
	for (guint i = 0; i < load_members(load); i++)
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

/* Another name would share the folder of its parts with NAME.h5, and each would sweep the other's.
 */
static gboolean check_name(const Store *store, GError **error)
{
	gboolean is_new = store->as_read.size == 0;
	return !is_new || g_str_has_suffix(store->path, ".h5") ||
	       fail_at(error, ERROR_USAGE, (Place){.file = store->path},
		       "the name of a new store must end in .h5");
}

Load *load_begin(Store *store, const LoadRequest *request, GError **error)
{
	g_autoptr(Load) load = g_new0(Load, 1);
	load->store = store;
	load->weights = request->weights;
	load->threads = request->threads;
	load->budget = request->budget;
	load->pending = store->pending->len;
	if (!check_name(store, error) || !store_lock(store, error))
		return NULL;
	load->plan = load_plan(store, request, error);
	if (!load->plan || !line_up(load, error) || !check_shared(load, error))
		return NULL;
	find_fresh(load);
	if (!check_readable(load, error) || !take_products(load, error) ||
		!load_copies_begin(load, error))
		return NULL;
	if (load->fresh[0])
		load->places = sample_plan_new(load->collection);
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
	load->fresh[member] = !g_str_equal(contents, arrival_old(load, member)->hash);
	return TRUE;
}

/* What was only touched is not computed again. */
static gboolean settle_suspects(Load *load, Job *job, GError **error)
{
	for (guint i = 0; i < load_members(load); i++)
		if (arrival_at(load, i)->suspect && !settle_suspect(load, i, job, error))
			return FALSE;
	for (guint i = 1; load->fresh[0] && i < load_members(load); i++)
		load->fresh[i] = TRUE;
	count_bytes(load);
	return TRUE;
}

/* They depend on the base's names and shapes alone. */
static const SamplePlan *places_of(const Load *load)
{
	return load->places ? load->places : load->store->plan;
}

static gboolean run_pass(Load *load, Job *job, GError **error)
{
	guint tensors = collection_tensors(load->collection);
	for (guint i = 0; i < load_members(load); i++)
		if (load->fresh[i])
			load->statistics[i] = statistics_new(
				tensors, collection_member(load->collection, i)->role == MEMBER_STEP
						 ? 0
						 : places_of(load)->first[tensors]);
	PassRequest request = pass_request(load);
	return !any_fresh(load) ||
	       pass_run(&request, places_of(load), load->gram, load->statistics, job, error);
}

guint64 load_bytes_copied(const Load *load)
{
	return load->copied;
}

static void expect_all(Load *load, Job *job)
{
	load->copied = load_copies_bytes(load);
	job_expect(job, load->bytes + load->copied);
}

/* What seemed only touched may turn out to have changed; then there is more to do.  The disk takes
 * in the copies while the pass goes on. */
gboolean load_run(Load *load, Job *job, GError **error)
{
	expect_all(load, job);
	if (!settle_suspects(load, job, error))
		return FALSE;
	expect_all(load, job);
	return load_copies_run(load, job, error) && run_pass(load, job, error) &&
	       load_copies_sync(load, error);
}

static gboolean check_source(const Load *load, guint member, guint number, GError **error)
{
	const Arrival *arrival = arrival_at(load, member);
	StoreSource *source = arrival->known->sources->pdata[number];
	store_source_update(source);
	if (source->state == SOURCE_OK)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = source->path, .remedy = "load it again when it is at rest"},
		"this file of %s changed while it was read",
		collection_member(load->collection, member)->name);
}

/* Whether the load read a member's sources: opened anew, or linked and partner of what is new. */
static gboolean has_read_sources(const Load *load, guint member)
{
	const Arrival *arrival = arrival_at(load, member);
	return arrival->opened || arrival->wants_copy ||
	       (!arrival->known->copied && is_read(load, member));
}

static gboolean check_unchanged(const Load *load, GError **error)
{
	for (guint i = 0; i < load_members(load); i++) {
		guint sources = arrival_at(load, i)->known->sources->len;
		for (guint j = 0; has_read_sources(load, i) && j < sources; j++)
			if (!check_source(load, i, j, error))
				return FALSE;
	}
	return TRUE;
}

/* Steps keep none; what was a task until now is written as a step. */
static void forget_sample(StoreMember *known)
{
	if (!known->statistics->sample)
		return;
	g_clear_pointer(&known->statistics->sample, g_free);
	g_clear_pointer(&known->rows, g_free);
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
	if (collection_member(load->collection, member)->role == MEMBER_STEP)
		forget_sample(known);
	return known;
}

gboolean load_finish(Load *load, GError **error)
{
	if (!check_unchanged(load, error) || !load_copies_place(load, error))
		return FALSE;
	GPtrArray *members = g_ptr_array_new_with_free_func((GDestroyNotify)store_member_free);
	for (guint i = 0; i < load_members(load); i++)
		g_ptr_array_add(members, take_known(load, i));
	SamplePlan *places =
		load->places ? g_steal_pointer(&load->places) : g_steal_pointer(&load->store->plan);
	store_set_collection(load->store, g_steal_pointer(&load->collection), members,
		g_steal_pointer(&load->gram), places);
	return store_commit(load->store, error);
}

/* What the store has taken over stays pending until it is committed. */
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
	if (load->collection)
		store_pending_drop(load->store, load->pending);
	g_clear_pointer(&load->collection, collection_free);
	g_free(load);
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
