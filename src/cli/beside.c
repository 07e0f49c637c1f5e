/* beside.c - a model that no store has, lined up with the checkpoints of one.
 *
 * The collection is made anew of the same checkpoints, so that the store stays as it is; what it
 * knows of their inner products is taken over. */
#include "cli/beside.h"

#include "checkpoint/safetensors.h"
#include "core/error.h"
#include "recipe/recipe.h"

#define MODEL_NAME "model"

void beside_free(Beside *beside)
{
	if (!beside)
		return;
	g_clear_pointer(&beside->gram, gram_free);
	g_clear_pointer(&beside->collection, collection_free);
	g_array_unref(beside->vectors);
	g_free(beside);
}

static gboolean add_known(Beside *beside, const Store *store, guint member, GError **error)
{
	const Member *of = collection_member(store->collection, member);
	return store_member_known(store, member, error) &&
	       store_member_usable(store, member, error) &&
	       collection_add(beside->collection, of->name, of->role, of->run, of->step,
		       checkpoint_ref(of->checkpoint), of->renames, error);
}

static gboolean add_vectors(Beside *beside, const Store *store, gboolean steps, GError **error)
{
	Checkpoint *base = collection_member(store->collection, 0)->checkpoint;
	if (!store_member_known(store, 0, error) || !store_member_usable(store, 0, error))
		return FALSE;
	beside->collection = collection_new(checkpoint_ref(base));
	for (guint i = 1; i < collection_members(store->collection); i++) {
		gboolean wanted =
			steps || collection_member(store->collection, i)->role == MEMBER_TASK;
		if (wanted && !add_known(beside, store, i, error))
			return FALSE;
	}
	for (guint i = 1; i < collection_members(beside->collection); i++)
		g_array_append_val(beside->vectors, i);
	return TRUE;
}

static char *free_name(const Collection *collection)
{
	char *name = g_strdup(MODEL_NAME);
	while (collection_find(collection, name) >= 0) {
		char *longer = g_strconcat(name, "'", NULL);
		g_free(name);
		name = longer;
	}
	return name;
}

static gboolean shares_a_tensor(const Beside *beside)
{
	const guint8 *match = collection_member(beside->collection, beside->model)->match;
	for (guint i = 0; i < collection_tensors(beside->collection); i++)
		if (match[i] == MATCH_SHARED)
			return TRUE;
	return FALSE;
}

static gboolean is_part(const Checkpoint *model)
{
	const char *part = g_hash_table_lookup(model->metadata, PART_METADATA);
	return part && g_str_equal(part, "changed");
}

static gboolean add_model(
	Beside *beside, const char *path, const GPtrArray *renames, GError **error)
{
	Checkpoint *model = checkpoint_open(path, error);
	g_autofree char *name = free_name(beside->collection);
	if (!model)
		return FALSE;
	beside->partial = is_part(model);
	beside->model = collection_members(beside->collection);
	if (!collection_add(beside->collection, name, MEMBER_TASK, NULL, -1, model, renames, error))
		return FALSE;
	beside->partial |= collection_has_differences(beside->collection, beside->model);
	return shares_a_tensor(beside) ||
	       fail_at(error, ERROR_INPUT,
		       (Place){.file = path,
			       .remedy = "say how names match with --rename REGEX=TEXT, or name "
					 "a store of its base"},
		       "it shares no float tensor with the base of the store");
}

/* The store's number of a member of the collection. */
static guint old_place(const Beside *beside, const Store *store, guint member)
{
	const char *name = collection_member(beside->collection, member)->name;
	return member == 0 ? 0 : (guint)collection_find(store->collection, name);
}

static void take_pair(Beside *beside, const Store *store, guint i, guint j)
{
	guint old_i = old_place(beside, store, i), old_j = old_place(beside, store, j);
	for (guint t = 0; t < beside->gram->tensors; t++)
		*gram_cell(beside->gram, t, i, j) = *gram_cell(store->gram, t, old_i, old_j);
}

static gboolean take_products(Beside *beside, const Store *store, GError **error)
{
	beside->gram = gram_try_new(collection_tensors(beside->collection),
		collection_members(beside->collection), error);
	if (!beside->gram)
		return FALSE;
	for (guint i = 0; i < beside->model; i++)
		for (guint j = 0; j <= i; j++)
			take_pair(beside, store, i, j);
	return TRUE;
}

Beside *beside_new(const Store *store, const char *path, const GPtrArray *renames, gboolean steps,
	GError **error)
{
	g_autoptr(Beside) beside = g_new0(Beside, 1);
	beside->vectors = g_array_new(FALSE, FALSE, sizeof(guint));
	if (!add_vectors(beside, store, steps, error) || !add_model(beside, path, renames, error) ||
		!take_products(beside, store, error))
		return NULL;
	return g_steal_pointer(&beside);
}

gboolean beside_run(Beside *beside, guint threads, gsize budget, Job *job, GError **error)
{
	guint members = collection_members(beside->collection);
	g_autofree gboolean *fresh = g_new0(gboolean, members);
	g_autofree Statistics **statistics = g_new0(Statistics *, members);
	g_autoptr(Statistics) own = statistics_new(collection_tensors(beside->collection), 0);
	g_autoptr(SamplePlan) plan = sample_plan_new(beside->collection);
	fresh[beside->model] = TRUE;
	statistics[beside->model] = own;
	PassRequest request = {beside->collection, fresh, threads, budget};
	job_expect(job, pass_bytes(&request));
	return pass_run(&request, plan, beside->gram, statistics, job, error);
}
