/* test_model_type.c - exports in every float type: their bytes by the formula of rounding, their
 * layout, what overflows, and what the files beside them say. */
#include "export.h"

#include "export/json_edit.h"
#include "export/model_type.h"

#define VALUES 600u

/* One type as IEEE 754 builds it. */
typedef struct {
	Dtype dtype;
	const char *torch;
	int exponent_bits, mantissa_bits, bias;
	double largest;
	guint64 beyond; /* the bits of what is larger */
} Format;

static const Format formats[] = {
	{DTYPE_F64, "float64", 11, 52, 1023, 1.7976931348623157e308, 0x7ff0000000000000},
	{DTYPE_F32, "float32", 8, 23, 127, 3.4028234663852886e38, 0x7f800000},
	{DTYPE_F16, "float16", 5, 10, 15, 65504, 0x7c00},
	{DTYPE_BF16, "bfloat16", 8, 7, 127, 3.3895313892515355e38, 0x7f80},
	{DTYPE_F8_E5M2, "float8_e5m2", 5, 2, 15, 57344, 0x7c},
	{DTYPE_F8_E4M3, "float8_e4m3fn", 4, 3, 7, 448, 0x7f},
};

/* The bits of a number rounded to the nearest of a format, ties to even: a whole count of its
 * smallest step at that size, which nearbyint finds.  Beyond the format's range is not asked. */
static guint64 bits_of(const Format *format, double value)
{
	int least = 1 - format->bias, exponent = value == 0 ? least : MAX(ilogb(value), least);
	double steps = nearbyint(ldexp(fabs(value), format->mantissa_bits - exponent));
	if (steps == ldexp(1, format->mantissa_bits + 1)) {
		steps /= 2;
		exponent++;
	}
	guint64 hidden = (guint64)1 << format->mantissa_bits, bits = (guint64)steps;
	if (bits >= hidden)
		bits += ((guint64)(exponent - least + 1) << format->mantissa_bits) - hidden;
	guint64 sign = signbit(value) ? 1 : 0;
	return bits | sign << (format->exponent_bits + format->mantissa_bits);
}

/* Numbers of all sizes below 400, some on the middle between two of a narrow type. */
static void fill(double *values, guint n, guint seed)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);
	for (guint i = 0; i < n; i++) {
		double size = ldexp(1, g_rand_int_range(random, -20, 8));
		double number = g_rand_double_range(random, -1.5, 1.5) * size;
		if (i % 5 == 0)
			number = (g_rand_int_range(random, -63, 64) + 0.5) * size / 64;
		values[i] = (double)(float)number;
	}
}

/* A base of floats and integers, and a task "t"; both of two floats that an edit leaves alone. */
static Collection *typed_collection(const Fixture *fixture, double *base, double *task)
{
	static const double fixed[] = {1.0 / 3, -2.7};
	static const double counts[] = {1, 2, 3};
	TestTensor tensors[] = {{"w", DTYPE_F32, 2, {30, VALUES / 30}, base},
		{"seen", DTYPE_I64, 1, {3}, counts}, {"fixed", DTYPE_F32, 1, {2}, fixed},
		{"half", DTYPE_F16, 1, {2}, fixed}, {"none", DTYPE_F32, 2, {0, 4}, NULL}};
	g_autofree char *base_path = path_in(fixture, "typed.safetensors");
	g_autofree char *task_path = path_in(fixture, "typed-task.safetensors");
	fill(base, VALUES, 1);
	fill(task, VALUES, 2);
	test_write_safetensors(base_path, tensors, G_N_ELEMENTS(tensors));
	tensors[0].values = task;
	test_write_safetensors(task_path, tensors, 3);
	Collection *collection = collection_new(open_checked(base_path));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task_path);
	return collection;
}

static void assert_bits(const Format *format, const guint8 *raw, double expected)
{
	guint64 bits = 0;
	memcpy(&bits, raw, dtype_info(format->dtype)->bits / 8);
	g_assert_cmphex(GUINT64_FROM_LE(bits), ==, bits_of(format, expected));
}

static void test_rounding(Fixture *fixture, gconstpointer data)
{
	(void)data;
	double base[VALUES], task[VALUES];
	g_autoptr(Collection) collection = typed_collection(fixture, base, task);
	for (gsize f = 0; f < G_N_ELEMENTS(formats); f++) {
		g_autoptr(GError) error = NULL;
		const Format *format = &formats[f];
		gsize size = dtype_info(format->dtype)->bits / 8, length;
		g_autofree char *path = path_in(fixture, "out.safetensors");
		ModelRequest request = {
			.scale = 0.5, .dtype = (gint)format->dtype, .replace = TRUE};
		g_autoptr(ModelReport) report =
			write_with(collection, "0.3*t[w]", path, request, NULL, &error);
		test_no_error(error);
		g_autoptr(Checkpoint) written = open_checked(path);
		g_autofree guint8 *w = raw_tensor(written, "w", &length);
		g_assert_cmpuint(length, ==, VALUES * size);
		for (guint i = 0; i < VALUES; i++)
			assert_bits(
				format, w + i * size, base[i] + 0.5 * (0.3 * (task[i] - base[i])));
		g_autofree guint8 *fixed = raw_tensor(written, "fixed", &length);
		assert_bits(format, fixed, (double)(float)(1.0 / 3));
		assert_bits(format, fixed + size, (double)(float)-2.7);
		assert_tensor(
			written, "seen", "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0", 24);
		g_assert_cmpuint(report->changed, ==, 1);
		g_assert_cmpuint(report->converted, ==,
			format->dtype == DTYPE_F32   ? 1
			: format->dtype == DTYPE_F16 ? 3
						     : 4);
		GStatBuf status;
		g_assert_cmpint(g_stat(path, &status), ==, 0);
		g_assert_cmpuint(report->bytes, ==, (guint64)status.st_size);
	}
}

/* A value beyond the type: refused with tensor and count, or infinite where it may be. */
static void test_overflow(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {70000, -65519, 1}, task[] = {70000, -65521, -70000};
	g_autofree char *base_path = path_in(fixture, "large.safetensors");
	g_autofree char *task_path = path_in(fixture, "large-task.safetensors");
	g_autofree char *out = path_in(fixture, "out.safetensors");
	test_write_safetensors(base_path, &(TestTensor){"w", DTYPE_F32, 1, {3}, base}, 1);
	test_write_safetensors(task_path, &(TestTensor){"w", DTYPE_F32, 1, {3}, task}, 1);
	g_autoptr(Collection) collection = collection_new(open_checked(base_path));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task_path);
	for (gsize f = 0; f < G_N_ELEMENTS(formats); f++) {
		g_autoptr(GError) error = NULL;
		const Format *format = &formats[f];
		guint64 size = dtype_info(format->dtype)->bits / 8, bits[3] = {0};
		ModelRequest request = {.dtype = (gint)format->dtype, .replace = TRUE};
		gboolean fits = format->largest > 1e38;
		ModelReport *report = write_with(collection, "t", out, request, NULL, &error);
		g_assert_cmpint(report != NULL, ==, fits);
		g_clear_pointer(&report, model_report_free);
		if (fits)
			continue;
		g_autofree char *says = g_strdup_printf(
			"tensor w: 3 values are too large for %s", dtype_info(format->dtype)->name);
		test_error(error, ERROR_INPUT, says);
		g_assert_nonnull(strstr(error_remedy(error), "--infinite"));
		g_clear_error(&error);
		request.infinite = TRUE;
		g_autoptr(ModelReport) written =
			write_with(collection, "t", out, request, NULL, &error);
		test_no_error(error);
		g_assert_cmpstr(written->warnings->pdata[0], ==,
			"1 tensor with values too large for their type, which became infinite (3 "
			"elements): w");
		g_assert_cmpuint(written->warnings->len, ==, 1);
		g_autoptr(Checkpoint) there = open_checked(out);
		gsize length;
		g_autofree guint8 *raw = raw_tensor(there, "w", &length);
		for (guint i = 0; i < 3; i++) {
			memcpy(&bits[i], raw + i * size, size);
			g_assert_cmphex(GUINT64_FROM_LE(bits[i]) & ~((guint64)1 << (8 * size - 1)),
				==, format->beyond);
		}
	}
}

/* What rounds down to the largest number is no overflow. */
static void test_edge(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const double base[] = {65519, 0}, task[] = {0, 65519};
	g_autofree char *base_path = path_in(fixture, "edge.safetensors");
	g_autofree char *task_path = path_in(fixture, "edge-task.safetensors");
	g_autofree char *out = path_in(fixture, "out.safetensors");
	test_write_safetensors(base_path, &(TestTensor){"w", DTYPE_F32, 1, {2}, base}, 1);
	test_write_safetensors(task_path, &(TestTensor){"w", DTYPE_F32, 1, {2}, task}, 1);
	g_autoptr(Collection) collection = collection_new(open_checked(base_path));
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task_path);
	static const struct {
		const char *edit, *bytes;
	} rows[] = {
		{"0*t", "\xff\x7b\0\0"}, {"t", "\0\0\xff\x7b"}, {"1.0*t + 0*t", "\0\0\xff\x7b"}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		model_report_free(write_with(collection, rows[i].edit, out,
			(ModelRequest){.dtype = DTYPE_F16, .replace = TRUE}, NULL, &error));
		test_no_error(error);
		g_autoptr(Checkpoint) written = open_checked(out);
		assert_tensor(written, "w", rows[i].bytes, 4);
	}
}

/* A member that is copied whole is in the type that was asked for too. */
static void test_copied_member(Fixture *fixture, gconstpointer data)
{
	(void)data;
	double base[VALUES], task[VALUES];
	g_autoptr(Collection) collection = typed_collection(fixture, base, task);
	g_autofree char *path = path_in(fixture, "out.safetensors");
	model_report_free(
		write_with(collection, "t", path, (ModelRequest){.dtype = DTYPE_BF16}, NULL, NULL));
	g_autoptr(Checkpoint) written = open_checked(path);
	gsize length;
	g_autofree guint8 *w = raw_tensor(written, "w", &length);
	for (guint i = 0; i < VALUES; i++)
		assert_bits(&formats[3], w + 2 * i, task[i]);
}

static void test_words(void)
{
	static const struct {
		const char *word;
		gint dtype;
	} words[] = {{"base", -1}, {"BASE", -1}, {"F32", DTYPE_F32}, {"bf16", DTYPE_BF16},
		{"float16", DTYPE_F16}, {"BFloat16", DTYPE_BF16}, {"float64", DTYPE_F64},
		{"float8_e4m3fn", DTYPE_F8_E4M3}, {"f8_e5m2", DTYPE_F8_E5M2}};
	static const char *const refused[] = {"", "int8", "F8_E8M0", "I32", "float"};
	for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
		gint dtype;
		g_assert_true(model_type_from_word(words[i].word, &dtype, NULL));
		g_assert_cmpint(dtype, ==, words[i].dtype);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		gint dtype;
		g_autoptr(GError) error = NULL;
		g_assert_false(model_type_from_word(refused[i], &dtype, &error));
		test_error(error, ERROR_USAGE, "can be written as base, F32, F16, BF16");
	}
	for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
		g_assert_cmpstr(model_type_torch(formats[i].dtype), ==, formats[i].torch);
}

static void write_text(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	test_write(path, text, strlen(text));
}

static void assert_text(const char *folder, const char *name, const char *expected)
{
	g_autofree char *path = g_build_filename(folder, name, NULL), *text = NULL;
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, expected);
}

/* A model of two shards of F32 and an integer, with an index and a config. */
static Collection *folder_collection(const Fixture *fixture, const char *config, const char *index)
{
	const double values[] = {1, 2, 3}, moved[] = {2, 4, 6};
	TestTensor first[] = {{"a", DTYPE_F32, 1, {2}, values}};
	TestTensor second[] = {{"b", DTYPE_F32, 1, {3}, values}, {"n", DTYPE_I32, 1, {1}, NULL}};
	g_autofree char *folder = path_in(fixture, "model");
	g_autofree char *one = path_in(fixture, "model/model-00001-of-00002.safetensors");
	g_autofree char *two = path_in(fixture, "model/model-00002-of-00002.safetensors");
	g_autofree char *task = path_in(fixture, "shard-task.safetensors");
	g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	test_write_safetensors(one, first, 1);
	test_write_safetensors(two, second, 2);
	write_text(folder, "model.safetensors.index.json", index);
	write_text(folder, "config.json", config);
	Collection *collection = collection_new(open_checked(folder));
	test_write_safetensors(task, &(TestTensor){"b", DTYPE_F32, 1, {3}, moved}, 1);
	add_member(collection, "t", MEMBER_TASK, NULL, -1, task);
	return collection;
}

#define INDEX(size)                                                                                \
	"{ \"metadata\" : {\"kept\": [1.0, \"\\u00e9\"], \"total_size\":" size "} ,\n"             \
	"\"weight_map\": {\"a\": \"model-00001-of-00002.safetensors\",\n"                          \
	"  \"b\": \"model-00002-of-00002.safetensors\", "                                          \
	"\"n\": \"model-00002-of-00002.safetensors\"}}\n\n"
#define CONFIG(type)                                                                               \
	"{\"torch_dtype\"  : " type                                                                \
	",\n\t\"text\":{\"torch_dtype\":\"float32\"}, \"rope\":1e-06,\n"                           \
	"\"vision_config\" : {\"depth\": 2, \"dtype\":" type "}}"

/* What says type and size says the new ones; every other byte beside the weights stays. */
static void test_side_files(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Collection) collection =
		folder_collection(fixture, CONFIG("\"float32\""), INDEX(" 24 "));
	g_autofree char *output = path_in(fixture, "half/"), *folder = path_in(fixture, "half");
	g_autoptr(ModelReport) report = write_with(
		collection, "0.5*t", output, (ModelRequest){.dtype = DTYPE_BF16}, NULL, &error);
	test_no_error(error);
	assert_text(folder, "config.json", CONFIG("\"bfloat16\""));
	assert_text(folder, "model.safetensors.index.json", INDEX(" 14 "));
	g_assert_cmpuint(report->notes->len, ==, 2);
	g_assert_cmpstr(report->notes->pdata[0], ==,
		"config.json: torch_dtype is \"bfloat16\" now, and was \"float32\"");
	g_assert_cmpstr(report->notes->pdata[1], ==,
		"config.json: vision_config.dtype is \"bfloat16\" now, and was \"float32\"");
	g_autoptr(Checkpoint) written = open_checked(folder);
	g_assert_cmpuint(written->files->len, ==, 2);
	assert_tensor(written, "b", "\xc0\x3f\x40\x40\x90\x40", 6); /* 1.5, 3 and 4.5 */
	/* Untouched where the type is the base's. */
	g_autofree char *plain = path_in(fixture, "plain/"), *same = path_in(fixture, "plain");
	g_autoptr(ModelReport) as_base =
		write_with(collection, "0.5*t", plain, (ModelRequest){0}, NULL, &error);
	test_no_error(error);
	assert_text(same, "config.json", CONFIG("\"float32\""));
	assert_text(same, "model.safetensors.index.json", INDEX(" 24 "));
	g_assert_cmpuint(as_base->notes->len, ==, 0);
	g_assert_cmpuint(as_base->converted, ==, 0);
}

/* A config that is no JSON is copied, with a word of it; one that says no type just copied. */
static void test_odd_config(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *config;
		guint warnings;
	} rows[] = {{"{\"torch_dtype\": \"float32\",}", 1}, {"{\"torch_dtype\": null}", 0},
		{"{\"layers\": 2}", 0}, {"[\"torch_dtype\"]", 0}, {"", 1}};
	g_autoptr(Collection) collection =
		folder_collection(fixture, CONFIG("\"float32\""), INDEX(" 24 "));
	g_autofree char *folder = path_in(fixture, "model"), *out = path_in(fixture, "out");
	g_assert_cmpint(g_mkdir(out, 0777), ==, 0);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		write_text(folder, "config.json", rows[i].config);
		g_autoptr(ModelReport) report = write_with(collection, "0.5*t", out,
			(ModelRequest){.dtype = DTYPE_F16, .replace = TRUE}, NULL, &error);
		test_no_error(error);
		assert_text(out, "config.json", rows[i].config);
		g_assert_cmpuint(report->notes->len, ==, 0);
		guint said = 0;
		for (guint w = 0; w < report->warnings->len; w++)
			said += strstr(report->warnings->pdata[w], "config.json is no JSON") !=
				NULL;
		g_assert_cmpuint(said, ==, rows[i].warnings);
	}
}

static void test_json_edit(void)
{
	static const char text[] = "{\"a\":{\"x\":[1,2]}, \"b\" : {\"a\": 1.50 , \"b\": \"\\\"\"}}";
	static const char *const paths[][3] = {{"b", "a"}, {"a"}, {"b", "b"}};
	static const char *const before[] = {"1.50", "{\"x\":[1,2]}", "\"\\\"\""};
	static const char *const after[] = {
		"{\"a\":{\"x\":[1,2]}, \"b\" : {\"a\": 7 , \"b\": \"\\\"\"}}",
		"{\"a\":7, \"b\" : {\"a\": 1.50 , \"b\": \"\\\"\"}}",
		"{\"a\":{\"x\":[1,2]}, \"b\" : {\"a\": 1.50 , \"b\": 7}}",
	};
	static const char *const absent[][3] = {{"c"}, {"a", "a"}, {"b", "a"}};
	for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
		g_autofree char *was = NULL;
		g_autofree char *now = json_edit_value(text, strlen(text), paths[i], "7", &was);
		g_assert_cmpstr(now, ==, after[i]);
		g_assert_cmpstr(was, ==, before[i]);
	}
	g_assert_null(json_edit_value(text, strlen(text), absent[0], "7", NULL));
	g_assert_null(json_edit_value(text, strlen(text), absent[1], "7", NULL));
	g_assert_null(json_edit_value("{\"b\": {\"a\": 1}", 14, absent[2], "7", NULL));
	g_assert_null(json_edit_value("[1]", 3, absent[0], "7", NULL));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *path;
		void (*run)(Fixture *fixture, gconstpointer data);
	} cases[] = {
		{"/model-type/rounding", test_rounding},
		{"/model-type/overflow", test_overflow},
		{"/model-type/edge", test_edge},
		{"/model-type/copied-member", test_copied_member},
		{"/model-type/side-files", test_side_files},
		{"/model-type/odd-config", test_odd_config},
	};
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/model-type/words", test_words);
	g_test_add_func("/model-type/json-edit", test_json_edit);
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_test_add(cases[i].path, Fixture, NULL, set_up_toy, cases[i].run, tear_down);
	return g_test_run();
}
