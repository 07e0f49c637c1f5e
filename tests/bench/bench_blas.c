/* bench_blas.c - a rank-k update by OpenBLAS of the vectors that a pass sees, in memory:
 * bench_blas THREADS LAYOUT BASE TASK...
 *
 * Vector 0 is the base and vector i the task less the base, in single precision, of F32 files that
 * hold the same tensors.  LAYOUT is a name of the table, or "all".  Prints as JSON the median time
 * of each layout; where there is no OpenBLAS, of none. */
#include "core/error.h"
#include "core/job.h"
#include "core/json.h"
#include "measure.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS 3u
#define BLOCK 65536u /* elements; every panel divides it */

enum { ROW_MAJOR = 101, NOT_TRANSPOSED = 111, TRANSPOSED = 112, LOWER = 122 };

typedef void (*Update)(int order, int triangle, int transposed, int n, int k, float alpha,
	const float *a, int lda, float beta, float *c, int ldc);

typedef struct {
	Update update;
	void (*set_threads)(int threads);
	char *(*config)(void);
} Blas;

/* How the elements lie, and who shares them out. */
typedef struct {
	const char *name;
	guint64 panel;        /* elements a call; 0: all */
	gboolean interleaved; /* [element][vector], else each panel is [vector][element] */
	gboolean own;         /* threads of ours call it for panels of their own, else it has its */
} Layout;

static const Layout layouts[] = {
	{"vectors, its threads", 0, FALSE, FALSE},
	{"panels of 4096, own threads", 4096, FALSE, TRUE},
	{"interleaved by 4096, own threads", 4096, TRUE, TRUE},
};

typedef struct {
	Blas blas;
	guint threads, vectors;
	guint64 elements;
	int *files;
	off_t *begins; /* of the elements, in the files */
	float *values;
	const Layout *layout;
} Matrix;

static guint64 panel_of(const Matrix *matrix)
{
	return matrix->layout->panel ? matrix->layout->panel : matrix->elements;
}

static gboolean open_file(Matrix *matrix, guint vector, const char *path, GError **error)
{
	guint64 header = 0;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 || pread(file, &header, sizeof header, 0) != sizeof header)
		return fail_system(error, path, "cannot read", errno);
	guint64 begin = sizeof header + GUINT64_FROM_LE(header);
	guint64 elements = ((guint64)lseek(file, 0, SEEK_END) - begin) / sizeof(float);
	matrix->files[vector] = file;
	matrix->begins[vector] = (off_t)begin;
	matrix->elements = MIN(matrix->elements, elements / BLOCK * BLOCK);
	return TRUE;
}

static gboolean read_block(
	const Matrix *matrix, guint vector, guint64 first, float *values, GError **error)
{
	gsize length = BLOCK * sizeof(float);
	off_t at = matrix->begins[vector] + (off_t)(first * sizeof(float));
	if (pread(matrix->files[vector], values, length, at) == (ssize_t)length)
		return TRUE;
	return fail(error, ERROR_IO, "cannot read vector %u", vector);
}

static void place(const Matrix *matrix, guint vector, guint64 first, const float *values)
{
	guint64 panel = panel_of(matrix);
	if (matrix->layout->interleaved)
		for (guint64 i = 0; i < BLOCK; i++)
			matrix->values[(first + i) * matrix->vectors + vector] = values[i];
	else
		for (guint64 done = 0; done < BLOCK; done += MIN(panel, BLOCK)) {
			guint64 begin = (first + done) / panel * panel, at = first + done - begin;
			memcpy(matrix->values + begin * matrix->vectors + vector * panel + at,
				values + done, MIN(panel, BLOCK) * sizeof(float));
		}
}

static gboolean fill_block(gpointer data, guint64 item, gpointer slot, GError **error)
{
	const Matrix *matrix = data;
	float *base = slot, *task = base + BLOCK;
	if (!read_block(matrix, 0, item * BLOCK, base, error))
		return FALSE;
	place(matrix, 0, item * BLOCK, base);
	for (guint vector = 1; vector < matrix->vectors; vector++) {
		if (!read_block(matrix, vector, item * BLOCK, task, error))
			return FALSE;
		for (guint i = 0; i < BLOCK; i++)
			task[i] -= base[i];
		place(matrix, vector, item * BLOCK, task);
	}
	return TRUE;
}

static gboolean fill(Matrix *matrix, GError **error)
{
	Parallel parallel = {.items = matrix->elements / BLOCK,
		.threads = matrix->threads,
		.slot_bytes = 2 * BLOCK * sizeof(float),
		.data = matrix,
		.work = fill_block};
	return parallel_run(&parallel, NULL, error);
}

/* Panels first, first + step … into one table of products. */
static void update_panels(const Matrix *matrix, guint64 first, guint64 step, float *products)
{
	int n = (int)matrix->vectors, k = (int)panel_of(matrix);
	guint64 panels = matrix->elements / panel_of(matrix);
	for (guint64 panel = first; panel < panels; panel += step) {
		const float *values = matrix->values + panel * panel_of(matrix) * matrix->vectors;
		if (matrix->layout->interleaved)
			matrix->blas.update(
				ROW_MAJOR, LOWER, TRANSPOSED, n, k, 1, values, n, 1, products, n);
		else
			matrix->blas.update(ROW_MAJOR, LOWER, NOT_TRANSPOSED, n, k, 1, values, k, 1,
				products, n);
	}
}

static gboolean update_share(
	gpointer data, guint64 item, gpointer slot, G_GNUC_UNUSED GError **error)
{
	const Matrix *matrix = data;
	memset(slot, 0, matrix->vectors * matrix->vectors * sizeof(float));
	update_panels(matrix, item, matrix->threads, slot);
	return TRUE;
}

static double time_once(Matrix *matrix)
{
	g_autofree float *products = g_new0(float, matrix->vectors * matrix->vectors);
	Parallel parallel = {.items = matrix->threads,
		.threads = matrix->threads,
		.slot_bytes = matrix->vectors * matrix->vectors * sizeof(float),
		.data = matrix,
		.work = update_share};
	matrix->blas.set_threads(matrix->layout->own ? 1 : (int)matrix->threads);
	gint64 begin = g_get_monotonic_time();
	if (matrix->layout->own)
		parallel_run(&parallel, NULL, NULL);
	else
		update_panels(matrix, 0, 1, products);
	return (double)(g_get_monotonic_time() - begin) / 1e6;
}

static gboolean time_layout(Matrix *matrix, cJSON *report, GError **error)
{
	g_auto(Series) series = {0};
	if (!fill(matrix, error))
		return FALSE;
	for (guint run = 0; run < RUNS; run++)
		series_append(&series, time_once(matrix));
	cJSON *entry = cJSON_CreateObject();
	cJSON_AddStringToObject(entry, "layout", matrix->layout->name);
	json_add_number(entry, "seconds", series_median(&series));
	cJSON_AddItemToArray(report, entry);
	return TRUE;
}

/* Whether there is an OpenBLAS on this machine. */
static gboolean find_blas(Blas *blas)
{
	void *handle = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return FALSE;
	*(void **)&blas->update = dlsym(handle, "cblas_ssyrk");
	*(void **)&blas->set_threads = dlsym(handle, "openblas_set_num_threads");
	*(void **)&blas->config = dlsym(handle, "openblas_get_config");
	return blas->update && blas->set_threads && blas->config;
}

static gboolean open_all(Matrix *matrix, char **paths, GError **error)
{
	for (guint i = 0; i < matrix->vectors; i++)
		if (!open_file(matrix, i, paths[i], error))
			return FALSE;
	matrix->values = g_try_malloc(matrix->elements * matrix->vectors * sizeof(float));
	return matrix->values || fail(error, ERROR_IO, "not enough memory for all vectors");
}

static gboolean bench(Matrix *matrix, const char *layout, char **paths, GError **error)
{
	g_autoptr(cJSON) report = cJSON_CreateObject();
	cJSON *times = cJSON_AddArrayToObject(report, "layouts");
	gboolean found = find_blas(&matrix->blas);
	if (found && !open_all(matrix, paths, error))
		return FALSE;
	for (guint i = 0; found && i < G_N_ELEMENTS(layouts); i++) {
		matrix->layout = &layouts[i];
		if ((g_str_equal(layout, "all") || g_str_equal(layout, layouts[i].name)) &&
			!time_layout(matrix, times, error))
			return FALSE;
	}
	if (found)
		cJSON_AddStringToObject(report, "library", matrix->blas.config());
	g_autofree char *text = json_line(report);
	puts(text);
	return TRUE;
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc < 5) {
		fputs("usage: bench_blas THREADS LAYOUT BASE TASK...\n", stderr);
		return EXIT_FAILURE;
	}
	Matrix matrix = {.threads = (guint)MAX(atoi(argv[1]), 1),
		.vectors = (guint)argc - 3,
		.elements = G_MAXUINT64};
	matrix.files = g_new0(int, matrix.vectors);
	matrix.begins = g_new0(off_t, matrix.vectors);
	gboolean done = bench(&matrix, argv[2], argv + 3, &error);
	g_free(matrix.files);
	g_free(matrix.begins);
	g_free(matrix.values);
	if (error)
		fprintf(stderr, "%s\n", error->message);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
