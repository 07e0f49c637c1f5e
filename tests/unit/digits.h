/* digits.h - the shipped checkpoints with all inner products, and the truth that numpy found. */
#ifndef TAUSCOPE_TEST_DIGITS_H
#define TAUSCOPE_TEST_DIGITS_H

#include "analysis/pass.h"
#include "core/json.h"
#include "test.h"

#include <math.h>

static const char *const digits_tasks[] = {
	"mnist", "optdigits", "mnist-inv", "fashion", "greek", "cyrillic"};
static const char *const digits_runs[] = {"mnist", "fashion", "greek"};
static const gint64 digits_steps[] = {5, 10, 20, 40, 70, 110, 160, 220};

typedef struct {
	Collection *collection;
	SamplePlan *plan;
	Gram *gram;
	GPtrArray *statistics; /* of Statistics, one for each member */
	cJSON *truth;
} Digits;

static inline Checkpoint *digits_open(const char *folder)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *relative = g_build_filename("data/digits", folder, NULL);
	g_autofree char *path = test_source(relative);
	Checkpoint *checkpoint = checkpoint_open(path, &error);
	test_no_error(error);
	return checkpoint;
}

static inline void digits_add_step(Collection *collection, const char *run, gint64 step)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *folder = g_strdup_printf("%s/checkpoint-%d", run, (int)step);
	g_autofree char *name = g_strdup_printf("%s@%d", run, (int)step);
	collection_add(collection, name, MEMBER_STEP, run, step, digits_open(folder), NULL, &error);
	test_no_error(error);
}

static inline Collection *digits_collection(void)
{
	Collection *collection = collection_new(digits_open("base"));
	for (guint i = 0; i < G_N_ELEMENTS(digits_tasks); i++) {
		g_autoptr(GError) error = NULL;
		const char *task = digits_tasks[i], *run = NULL;
		for (guint r = 0; r < G_N_ELEMENTS(digits_runs); r++)
			run = g_str_equal(task, digits_runs[r]) ? task : run;
		g_autofree char *file = g_build_filename(task, "model.safetensors", NULL);
		collection_add(
			collection, task, MEMBER_TASK, run, -1, digits_open(file), NULL, &error);
		test_no_error(error);
	}
	for (guint r = 0; r < G_N_ELEMENTS(digits_runs); r++)
		for (guint s = 0; s < G_N_ELEMENTS(digits_steps); s++)
			digits_add_step(collection, digits_runs[r], digits_steps[s]);
	return collection;
}

/* Empty results for a collection; free with g_ptr_array_unref. */
static inline GPtrArray *digits_statistics(const Collection *collection, const SamplePlan *plan)
{
	guint tensors = collection_tensors(collection);
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)statistics_free);
	for (guint m = 0; m < collection_members(collection); m++) {
		gboolean step = collection_member(collection, m)->role == MEMBER_STEP;
		g_ptr_array_add(all, statistics_new(tensors, step ? 0 : plan->first[tensors]));
	}
	return all;
}

static inline gboolean *digits_all_fresh(const Collection *collection)
{
	gboolean *fresh = g_new(gboolean, collection_members(collection));
	for (guint m = 0; m < collection_members(collection); m++)
		fresh[m] = TRUE;
	return fresh;
}

/* The whole pass over a collection, which is taken. */
static inline Digits *digits_of(Collection *collection, guint threads, gsize budget)
{
	g_autoptr(GError) error = NULL;
	g_autofree gboolean *fresh = digits_all_fresh(collection);
	Digits *digits = g_new0(Digits, 1);
	digits->collection = collection;
	digits->plan = sample_plan_new(collection);
	digits->gram = gram_new(collection_tensors(collection), collection_members(collection));
	digits->statistics = digits_statistics(collection, digits->plan);
	PassRequest request = {collection, fresh, threads, budget};
	pass_run(&request, digits->plan, digits->gram, (Statistics **)digits->statistics->pdata,
		NULL, &error);
	test_no_error(error);
	return digits;
}

static inline void digits_read_truth(Digits *digits)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_source("data/digits/truth.json");
	digits->truth = json_read_file(path, 64u << 20, &error);
	test_no_error(error);
}

static inline Digits *digits_new(void)
{
	Digits *digits = digits_of(digits_collection(), 2, 0);
	digits_read_truth(digits);
	return digits;
}

static inline void digits_free(Digits *digits)
{
	collection_free(digits->collection);
	sample_plan_free(digits->plan);
	gram_free(digits->gram);
	g_ptr_array_unref(digits->statistics);
	cJSON_Delete(digits->truth);
	g_free(digits);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digits, digits_free)

/* truth[a][b]…; the path is separated by `/`, as names hold dots. */
static inline const cJSON *digits_truth(const Digits *digits, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);
	const cJSON *item = digits->truth;
	for (guint i = 0; parts[i] != NULL; i++) {
		item = cJSON_GetObjectItemCaseSensitive(item, parts[i]);
		g_assert_nonnull(item);
	}
	return item;
}

/* Number i of an array; NaN for null. */
static inline double digits_at(const cJSON *array, guint i)
{
	const cJSON *item = cJSON_GetArrayItem(array, (int)i);
	g_assert_nonnull(item);
	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* A cosine or other number of size 1, to 1e-6; NaN stands for undefined in both. */
static inline void digits_close(double found, double truth)
{
	g_assert_cmpint(isnan(found) != 0, ==, isnan(truth) != 0);
	if (!isnan(truth))
		g_assert_cmpfloat_with_epsilon(found, truth, 1e-6);
}

/* A norm, to 1e-6 of itself. */
static inline void digits_norm(double found, double truth)
{
	g_assert_false(isnan(found));
	g_assert_cmpfloat(fabs(found - truth), <=, 1e-6 * fabs(truth));
}

#endif
