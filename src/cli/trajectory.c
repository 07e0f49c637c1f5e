/* trajectory.c - how task vectors came about: direction and length over training runs. */
#include "cli/verb.h"

#include "core/error.h"
#include "core/text.h"
#include "export/report.h"

static void trajectory_destroy(gpointer data)
{
	trajectory_free(data);
}

static gboolean has_run(const GPtrArray *runs, const char *name)
{
	for (guint i = 0; i < runs->len; i++)
		if (g_str_equal(runs->pdata[i], name))
			return TRUE;
	return FALSE;
}

/* The runs that are asked for, or all; NULL with *error set. */
static GPtrArray *choose_runs(const VerbOptions *options, const Store *store, GError **error)
{
	g_autoptr(GPtrArray) all = collection_runs(store->collection);
	if (all->len == 0) {
		fail_at(error, ERROR_ANSWER_NO,
			(Place){.file = store->path,
				.remedy = "load one with tauscope load --run NAME=DIR"},
			"the store has no training run");
		return NULL;
	}
	g_autoptr(GPtrArray) chosen = g_ptr_array_new();
	for (guint i = 0; i < options->arguments->len; i++) {
		const VerbArgument *argument = options->arguments->pdata[i];
		if (!argument->run)
			continue;
		if (!has_run(all, argument->text)) {
			const char *near = text_nearest(
				argument->text, (const char *const *)all->pdata, all->len);
			fail(error, ERROR_USAGE, "no run is named %s%s%s", argument->text,
				near ? "; did you mean " : "", near ? near : "");
			return NULL;
		}
		g_ptr_array_add(chosen, argument->text);
	}
	return chosen->len ? g_steal_pointer(&chosen) : g_steal_pointer(&all);
}

static gboolean find_reference(
	const VerbOptions *options, const Store *store, gint *reference, GError **error)
{
	*reference =
		options->reference ? collection_find(store->collection, options->reference) : -1;
	if (options->reference && *reference < 0)
		return fail(error, ERROR_USAGE, "no task or step is named %s", options->reference);
	if (*reference == 0)
		return fail(error, ERROR_USAGE, "the base has no task vector to take cosines with");
	return TRUE;
}

static GPtrArray *trajectories_new(
	const VerbOptions *options, const Store *store, GroupBy by, GError **error)
{
	gint reference;
	g_autoptr(GPtrArray) runs = choose_runs(options, store, error);
	if (!runs || !find_reference(options, store, &reference, error))
		return NULL;
	g_autoptr(GPtrArray) trajectories = g_ptr_array_new_with_free_func(trajectory_destroy);
	for (guint i = 0; i < runs->len; i++) {
		Trajectory *trajectory = trajectory_new(store->collection, store->gram,
			runs->pdata[i], reference, options->only, by, error);
		if (!trajectory)
			return NULL;
		g_ptr_array_add(trajectories, trajectory);
	}
	return g_steal_pointer(&trajectories);
}

static int run(const VerbOptions *options, GError **error)
{
	GroupBy by = GROUP_ALL;
	if (!verb_group_by(options, &by, error))
		return 0;
	g_autoptr(Store) store = verb_open_analysed_store(verb_argument(options, 0), error);
	if (!store)
		return 0;
	g_autoptr(GPtrArray) trajectories = trajectories_new(options, store, by, error);
	if (trajectories)
		verb_print_comparison(options, store, report_trajectories_json(trajectories),
			report_trajectories_table(trajectories), error);
	return 0;
}

const Verb verb_trajectory = {
	.name = "trajectory",
	.arguments = "STORE",
	.help = "Direction and length of task vectors over training",
	.options = "csv by only run reference",
	.least = 1,
	.most = 1,
	.run = run,
};
