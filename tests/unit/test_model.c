/* test_model.c - edited models: their bytes against the truth, their header, the same on any
 * threads. */
#include "export.h"

/* The names of a checkpoint's tensors in ascending order of their bytes. */
static GPtrArray *sorted_names(const Checkpoint *checkpoint)
{
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		g_ptr_array_add(names, checkpoint_tensor(checkpoint, i)->name);
	g_ptr_array_sort(names, compare_bytewise);
	return names;
}

/* The hash and the length of all tensors, as data/digits/README.md defines them. */
static void measure(const char *path, char **sha256, double *l2)
{
	g_autoptr(Checkpoint) checkpoint = open_checked(path);
	g_autoptr(GPtrArray) names = sorted_names(checkpoint);
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	double square = 0;
	for (guint i = 0; i < names->len; i++) {
		gsize length;
		g_autofree guint8 *raw = raw_tensor(checkpoint, names->pdata[i], &length);
		g_checksum_update(sum, raw, (gssize)length);
		for (gsize at = 0; at < length; at += sizeof(float)) {
			float value;
			memcpy(&value, raw + at, sizeof value);
			square += (double)value * value;
		}
	}
	*sha256 = g_strdup(g_checksum_get_string(sum));
	*l2 = sqrt(square);
}

static cJSON *read_truth(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = test_source("data/digits/truth.json");
	cJSON *truth = json_read_file(path, 64u << 20, &error);
	test_no_error(error);
	return truth;
}

static const struct {
	const char *text, *key;
} truths[] = {
	{"0.4*(mnist + \"mnist-inv\")", "base + 0.4*(mnist + mnist-inv)"},
	{"-0.7*mnist", "base - 0.7*mnist"},
	{"optdigits + (\"mnist-inv\" - mnist)", "base + optdigits + (mnist-inv - mnist)"},
	{"0.3*(mnist + optdigits + \"mnist-inv\" + fashion + greek + cyrillic)",
		"base + 0.3*(mnist + optdigits + mnist-inv + fashion + greek + cyrillic)"},
	{"ties(mnist, optdigits, \"mnist-inv\", fashion, greek, cyrillic, density=0.2, "
	 "dialect=mergekit)",
		"TIES(mnist, optdigits, mnist-inv, fashion, greek, cyrillic; density=0.2, "
		"lambda=1.0)"},
	{"ties(mnist, \"mnist-inv\", density=0.2, dialect=mergekit)",
		"TIES(mnist, mnist-inv; density=0.2, lambda=1.0)"},
};

static void test_truth(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(cJSON) truth = read_truth();
	const cJSON *edits = cJSON_GetObjectItemCaseSensitive(truth, "edits");
	for (gsize i = 0; i < G_N_ELEMENTS(truths); i++) {
		g_autofree char *name = g_strdup_printf("%d.safetensors", (int)i);
		g_autofree char *path = path_in(fixture, name);
		g_autofree char *sha256 = NULL;
		double l2;
		model_report_free(write_edit(fixture, truths[i].text, name));
		const cJSON *edit = cJSON_GetObjectItemCaseSensitive(edits, truths[i].key);
		const cJSON *hash = cJSON_GetObjectItemCaseSensitive(edit, "sha256_f32");
		measure(path, &sha256, &l2);
		g_assert_cmpstr(sha256, ==, hash->valuestring);
		digits_norm(l2, cJSON_GetObjectItemCaseSensitive(edit, "l2")->valuedouble);
	}
}

static void read_doubles(const Checkpoint *checkpoint, const char *name, double *values)
{
	gsize length;
	g_autofree guint8 *raw = raw_tensor(checkpoint, name, &length);
	dtype_decode_double(DTYPE_F32, raw, length / sizeof(float), values);
}

/* The soup of whole weights: the truth adds whole weights, an edit adds differences to the base, so
 * the last bit may differ, and no more. */
static void test_soup(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const double weights[] = {0.5, 0.3, 0.2};
	static const char *const tasks[] = {"mnist", "mnist-inv", "optdigits"};
	g_autofree char *path = path_in(fixture, "soup.safetensors");
	model_report_free(write_edit(
		fixture, "0.5*mnist + 0.3*\"mnist-inv\" + 0.2*optdigits", "soup.safetensors"));
	g_autoptr(Checkpoint) written = open_checked(path);
	for (guint t = 0; t < checkpoint_count(written); t++) {
		const Tensor *tensor = checkpoint_tensor(written, t);
		g_autofree double *sum = g_new0(double, tensor->elements);
		g_autofree double *one = g_new(double, tensor->elements);
		for (guint k = 0; k < 3; k++) {
			gint member = collection_find(fixture->collection, tasks[k]);
			read_doubles(
				collection_member(fixture->collection, (guint)member)->checkpoint,
				tensor->name, one);
			for (guint64 i = 0; i < tensor->elements; i++)
				sum[i] += weights[k] * one[i];
		}
		read_doubles(written, tensor->name, one);
		for (guint64 i = 0; i < tensor->elements; i++) {
			float expected = (float)sum[i], found = (float)one[i];
			g_assert_true(found >= nextafterf(expected, -INFINITY) &&
				      found <= nextafterf(expected, INFINITY));
		}
	}
	g_autoptr(cJSON) truth = read_truth();
	const cJSON *soup =
		cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(truth, "edits"),
			"soup 0.5*mnist + 0.3*mnist-inv + 0.2*optdigits (whole weights)");
	g_autofree char *sha256 = NULL;
	double l2, expected = cJSON_GetObjectItemCaseSensitive(soup, "l2")->valuedouble;
	measure(path, &sha256, &l2);
	g_assert_cmpfloat(fabs(l2 - expected), <=, 1e-9 * expected);
}

static void assert_same_tensors(const char *path, const Checkpoint *expected)
{
	g_autoptr(Checkpoint) written = open_checked(path);
	g_assert_cmpuint(checkpoint_count(written), ==, checkpoint_count(expected));
	for (guint i = 0; i < checkpoint_count(expected); i++) {
		const char *name = checkpoint_tensor(expected, i)->name;
		gsize length, expected_length;
		g_autofree guint8 *found = raw_tensor(written, name, &length);
		g_autofree guint8 *wanted = raw_tensor(expected, name, &expected_length);
		g_assert_cmpuint(length, ==, expected_length);
		g_assert_true(memcmp(found, wanted, length) == 0);
	}
}

static guint count_differing(const Checkpoint *one, const Checkpoint *other)
{
	guint differing = 0;
	for (guint i = 0; i < checkpoint_count(one); i++) {
		const char *name = checkpoint_tensor(one, i)->name;
		gsize length, other_length;
		g_autofree guint8 *a = raw_tensor(one, name, &length);
		g_autofree guint8 *b = raw_tensor(other, name, &other_length);
		differing += memcmp(a, b, length) != 0 ? 1 : 0;
	}
	return differing;
}

static void test_identity(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *task = path_in(fixture, "task.safetensors");
	g_autofree char *base = path_in(fixture, "base.safetensors");
	g_autoptr(ModelReport) one = write_edit(fixture, "fashion", "task.safetensors");
	g_autoptr(ModelReport) none = write_edit(fixture, "0*fashion", "base.safetensors");
	gint fashion = collection_find(fixture->collection, "fashion");
	assert_same_tensors(
		task, collection_member(fixture->collection, (guint)fashion)->checkpoint);
	assert_same_tensors(base, collection_member(fixture->collection, 0)->checkpoint);
	g_autoptr(Checkpoint) written = open_checked(task);
	g_assert_cmpuint(one->changed, ==,
		count_differing(written, collection_member(fixture->collection, 0)->checkpoint));
	g_assert_cmpuint(none->changed, ==, 0);
}

static void test_threads(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const ModelRequest requests[] = {
		{.threads = 1}, {.threads = 2}, {.threads = 7}, {.threads = 3, .budget = 1}};
	g_autofree char *first = NULL;
	gsize first_length = 0;
	for (gsize i = 0; i < G_N_ELEMENTS(requests); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path = path_in(fixture, "out.safetensors");
		g_autofree char *bytes = NULL;
		gsize length;
		ModelRequest request = requests[i];
		request.replace = TRUE;
		model_report_free(write_with(fixture->collection,
			"0.3*(mnist - 0.1*greek@40)[blocks.0-1] + ramp(0, 1)*fashion", path,
			request, NULL, &error));
		test_no_error(error);
		g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
		g_assert_true(!first || length == first_length);
		g_assert_true(!first || memcmp(first, bytes, length) == 0);
		if (!first)
			first = g_steal_pointer(&bytes);
		first_length = length;
	}
}

static void test_header(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autofree char *path = path_in(fixture, "out.safetensors");
	g_autofree char *bytes = NULL;
	gsize length;
	g_autoptr(ModelReport) report = write_with(fixture->collection, "mnist*0.5", path,
		(ModelRequest){.scale = 0.30000000000000004}, NULL, NULL);
	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	guint64 header;
	memcpy(&header, bytes, sizeof header);
	header = GUINT64_FROM_LE(header);
	g_assert_cmpuint(header % 8, ==, 0);
	g_assert_cmpuint(length, ==, 8 + header + 63312 * 4);
	g_assert_cmpuint(report->bytes, ==, length);
	g_autoptr(cJSON) json = json_parse(bytes + 8, header, NULL);
	const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(json, "__metadata__");
	g_assert_cmpstr(
		cJSON_GetObjectItemCaseSensitive(metadata, "format")->valuestring, ==, "pt");
	const char *text =
		cJSON_GetObjectItemCaseSensitive(metadata, "tauscope_recipe")->valuestring;
	g_autoptr(cJSON) recipe_json = json_parse(text, strlen(text), NULL);
	g_autoptr(Recipe) recipe = recipe_from_json(recipe_json, NULL);
	g_assert_cmpstr(recipe->expression, ==, "0.5*mnist");
	g_assert_cmpfloat(recipe->scale, ==, 0.30000000000000004);
	/* The data lies as in the base. */
	const Checkpoint *base = collection_member(fixture->collection, 0)->checkpoint;
	g_autoptr(Checkpoint) written = open_checked(path);
	guint64 base_start = G_MAXUINT64;
	for (guint i = 0; i < checkpoint_count(base); i++)
		base_start = MIN(base_start, checkpoint_tensor(base, i)->offset);
	for (guint i = 0; i < checkpoint_count(base); i++)
		g_assert_cmpuint(checkpoint_tensor(written, i)->offset - 8 - header, ==,
			checkpoint_tensor(base, i)->offset - base_start);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/model/truth", test_truth},
		{"/model/soup", test_soup},
		{"/model/identity", test_identity},
		{"/model/threads", test_threads},
		{"/model/header", test_header},
	};
	g_test_init(&argc, &argv, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up_digits, cases[i].run, tear_down);
	return g_test_run();
}
