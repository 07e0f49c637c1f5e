/* bench_pass.c - times the pass: bench_pass [--json] THREADS BUDGET-MiB BASE TASK...
 *
 * Prints "pass SECONDS s BYTES bytes RATE GB/s peak MiB", to be held against `cat FILES`, or as
 * JSON the norms of base and tasks and the cosines of all, the base first. */
#include "analysis/pass.h"
#include "core/json.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static Collection *open_all(char **paths, guint n, GError **error)
{
	Checkpoint *base = checkpoint_open(paths[0], error);
	if (base == NULL)
		return NULL;
	g_autoptr(Collection) collection = collection_new(base);
	for (guint i = 1; i < n; i++) {
		g_autofree char *name = g_strdup_printf("task-%u", i);
		Checkpoint *task = checkpoint_open(paths[i], error);
		if (task == NULL ||
			!collection_add(collection, name, MEMBER_TASK, NULL, -1, task, NULL, error))
			return NULL;
	}
	return g_steal_pointer(&collection);
}

static gboolean run(const PassRequest *request, Gram *gram, GError **error)
{
	guint tensors = collection_tensors(request->collection);
	guint members = collection_members(request->collection);
	g_autoptr(SamplePlan) plan = sample_plan_new(request->collection);
	g_autoptr(GPtrArray) statistics =
		g_ptr_array_new_with_free_func((GDestroyNotify)statistics_free);
	for (guint m = 0; m < members; m++)
		g_ptr_array_add(statistics, statistics_new(tensors, plan->first[tensors]));
	return pass_run(request, plan, gram, (Statistics **)statistics->pdata, NULL, error);
}

static void report(const PassRequest *request, double seconds)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	guint64 bytes = pass_bytes(request);
	printf("pass %.3f s %" G_GUINT64_FORMAT " bytes %.2f GB/s peak %ld MiB\n", seconds, bytes,
		(double)bytes / seconds / 1e9, usage.ru_maxrss / 1024);
}

static double product(const Gram *gram, guint i, guint j)
{
	double sum = 0;
	for (guint t = 0; t < gram->tensors; t++)
		sum += *gram_cell(gram, t, i, j);
	return sum;
}

static void report_json(const PassRequest *request, const Gram *gram, double seconds)
{
	g_autoptr(cJSON) report = cJSON_CreateObject();
	json_add_number(report, "seconds", seconds);
	json_add_uint(report, "bytes", pass_bytes(request));
	cJSON *norms = cJSON_AddArrayToObject(report, "norm");
	cJSON *rows = cJSON_AddArrayToObject(report, "cosine");
	for (guint i = 0; i < gram->vectors; i++) {
		cJSON *row = cJSON_CreateArray();
		double norm = sqrt(product(gram, i, i));
		for (guint j = 0; j < gram->vectors; j++)
			cJSON_AddItemToArray(row, json_number(product(gram, i, j) / norm /
							      sqrt(product(gram, j, j))));
		cJSON_AddItemToArray(norms, json_number(norm));
		cJSON_AddItemToArray(rows, row);
	}
	g_autofree char *text = json_line(report);
	puts(text);
}

static gboolean bench(gboolean json, char **arguments, guint n, GError **error)
{
	g_autoptr(Collection) collection = open_all(arguments + 2, n - 2, error);
	if (collection == NULL)
		return FALSE;
	guint members = collection_members(collection);
	g_autoptr(Gram) gram = gram_new(collection_tensors(collection), members);
	g_autofree gboolean *fresh = g_new(gboolean, members);
	for (guint m = 0; m < members; m++)
		fresh[m] = TRUE;
	PassRequest request = {collection, fresh, (guint)g_ascii_strtoull(arguments[0], NULL, 10),
		(gsize)g_ascii_strtoull(arguments[1], NULL, 10) << 20};
	gint64 start = g_get_monotonic_time();
	if (!run(&request, gram, error))
		return FALSE;
	double seconds = (double)(g_get_monotonic_time() - start) / 1e6;
	if (json)
		report_json(&request, gram, seconds);
	else
		report(&request, seconds);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	gboolean json = argc > 1 && strcmp(argv[1], "--json") == 0;
	int first = json ? 2 : 1;
	if (argc - first < 4) {
		fputs("usage: bench_pass [--json] THREADS BUDGET-MiB BASE TASK...\n", stderr);
		return EXIT_FAILURE;
	}
	if (bench(json, argv + first, (guint)(argc - first), &error))
		return EXIT_SUCCESS;
	fprintf(stderr, "%s\n", error->message);
	return EXIT_FAILURE;
}
