/* test_corpus.c - every case of the corpus against its manifest: what is in it, or that it is
 * refused, and why. */
#include "corpus.h"

#include "checkpoint/adapter.h"

#include <math.h>

/* The formats that are only recognised, and what their refusal must call them. */
static const struct {
	const char *format, *called;
} recognised[] = {
	{"onnx", "ONNX"},
	{"flax-msgpack", "Flax"},
	{"pickle", "pickle"},
	{"lfs-pointer", "Git LFS"},
	{"html", "HTML"},
	{"empty", "empty"},
	{"gzip", "gzip"},
};

static const char *called(const char *format)
{
	for (guint i = 0; i < G_N_ELEMENTS(recognised); i++)
		if (strcmp(recognised[i].format, format) == 0)
			return recognised[i].called;
	return NULL;
}

/* A refusal names the file, or one of the files of the folder, and can be shown as it is. */
static void check_refused(const GError *error, const char *path, const cJSON *expected)
{
	const char *says = called(corpus_text(expected, "format"));

	g_assert_nonnull(error);
	g_assert_true(error->code == ERROR_INPUT || error->code == ERROR_IO);
	g_assert_nonnull(error_file(error));
	g_assert_true(g_str_has_prefix(error_file(error), path));
	g_assert_true(g_str_has_prefix(error->message, path));
	g_assert_cmpuint(strlen(error->message), >, strlen(path) + 4);
	g_assert_cmpuint(strlen(error->message), <, 1000);
	for (const char *at = error->message; *at != '\0'; at++)
		g_assert_cmpint((guchar)*at, >=, ' ');
	if (says != NULL)
		g_assert_nonnull(strstr(error->message, says));
}

static void check_hash(const char *what, const cJSON *expected, const void *bytes, gsize length)
{
	const char *wanted = corpus_text(expected, what);
	if (wanted == NULL)
		return;
	g_autofree char *hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, length);
	g_assert_cmpstr(hash, ==, wanted);
}

static void check_norm(const cJSON *expected, const double *values, guint64 n)
{
	const cJSON *wanted = corpus_get(expected, "l2");
	double sum = 0;

	for (guint64 i = 0; i < n; i++)
		sum += values[i] * values[i];
	if (cJSON_IsNumber(wanted))
		g_assert_cmpfloat(
			fabs(sqrt(sum) - wanted->valuedouble), <=, 1e-12 * wanted->valuedouble);
	else if (wanted != NULL)
		g_assert_false(isfinite(sum));
}

static void check_numbers(const Tensor *tensor, const guint8 *raw, const cJSON *expected)
{
	g_autofree double *values = g_new(double, tensor->elements + 1);
	g_autofree float *floats = g_new(float, tensor->elements + 1);
	const cJSON *nonfinite = corpus_get(expected, "nonfinite");
	guint64 found = 0;

	dtype_decode_double(tensor->dtype, raw, tensor->elements, values);
	dtype_decode_float(tensor->dtype, raw, tensor->elements, floats);
	check_norm(expected, values, tensor->elements);
	check_hash("sha256_f32", expected, floats, tensor->elements * sizeof *floats);
	for (guint64 i = 0; i < tensor->elements; i++)
		found += isfinite(values[i]) ? 0 : 1;
	if (nonfinite != NULL)
		g_assert_cmpfloat((double)found, ==, nonfinite->valuedouble);
}

/* The hash of raw bytes is of what is stored, which blocks of a quantised type decode from. */
static void check_values(const Checkpoint *checkpoint, guint number, const cJSON *expected)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, number);
	g_autofree guint8 *raw = g_malloc(tensor->bytes + 1);
	g_autoptr(GError) error = NULL;

	checkpoint_read_raw(checkpoint, number, 0, tensor->elements, raw, &error);
	g_assert_no_error(error);
	if (tensor->stored_type == NULL)
		check_hash("sha256_raw", expected, raw, tensor->bytes);
	if (dtype_info(tensor->dtype)->class != CLASS_OPAQUE)
		check_numbers(tensor, raw, expected);
}

static void check_shape(const Tensor *tensor, const cJSON *shape)
{
	g_assert_cmpint(cJSON_GetArraySize(shape), ==, tensor->rank);
	for (guint i = 0; i < tensor->rank; i++)
		g_assert_cmpfloat((double)tensor->shape[i], ==,
			cJSON_GetArrayItem(shape, (int)i)->valuedouble);
}

static void check_tensor(const Checkpoint *checkpoint, const cJSON *expected)
{
	gint number = checkpoint_find(checkpoint, expected->string);
	const cJSON *stored = corpus_get(expected, "nbytes");

	g_test_message("  %s", expected->string);
	g_assert_cmpint(number, >=, 0);
	const Tensor *tensor = checkpoint_tensor(checkpoint, (guint)number);
	if (!g_hash_table_contains(checkpoint->aliases, expected->string))
		g_assert_cmpstr(tensor->name, ==, expected->string);
	g_assert_cmpstr(tensor_type(tensor), ==, corpus_text(expected, "dtype"));
	check_shape(tensor, corpus_get(expected, "shape"));
	guint64 bytes = tensor->stored_type != NULL ? tensor->stored_bytes : tensor->bytes;
	if (stored != NULL)
		g_assert_cmpfloat((double)bytes, ==, stored->valuedouble);
	check_values(checkpoint, (guint)number, expected);
}

/* All names that the manifest has, tied ones too, and no others. */
static void check_tensors(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *tensors = corpus_get(expected, "tensors"), *tensor;

	if (tensors == NULL)
		return;
	cJSON_ArrayForEach (tensor, tensors) {
		check_tensor(checkpoint, tensor);
	}
	g_assert_cmpint(cJSON_GetArraySize(tensors), ==,
		checkpoint_count(checkpoint) + g_hash_table_size(checkpoint->aliases));
}

static void check_aliases(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *groups = corpus_get(expected, "aliases"), *group, *name;

	cJSON_ArrayForEach (group, groups) {
		guint tensors = 0;
		gint place = checkpoint_find(checkpoint, cJSON_GetArrayItem(group, 0)->valuestring);
		cJSON_ArrayForEach (name, group) {
			g_assert_cmpint(checkpoint_find(checkpoint, name->valuestring), ==, place);
			if (!g_hash_table_contains(checkpoint->aliases, name->valuestring))
				tensors++;
		}
		g_assert_cmpuint(tensors, ==, 1);
	}
}

static void check_skipped(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *name;

	cJSON_ArrayForEach (name, corpus_get(expected, "skipped")) {
		gboolean listed = FALSE;
		for (guint i = 0; i < checkpoint->skipped->len; i++) {
			const Skipped *skipped = g_ptr_array_index(checkpoint->skipped, i);
			listed |= strcmp(skipped->name, name->string) == 0 && *skipped->reason;
		}
		g_assert_true(listed);
		g_assert_cmpint(checkpoint_find(checkpoint, name->string), ==, -1);
	}
}

/* What the reader tells of the file, where the manifest knows it. */
static void check_told(const Checkpoint *checkpoint, const char *key, const char *wanted)
{
	const char *told = g_hash_table_lookup(checkpoint->about, key);
	if (wanted != NULL)
		g_assert_cmpstr(told != NULL ? told : "", ==, wanted);
}

static void check_metadata(const Checkpoint *checkpoint, const cJSON *expected)
{
	const cJSON *metadata = corpus_get(expected, "metadata"), *entry;
	cJSON_ArrayForEach (entry, metadata) {
		g_assert_cmpstr(g_hash_table_lookup(checkpoint->metadata, entry->string), ==,
			entry->valuestring);
	}
}

/* A folder's format is that of its weights. */
static void check_format(const Checkpoint *checkpoint, const cJSON *expected)
{
	const char *format = corpus_text(expected, "format");
	if (strcmp(format, "hf-dir") != 0)
		g_assert_cmpstr(checkpoint->format, ==, format);
}

static void check_accepted(const Checkpoint *checkpoint, const cJSON *expected)
{
	check_format(checkpoint, expected);
	check_tensors(checkpoint, expected);
	check_aliases(checkpoint, expected);
	check_skipped(checkpoint, expected);
	check_metadata(checkpoint, expected);
	check_told(checkpoint, "root", corpus_text(expected, "root"));
	check_told(checkpoint, "class", corpus_text(expected, "class_name"));
}

static void check_valid(const char *kind, const cJSON *expected)
{
	g_autofree char *path = corpus_path(kind, expected->string);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, &error);
	gboolean refused = corpus_get(expected, "unsupported") != NULL ||
			   corpus_get(expected, "children") != NULL;

	if (refused)
		g_assert_null(checkpoint);
	else if (corpus_get(expected, "optional") == NULL)
		g_assert_no_error(error);
	if (checkpoint != NULL)
		check_accepted(checkpoint, expected);
	else
		check_refused(error, path, expected);
}

static void test_valid(gconstpointer expected)
{
	check_valid("valid", expected);
}

static void test_wild(gconstpointer expected)
{
	check_valid("wild", expected);
}

/* A base with the tensors that an adapter's case is about, written into a scratch folder. */
static Checkpoint *write_base(const char *folder, const cJSON *shapes)
{
	g_autofree char *path = g_build_filename(folder, "base.safetensors", NULL);
	g_autoptr(GArray) tensors = g_array_new(FALSE, TRUE, sizeof(TestTensor));
	const cJSON *shape;

	cJSON_ArrayForEach (shape, shapes) {
		TestTensor tensor = {.name = shape->string, .dtype = DTYPE_F32};
		tensor.rank = (guint)cJSON_GetArraySize(shape);
		for (guint i = 0; i < tensor.rank; i++)
			tensor.shape[i] = (guint64)cJSON_GetArrayItem(shape, (int)i)->valuedouble;
		g_array_append_val(tensors, tensor);
	}
	test_write_safetensors(path, (const TestTensor *)(void *)tensors->data, tensors->len);
	return checkpoint_open(path, NULL);
}

/* An adapter may be found wrong only when it meets its base. */
static Checkpoint *open_hostile(const char *path, const cJSON *expected, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_open(path, error);
	const cJSON *shapes = corpus_get(expected, "base_shapes");

	if (checkpoint == NULL || shapes == NULL || !adapter_is_unbound(checkpoint))
		return g_steal_pointer(&checkpoint);
	char *folder = test_folder();
	g_autoptr(Checkpoint) base = write_base(folder, shapes);
	Checkpoint *bound = adapter_bind(checkpoint, base, error);
	test_folder_remove(folder);
	return bound;
}

static void test_hostile(gconstpointer data)
{
	const cJSON *expected = data;
	const char *verdict = corpus_text(expected, "verdict");
	g_autofree char *path = corpus_path("hostile", expected->string);
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = open_hostile(path, expected, &error);

	g_assert_true((checkpoint == NULL) == (error != NULL));
	if (strcmp(verdict, "accept") == 0)
		g_assert_no_error(error);
	if (strcmp(verdict, "reject") == 0)
		g_assert_null(checkpoint);
	if (checkpoint != NULL)
		check_tensors(checkpoint, expected);
	else
		check_refused(error, path, expected);
	corpus_no_payload();
}

/* Whether a file is a case, lies in the folder of one, or is there to be bound to or found. */
static gboolean has_case(const cJSON *cases, const char *name)
{
	const cJSON *expected;
	gsize length;

	if (strcmp(name, "manifest.json") == 0)
		return TRUE;
	cJSON_ArrayForEach (expected, cases) {
		const char *base = corpus_text(expected, "base");
		length = strlen(expected->string);
		if (strncmp(name, expected->string, length) == 0 && strchr("/", name[length]))
			return TRUE;
		if (base != NULL && g_str_has_prefix(name, base))
			return TRUE;
	}
	return FALSE;
}

static void check_folder(const cJSON *cases, const char *kind, const char *folder)
{
	g_autofree char *path = corpus_path(kind, folder);
	g_autoptr(GDir) names = g_dir_open(path, 0, NULL);
	const char *name;

	g_assert_nonnull(names);
	while ((name = g_dir_read_name(names)) != NULL) {
		g_autofree char *relative =
			*folder ? g_build_filename(folder, name, NULL) : g_strdup(name);
		g_autofree char *full = corpus_path(kind, relative);
		if (g_file_test(full, G_FILE_TEST_IS_DIR))
			check_folder(cases, kind, relative);
		else if (!has_case(cases, relative))
			g_error("%s is in no manifest", full);
	}
}

/* No file of the corpus is without a verdict, and no verdict was lost. */
static void test_whole(void)
{
	static const int counts[] = {86, 9, 359};

	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++) {
		g_autoptr(cJSON) cases = corpus_cases(corpus_kinds[i]);
		g_assert_cmpint(cJSON_GetArraySize(cases), ==, counts[i]);
		check_folder(cases, corpus_kinds[i], "");
	}
}

int main(int argc, char **argv)
{
	static const GTestDataFunc tests[] = {test_valid, test_wild, test_hostile};
	cJSON *cases[G_N_ELEMENTS(corpus_kinds)];

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/whole", test_whole);
	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++) {
		cases[i] = corpus_cases(corpus_kinds[i]);
		corpus_add(corpus_kinds[i], cases[i], tests[i]);
	}
	int status = g_test_run();
	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++)
		cJSON_Delete(cases[i]);
	return status;
}
