/* test_model_memory.c - an export of any method holds no more memory than its budget, however large
 * the tensors are and however many threads there are, or says what it would take.  With the usual
 * budget these would hold 50 MB. */
#include "export.h"

#include <stdio.h>
#include <string.h>

#define ROWS 400u
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

/* Lets the peak begin anew. */
static void forget_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");
	g_assert_nonnull(file);
	fputs("5", file);
	g_assert_cmpint(fclose(file), ==, 0);
}

static gsize peak_bytes(void)
{
	g_autofree char *status = NULL;
	g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
	const char *peak = strstr(status, "VmHWM:");
	g_assert_nonnull(peak);
	return g_ascii_strtoull(peak + strlen("VmHWM:"), NULL, 10) * 1024;
}

static void write_numbers(FILE *file, guint64 n, guint32 seed)
{
	float row[1000];
	for (guint64 i = 0; i < n; i += G_N_ELEMENTS(row)) {
		for (guint j = 0; j < G_N_ELEMENTS(row); j++) {
			seed = seed * 1664525u + 1013904223u;
			row[j] = (float)(gint32)seed / 1e9f;
		}
		g_assert_cmpuint(fwrite(row, sizeof row, 1, file), ==, 1);
	}
}

/* A tensor of 5 MB that the test itself never holds. */
static void write_large(const char *path, const char *shape, guint32 seed)
{
	g_autofree char *header =
		g_strdup_printf("{\"w\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%u]}}",
			shape, ROWS * COLUMNS * 4);
	guint64 length = GUINT64_TO_LE((guint64)strlen(header));
	FILE *file = fopen(path, "wb");
	g_assert_nonnull(file);
	g_assert_cmpuint(fwrite(&length, sizeof length, 1, file), ==, 1);
	g_assert_cmpuint(fwrite(header, strlen(header), 1, file), ==, 1);
	write_numbers(file, ROWS * COLUMNS, seed);
	g_assert_cmpint(fclose(file), ==, 0);
}

/* The names are those of the methods' examples. */
static Collection *large_collection(const char *folder, const char *shape)
{
	static const char *const names[] = {"base", "a", "b", "b-2", "c"};
	Collection *collection = NULL;
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *file = g_strconcat(names[i], ".safetensors", NULL);
		g_autofree char *path = g_build_filename(folder, file, NULL);
		write_large(path, shape, i + 1);
		if (collection)
			add_member(collection, names[i], MEMBER_TASK, NULL, -1, path);
		else
			collection = collection_new(open_checked(path));
	}
	return collection;
}

typedef struct {
	char *folder, *out;
	Collection *collection;
} Large;

/* `shape` is that of its tensor. */
static void open_large(Large *large, gconstpointer shape)
{
	large->folder = test_folder();
	large->out = g_build_filename(large->folder, "out.safetensors", NULL);
	large->collection = large_collection(large->folder, shape);
}

static void close_large(Large *large, gconstpointer shape)
{
	(void)shape;
	collection_free(large->collection);
	g_free(large->out);
	test_folder_remove(large->folder);
}

static void export_within(const Large *large, const char *edit, ModelRequest request)
{
	g_autoptr(GError) error = NULL;
	forget_peak();
	gsize before = peak_bytes();
	request.budget = BUDGET;
	request.threads = THREADS;
	request.replace = TRUE;
	model_report_free(write_with(large->collection, edit, large->out, request, NULL, &error));
	test_no_error(error);
	gsize held = peak_bytes() - before;
	g_test_message("%.60s: %zu KiB", edit, held / 1024);
	g_assert_cmpuint(held, <=, BUDGET + BESIDE + GUARDS);
}

static void test_methods(Large *large, gconstpointer shape)
{
	(void)shape;
	for (guint i = 0; methods[i]; i++)
		export_within(large, methods[i]->example,
			(ModelRequest){.dtype = i % 2 ? DTYPE_BF16 : -1});
}

/* What takes other ways than the examples do. */
static void test_others(Large *large, gconstpointer shape)
{
	static const char *const edits[] = {"0.5*a - b", "ties(a, b, density=0.2, by=tensor)",
		"pcb(a, random_like(b))", "nuslerp(a, b, along=column)",
		"nuslerp(nuslerp(a, b, along=column), trim(c), along=column)",
		"ties(a, nuslerp(b, c, along=column))", "stock(a, b, c, along=row)",
		"sce(a, b, c, topk=0.1)", "della(a, b, c, density=0.5)",
		"arcee_fusion(a, dialect=mergekit)", "random_like(a - b)", "a"};
	(void)shape;
	for (guint i = 0; i < G_N_ELEMENTS(edits); i++) {
		export_within(large, edits[i],
			(ModelRequest){.dtype = DTYPE_F64, .part = MODEL_TASK_VECTOR});
		export_within(large, edits[i], (ModelRequest){.dtype = -1, .part = MODEL_CHANGED});
	}
}

/* METHOD(a, 1.01*b, ..., PARAMETERS) of so many inputs; g_free. */
static char *many_inputs(const char *method, guint inputs, const char *parameters)
{
	g_autoptr(GString) text = g_string_new(method);
	g_string_append(text, "(a");
	for (guint i = 1; i < inputs; i++)
		g_string_append_printf(text, ", %g*%c", 1 + i / 100.0, "abc"[i % 3]);
	g_string_append_printf(text, "%s)", parameters);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* More cuts than the budget has room for at a time. */
static void test_many_inputs(Large *large, gconstpointer shape)
{
	static const struct {
		const char *method, *parameters;
	} rows[] = {{"ties", ", density=0.3"}, {"pcb", ""}, {"breadcrumbs", ""},
		{"della", ", density=0.5"}};
	(void)shape;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *edit = many_inputs(rows[i].method, 40, rows[i].parameters);
		export_within(large, edit, (ModelRequest){.dtype = -1});
	}
}

/* What cannot be done in so little says so, and what it takes; with more it is done. */
static void assert_too_small(const Large *large, const char *edit, const char *says)
{
	g_autoptr(GError) error = NULL;
	ModelRequest request = {.dtype = -1, .budget = BUDGET, .threads = 1, .replace = TRUE};
	g_assert_null(write_with(large->collection, edit, large->out, request, NULL, &error));
	test_error(error, ERROR_USAGE, says);
	g_clear_error(&error);
	request.budget = 256u << 20;
	model_report_free(write_with(large->collection, edit, large->out, request, NULL, &error));
	test_no_error(error);
}

static void test_many_vectors(Large *large, gconstpointer shape)
{
	g_autofree char *edit = many_inputs("multislerp", 62, "");
	(void)shape;
	assert_too_small(large, edit,
		"the numbers of one block do not fit a budget of 16 MiB; give --budget=");
}

static void test_long_row(Large *large, gconstpointer shape)
{
	(void)shape;
	assert_too_small(large, "arcee_fusion(a)",
		"tensor w: arcee_fusion sees 1200000 of its elements together, whose numbers do "
		"not fit a budget of 16 MiB; give --budget=");
	assert_too_small(large, "ties(della(a, density=0.5), b)",
		"tensor w: della sees 1200000 of its elements together");
}

#define TEST(name, shape, test)                                                                    \
	g_test_add("/model-memory/" name, Large, shape, open_large, test, close_large)

int main(int argc, char **argv)
{
	static const char matrix[] = "[400,3000]", row[] = "[1200000]";
	g_test_init(&argc, &argv, NULL);
	TEST("methods", matrix, test_methods);
	TEST("others", matrix, test_others);
	TEST("many-inputs", matrix, test_many_inputs);
	TEST("many-vectors", matrix, test_many_vectors);
	TEST("long-row", row, test_long_row);
	return g_test_run();
}
