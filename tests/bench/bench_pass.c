/* bench_pass.c - times the pass: bench_pass THREADS BUDGET-MiB BASE TASK...
 *
 * Prints "pass SECONDS s BYTES bytes RATE GB/s peak MiB", to be held against `cat FILES`. */
#include "analysis/pass.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
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

static gboolean run(const PassRequest *request, GError **error)
{
	guint tensors = collection_tensors(request->collection);
	guint members = collection_members(request->collection);
	g_autoptr(SamplePlan) plan = sample_plan_new(request->collection);
	g_autoptr(Gram) gram = gram_new(tensors, members);
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

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc < 5) {
		fputs("usage: bench_pass THREADS BUDGET-MiB BASE TASK...\n", stderr);
		return EXIT_FAILURE;
	}
	g_autoptr(Collection) collection = open_all(argv + 3, (guint)argc - 3, &error);
	if (collection == NULL) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	guint members = collection_members(collection);
	g_autofree gboolean *fresh = g_new(gboolean, members);
	for (guint m = 0; m < members; m++)
		fresh[m] = TRUE;
	PassRequest request = {collection, fresh, (guint)g_ascii_strtoull(argv[1], NULL, 10),
		(gsize)g_ascii_strtoull(argv[2], NULL, 10) << 20};
	gint64 start = g_get_monotonic_time();
	if (!run(&request, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return EXIT_FAILURE;
	}
	report(&request, (double)(g_get_monotonic_time() - start) / 1e6);
	return EXIT_SUCCESS;
}
