/* test_model_memory.c - an export of any method holds no more memory than its budget, however large
 * the tensors are and however many threads there are: with the usual budget these would hold 50 MB.
 */
#include "export.h"

#include <stdio.h>
#include <sys/resource.h>

#define ROWS 2000u
#define COLUMNS 3000u
#define BUDGET (16u << 20)
#define THREADS 8u
/* What is held besides buffers: stacks of threads, headers, the heap's own. */
#define BESIDE (2u << 20)
#ifdef __SANITIZE_ADDRESS__
#define GUARDS (800u << 20) /* what is freed is held back for a while */
#else
#define GUARDS 0u
#endif

static gsize peak_bytes(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (gsize)usage.ru_maxrss * 1024;
}

/* A tensor of 24 MB that the test itself never holds. */
static void write_large(const char *path, guint32 seed)
{
	g_autofree float *row = g_new(float, COLUMNS);
	g_autofree char *header = g_strdup_printf(
		"{\"w\":{\"dtype\":\"F32\",\"shape\":[%u,%u],\"data_offsets\":[0,%u]}}", ROWS,
		COLUMNS, ROWS * COLUMNS * 4);
	guint64 length = GUINT64_TO_LE((guint64)strlen(header));
	FILE *file = fopen(path, "wb");
	g_assert_nonnull(file);
	g_assert_cmpuint(fwrite(&length, sizeof length, 1, file), ==, 1);
	g_assert_cmpuint(fwrite(header, strlen(header), 1, file), ==, 1);
	for (guint i = 0; i < ROWS; i++) {
		for (guint j = 0; j < COLUMNS; j++) {
			seed = seed * 1664525u + 1013904223u;
			row[j] = (float)(gint32)seed / 1e9f;
		}
		g_assert_cmpuint(fwrite(row, sizeof *row, COLUMNS, file), ==, COLUMNS);
	}
	g_assert_cmpint(fclose(file), ==, 0);
}

static Collection *large_collection(const char *folder)
{
	static const char *const names[] = {"base", "a", "b"};
	Collection *collection = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_strconcat(names[i], ".safetensors", NULL);
		g_autofree char *path = g_build_filename(folder, file, NULL);
		write_large(path, i + 1);
		if (collection)
			add_member(collection, names[i], MEMBER_TASK, NULL, -1, path);
		else
			collection = collection_new(open_checked(path));
	}
	return collection;
}

static void test_budget(void)
{
	static const char *const edits[] = {"0.5*a - b", "ties(a, b, density=0.2)",
		"slerp(a, b, t=0.5)", "arcee_fusion(a)", "dare(a, p=0.5)",
		"pcb(a, random_like(b))"};
	char *folder = test_folder();
	g_autofree char *out = g_build_filename(folder, "out.safetensors", NULL);
	g_autoptr(Collection) collection = large_collection(folder);
	gsize before = peak_bytes();
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++) {
		g_autoptr(GError) error = NULL;
		ModelRequest request = {.dtype = i % 2 ? DTYPE_BF16 : -1,
			.budget = BUDGET,
			.threads = THREADS,
			.replace = TRUE};
		model_report_free(write_with(collection, edits[i], out, request, NULL, &error));
		test_no_error(error);
		gsize held = peak_bytes() - before;
		g_test_message("%s: %zu KiB", edits[i], held / 1024);
		g_assert_cmpuint(held, <=, BUDGET + BESIDE + GUARDS);
	}
	g_clear_pointer(&collection, collection_free);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/model-memory/budget", test_budget);
	return g_test_run();
}
