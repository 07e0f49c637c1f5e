/* load_plan.c - which members a load will leave in the store, and which of them are opened anew.
 *
 * What the store has and whose files are untouched is kept without a look inside.  Headers alone
 * are read here. */
#include "store/load_private.h"

#include "checkpoint/directory.h"
#include "core/text.h"

#include <string.h>

typedef struct {
	const Store *store;
	const LoadRequest *request;
	GPtrArray *arrivals; /* of Arrival */
	GHashTable *added;   /* of LoadItem: those that are among the arrivals */
	GHashTable *taken;   /* of StoreMember: those that an arrival follows */
} Plan;

static void arrival_free(gpointer data)
{
	Arrival *arrival = data;
	g_clear_pointer(&arrival->copy, weights_free);
	g_clear_pointer(&arrival->checkpoint, checkpoint_free);
	g_clear_pointer(&arrival->known, store_member_free);
	g_clear_pointer(&arrival->renames, g_ptr_array_unref);
	g_free(arrival->name);
	g_free(arrival->run);
	g_free(arrival);
}

static Arrival *arrival_new(const char *name, MemberRole role, const char *run, gint64 step)
{
	Arrival *arrival = g_new0(Arrival, 1);
	arrival->name = g_strdup(name);
	arrival->role = role;
	arrival->run = g_strdup(run);
	arrival->step = step;
	arrival->known = store_member_new();
	arrival->old = -1;
	return arrival;
}

static const Member *old_member(const Store *store, guint member)
{
	return collection_member(store->collection, member);
}

/* The sources of an old member, looked at again. */
static GPtrArray *look_again(const Store *store, guint member)
{
	const GPtrArray *recorded = store_member_at(store, member)->sources;
	GPtrArray *sources = store_sources_new();
	for (guint i = 0; i < recorded->len; i++) {
		StoreSource *source = store_source_copy(recorded->pdata[i]);
		store_source_update(source);
		g_ptr_array_add(sources, source);
	}
	return sources;
}

static void take_sources(Arrival *arrival, GPtrArray *sources)
{
	g_ptr_array_unref(arrival->known->sources);
	arrival->known->sources = sources;
}

gboolean arrival_keep(Arrival *arrival, const Store *store, guint member, GError **error)
{
	const StoreMember *known = store_member_at(store, member);
	const Checkpoint *old = old_member(store, member)->checkpoint;
	g_clear_pointer(&arrival->checkpoint, checkpoint_free);
	arrival->checkpoint = checkpoint_without_files(old);
	arrival->known->copied = known->copied;
	arrival->known->weights = g_strdup(known->weights);
	for (guint i = 0; i < old->files->len; i++) {
		const char *path = ((const CheckpointFile *)old->files->pdata[i])->path;
		checkpoint_add_file(arrival->checkpoint, path, file_open(path, NULL));
	}
	return checkpoint_seal(arrival->checkpoint, error);
}

/* The path stays as it was given, where a shard stands for its set, so that it is known again. */
static gboolean open_anew(Arrival *arrival, const char *path, GError **error)
{
	g_autoptr(GPtrArray) sources = store_sources_new();
	arrival->opened = TRUE;
	arrival->checkpoint = checkpoint_open(path, error);
	for (guint i = 0; arrival->checkpoint && i < arrival->checkpoint->files->len; i++) {
		const CheckpointFile *file = arrival->checkpoint->files->pdata[i];
		StoreSource *source = store_source_new(file->file, error);
		if (!source)
			return FALSE;
		g_ptr_array_add(sources, source);
	}
	take_sources(arrival, g_steal_pointer(&sources));
	if (!arrival->checkpoint)
		return FALSE;
	g_free(arrival->checkpoint->path);
	arrival->checkpoint->path = g_strdup(path);
	return TRUE;
}

static gboolean same_samples(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return FALSE;
	for (guint i = 0; i < a->len; i++) {
		const StoreSource *one = a->pdata[i], *other = b->pdata[i];
		if (!fingerprint_same_content(&one->fingerprint, &other->fingerprint))
			return FALSE;
	}
	return TRUE;
}

static gboolean same_tensors(const Checkpoint *a, const Checkpoint *b)
{
	if (checkpoint_count(a) != checkpoint_count(b))
		return FALSE;
	for (guint i = 0; i < checkpoint_count(a); i++) {
		const Tensor *one = checkpoint_tensor(a, i), *other = checkpoint_tensor(b, i);
		if (strcmp(one->name, other->name) != 0 || one->dtype != other->dtype ||
			!tensor_same_shape(one, other))
			return FALSE;
	}
	return TRUE;
}

gboolean load_is_adapter(const Checkpoint *checkpoint)
{
	return g_str_equal(checkpoint->format, "peft-dir");
}

/* Whether it is bound to a base that is opened anew, so that it is to be bound again. */
static gboolean is_unbound_by(const Plan *plan, guint member)
{
	const Arrival *base = plan->arrivals->pdata[0];
	return base->opened && load_is_adapter(old_member(plan->store, member)->checkpoint);
}

/* What the store has can stay as it is: untouched, or all that is left. */
static gboolean can_stay(const Plan *plan, guint member, SourceState state)
{
	const Store *store = plan->store;
	gboolean lost =
		store_member_at(store, member)->copied && !store_member_usable(store, member, NULL);
	return state == SOURCE_MISSING ||
	       (state == SOURCE_OK && !lost && !is_unbound_by(plan, member));
}

/* Keeps what the store has under this name and path; opens what is new, touched or changed.  Of an
 * adapter the files have the factors alone, so that its tensors are not compared here. */
static gboolean arrival_fill(
	Arrival *arrival, const Plan *plan, gint old, const char *path, GError **error)
{
	const Store *store = plan->store;
	arrival->old = old;
	if (old < 0)
		return open_anew(arrival, path, error);
	const StoreMember *known = store_member_at(store, (guint)old);
	const Checkpoint *checkpoint = old_member(store, (guint)old)->checkpoint;
	g_autoptr(GPtrArray) sources = look_again(store, (guint)old);
	if (g_str_equal(path, checkpoint->path) &&
		can_stay(plan, (guint)old, store_sources_state(sources))) {
		take_sources(arrival, g_steal_pointer(&sources));
		return arrival_keep(arrival, store, (guint)old, error);
	}
	if (!open_anew(arrival, path, error))
		return FALSE;
	arrival->suspect =
		known->known && same_samples(known->sources, arrival->known->sources) &&
		(load_is_adapter(checkpoint) || same_tensors(checkpoint, arrival->checkpoint));
	return TRUE;
}

/* The member of a name that no arrival follows yet, or -1. */
static gint find_old(const Plan *plan, const char *name)
{
	const Store *store = plan->store;
	gint old = store->collection ? collection_find(store->collection, name) : -1;
	return old >= 0 && g_hash_table_contains(plan->taken, store->members->pdata[old]) ? -1
											  : old;
}

/* What was the last step of a run, and its task, has a name of its own once there is a later one.
 */
static gint find_old_step(const Plan *plan, const char *run, const char *name, const char *path)
{
	gint old = find_old(plan, name), last = find_old(plan, run);
	if (old >= 0 || last < 0)
		return old;
	const Member *member = old_member(plan->store, (guint)last);
	gboolean same =
		g_strcmp0(member->run, run) == 0 && g_str_equal(member->checkpoint->path, path);
	return same ? last : -1;
}

static gboolean add_arrival(
	Plan *plan, Arrival *arrival, gint old, const char *path, GError **error)
{
	if (old >= 0)
		g_hash_table_add(plan->taken, plan->store->members->pdata[old]);
	g_ptr_array_add(plan->arrivals, arrival);
	return arrival_fill(arrival, plan, old, path, error);
}

static gboolean add_base(Plan *plan, GError **error)
{
	const Store *store = plan->store;
	gint old = store->collection ? 0 : -1;
	if (old < 0 && !plan->request->base)
		return fail_at(error, ERROR_USAGE,
			(Place){.file = store->path, .remedy = "name one with --base PATH"},
			"the store has no base to measure task vectors from");
	g_autofree char *path = plan->request->base
					? g_canonicalize_filename(plan->request->base, NULL)
					: g_strdup(old_member(store, 0)->checkpoint->path);
	return add_arrival(plan, arrival_new(NULL, MEMBER_BASE, NULL, -1), old, path, error);
}

static gboolean is_of(const Member *member, const char *name)
{
	return g_str_equal(member->name, name) || g_strcmp0(member->run, name) == 0;
}

/* Whether an old member is dropped by its name or its run's. */
static gboolean is_dropped(const Plan *plan, const Member *member)
{
	for (guint i = 0; i < plan->request->drop->len; i++)
		if (is_of(member, plan->request->drop->pdata[i]))
			return TRUE;
	return FALSE;
}

/* The item that replaces an old member, or NULL. */
static const LoadItem *replacement(const Plan *plan, const Member *member)
{
	for (guint i = 0; i < plan->request->items->len; i++) {
		const LoadItem *item = plan->request->items->pdata[i];
		if (is_of(member, item->name))
			return item;
	}
	return NULL;
}

static gboolean add_task(Plan *plan, const char *name, const char *run, gint64 step,
	const char *path, GError **error)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL);
	Arrival *arrival = arrival_new(name, MEMBER_TASK, run, step);
	arrival->renames = g_ptr_array_ref(plan->request->renames);
	return add_arrival(plan, arrival, find_old(plan, name), whole, error);
}

static gboolean add_step(Plan *plan, const char *run, const RunStep *step, GError **error)
{
	g_autofree char *name = g_strdup_printf("%s@%" G_GINT64_FORMAT, run, step->step);
	g_autofree char *whole = g_canonicalize_filename(step->path, NULL);
	Arrival *arrival = arrival_new(name, MEMBER_STEP, run, step->step);
	arrival->renames = g_ptr_array_ref(plan->request->renames);
	return add_arrival(plan, arrival, find_old_step(plan, run, name, whole), whole, error);
}

/* The run's task is the checkpoint beside its steps, or else its last step; a step that is the task
 * is not listed a second time. */
static gboolean add_run(Plan *plan, const LoadItem *item, GError **error)
{
	g_autofree char *final = NULL;
	gint64 final_step = -1;
	g_autoptr(GArray) steps = directory_run(item->path, &final, &final_step, error);
	if (!steps)
		return FALSE;
	const RunStep *last = &g_array_index(steps, RunStep, steps->len - 1);
	if (!final)
		final_step = last->step;
	for (guint i = 0; i < steps->len; i++) {
		const RunStep *step = &g_array_index(steps, RunStep, i);
		if (step->step != final_step && !add_step(plan, item->name, step, error))
			return FALSE;
	}
	return add_task(
		plan, item->name, item->name, final_step, final ? final : last->path, error);
}

/* Once, though it may replace all the steps of a run. */
static gboolean add_item(Plan *plan, const LoadItem *item, GError **error)
{
	if (!g_hash_table_add(plan->added, (gpointer)item))
		return TRUE;
	return item->run ? add_run(plan, item, error)
			 : add_task(plan, item->name, NULL, -1, item->path, error);
}

static gboolean add_items(Plan *plan, GError **error)
{
	for (guint i = 0; i < plan->request->items->len; i++)
		if (!add_item(plan, plan->request->items->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean add_kept(Plan *plan, guint old, GError **error)
{
	const Member *member = old_member(plan->store, old);
	Arrival *arrival = arrival_new(member->name, member->role, member->run, member->step);
	arrival->renames = g_ptr_array_ref(member->renames);
	return add_arrival(plan, arrival, (gint)old, member->checkpoint->path, error);
}

/* What the store has, in its order; what replaces a member takes its place. */
static gboolean add_old(Plan *plan, GError **error)
{
	for (guint i = 1; i < plan->store->members->len; i++) {
		const Member *member = old_member(plan->store, i);
		const LoadItem *item = replacement(plan, member);
		if (item ? !add_item(plan, item, error)
			 : !is_dropped(plan, member) && !add_kept(plan, i, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_given_once(const LoadRequest *request, GError **error)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < request->items->len; i++) {
		const LoadItem *item = request->items->pdata[i];
		if (!g_hash_table_add(names, item->name))
			return fail(error, ERROR_USAGE, "the name %s is given twice", item->name);
	}
	return TRUE;
}

static gboolean refuse_drop(const Store *store, const char *name, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (guint i = 1; i < store->members->len; i++)
		g_ptr_array_add(names, old_member(store, i)->name);
	const char *near = text_nearest(name, (const char *const *)names->pdata, names->len);
	g_autofree char *remedy = near ? g_strdup_printf("did you mean %s?", near) : NULL;
	return fail_at(error, ERROR_USAGE, (Place){.file = store->path, .remedy = remedy},
		"there is no checkpoint or run %s to drop", name);
}

static gboolean check_drops(const Store *store, const LoadRequest *request, GError **error)
{
	for (guint i = 0; i < request->drop->len; i++) {
		const char *name = request->drop->pdata[i];
		gboolean found = FALSE;
		for (guint j = 1; !found && j < store->members->len; j++)
			found = is_of(old_member(store, j), name);
		if (!found)
			return refuse_drop(store, name, error);
	}
	return TRUE;
}

GPtrArray *load_plan(const Store *store, const LoadRequest *request, GError **error)
{
	g_autoptr(GPtrArray) arrivals = g_ptr_array_new_with_free_func(arrival_free);
	g_autoptr(GHashTable) added = g_hash_table_new(NULL, NULL);
	g_autoptr(GHashTable) taken = g_hash_table_new(NULL, NULL);
	Plan plan = {store, request, arrivals, added, taken};
	if (!check_given_once(request, error) || !check_drops(store, request, error) ||
		!add_base(&plan, error) || !add_old(&plan, error) || !add_items(&plan, error))
		return NULL;
	return g_steal_pointer(&arrivals);
}
