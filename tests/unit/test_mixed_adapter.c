/* test_mixed_adapter.c - LoRA adapters as tasks of a store: measured, merged by an export, kept
 * factored, and bound again when the store is opened again or its base is another. */
#include "corpus.h"
#include "export.h"
#include "formats.h"
#include "stores.h"

/* Of the weight enc.q.weight, and of the adapter that is written here. */
enum { ROWS = 8, COLUMNS = 6, RANK = 2 };

static const char *const cases[] = {
	"rslora", "modules_to_save", "dora", "embedding", "conv", "bin_f16"};

/* Copies a folder of the corpus into the scratch folder; g_free. */
static char *copy_folder(const Scratch *scratch, const char *name, const char *part)
{
	g_autofree char *case_name = g_build_filename("peft", name, part, NULL);
	g_autofree char *from = corpus_path("valid", case_name);
	char *to = scratch_path(scratch, part);
	g_autoptr(GDir) files = g_dir_open(from, 0, NULL);
	const char *file;

	g_assert_nonnull(files);
	g_assert_cmpint(g_mkdir_with_parents(to, 0777), ==, 0);
	while ((file = g_dir_read_name(files))) {
		g_autofree char *source = g_build_filename(from, file, NULL);
		g_autofree char *copy = g_build_filename(to, file, NULL);
		g_autofree char *bytes = NULL;
		gsize length = 0;
		g_assert_true(g_file_get_contents(source, &bytes, &length, NULL));
		test_write(copy, bytes, length);
	}
	return to;
}

/* A store of the case's base and adapter, as it is when it is opened again. */
static Store *adapter_store(const Scratch *scratch, const char *name, WeightsMode weights)
{
	g_autofree char *base = copy_folder(scratch, name, "base");
	g_autofree char *adapter = copy_folder(scratch, name, "adapter");
	Store *store = store_new(scratch->store);
	load_into(store, request_of(base, weights, "lora", adapter, NULL));
	store_free(store);
	return reopen(scratch->store);
}

static guint member_of(const Store *store, const char *name)
{
	gint member = collection_find(store->collection, name);
	g_assert_cmpint(member, >, 0);
	return (guint)member;
}

static guint tensor_place(const Store *store, const char *name)
{
	gint place = checkpoint_find(collection_member(store->collection, 0)->checkpoint, name);
	g_assert_cmpint(place, >=, 0);
	return (guint)place;
}

static double norm_in(const Store *store, const char *member, guint tensor)
{
	guint number = member_of(store, member);
	return sqrt(*gram_cell(store->gram, tensor, number, number));
}

static double number_of(const cJSON *object, const char *key)
{
	const cJSON *item = corpus_get(object, key);
	g_assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

/* What the adapter changes has the norm that was computed with dense weights, all else none. */
static void check_norms(const Store *store, const cJSON *merged)
{
	const Collection *collection = store->collection;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		const cJSON *truth = corpus_get(merged, collection_tensor(collection, i)->name);
		if (truth)
			digits_norm(norm_in(store, "lora", i), number_of(truth, "delta_l2"));
		else
			g_assert_cmpfloat(norm_in(store, "lora", i), ==, 0);
	}
}

static Checkpoint *exported(const Scratch *scratch, const Store *store, const char *text)
{
	g_autofree char *path = scratch_path(scratch, "out.safetensors");
	g_autoptr(GError) error = NULL;
	g_autoptr(ModelReport) report = write_with(store->collection, text, path,
		(ModelRequest){.threads = 2, .replace = TRUE}, NULL, &error);
	test_no_error(error);
	g_assert_cmpuint(report->warnings->len, ==, 0);
	return test_open(path);
}

static double norm_of(const double *values, guint64 n)
{
	double square = 0;
	for (guint64 i = 0; i < n; i++)
		square += values[i] * values[i];
	return sqrt(square);
}

/* The first elements of a merged weight are the base's and the change, rounded once. */
static void check_elements(const double *merged, const double *base, const cJSON *change)
{
	for (guint i = 0; i < (guint)cJSON_GetArraySize(change); i++) {
		double sum = base[i] + digits_at(change, i);
		test_near(merged[i], sum, ldexp(fabs(sum), -24) + 1e-12);
	}
}

static void check_merged(const Store *store, const Checkpoint *written, const cJSON *merged)
{
	const Checkpoint *base = collection_member(store->collection, 0)->checkpoint;
	const cJSON *truth;
	cJSON_ArrayForEach (truth, merged) {
		g_autofree double *values = test_read_named(written, truth->string);
		g_autofree double *before = test_read_named(base, truth->string);
		const cJSON *change = corpus_get(truth, "delta_f64");
		guint place = tensor_place(store, truth->string);
		const Tensor *tensor = checkpoint_tensor(base, place);
		g_assert_cmpint(checkpoint_tensor(written, place)->dtype, ==, DTYPE_F32);
		digits_norm(norm_of(values, tensor->elements), number_of(truth, "merged_l2"));
		if (change)
			check_elements(values, before, change);
	}
}

static cJSON *merged_of(const char *name)
{
	g_autoptr(cJSON) all = corpus_cases("valid");
	g_autofree char *key = g_strdup_printf("peft/%s/adapter", name);
	cJSON *entry = cJSON_GetObjectItemCaseSensitive(all, key);
	g_assert_nonnull(entry);
	return cJSON_DetachItemFromObjectCaseSensitive(entry, "merged");
}

/* The weights of the base are copied; the adapter stays what it is, also from a copying load. */
static void test_case(gconstpointer name)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(cJSON) merged = merged_of(name);
	g_autoptr(Store) store = adapter_store(&scratch, name, WEIGHTS_COPY);
	g_assert_true(stored(store, "base")->copied);
	g_assert_false(stored(store, "lora")->copied);
	check_norms(store, merged);
	g_autoptr(Checkpoint) written = exported(&scratch, store, "lora");
	check_merged(store, written, merged);
}

/* The same out of linked files, and in one go, without a store that is opened again. */
static void test_linked(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(cJSON) merged = merged_of("dora");
	g_autoptr(Store) store = adapter_store(&scratch, "dora", WEIGHTS_LINK);
	g_autoptr(Checkpoint) written = exported(&scratch, store, "1*lora");
	check_norms(store, merged);
	check_merged(store, written, merged);
	g_autoptr(LoadRequest) nothing = load_request_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(Load) load = load_begin(store, nothing, &error);
	test_no_error(error);
	g_assert_cmpuint(load_bytes(load), ==, 0);
}

/* Another adapter of the base's [8, 6] weight enc.q.weight, scaled by 3; g_free. */
static char *write_second(const Scratch *scratch, const double *a, const double *b)
{
	static const char config[] = "{\"peft_type\":\"LORA\",\"r\":2,\"lora_alpha\":6,"
				     "\"target_modules\":[\"q\"]}";
	const TestTensor factors[] = {
		{"base_model.model.enc.q.lora_A.weight", DTYPE_F32, 2, {RANK, COLUMNS}, a},
		{"base_model.model.enc.q.lora_B.weight", DTYPE_F32, 2, {ROWS, RANK}, b},
	};
	char *folder = scratch_path(scratch, "second");
	g_autofree char *path = g_build_filename(folder, "adapter_model.safetensors", NULL);
	g_autofree char *config_path = g_build_filename(folder, "adapter_config.json", NULL);
	g_assert_cmpint(g_mkdir(folder, 0777), ==, 0);
	test_write_safetensors(path, factors, G_N_ELEMENTS(factors));
	test_write(config_path, config, sizeof config - 1);
	return folder;
}

/* scaling * B A, by plain loops. */
static double *dense(const double *a, const double *b, guint rank, double scaling)
{
	double *product = g_new0(double, ROWS *COLUMNS);
	for (guint i = 0; i < ROWS; i++)
		for (guint j = 0; j < COLUMNS; j++)
			for (guint r = 0; r < rank; r++)
				product[i * COLUMNS + j] +=
					scaling * b[i * rank + r] * a[r * COLUMNS + j];
	return product;
}

/* The corpus' adapter of rank 4, whose scaling is 4. */
static double *dense_first(const Scratch *scratch)
{
	g_autofree char *path = scratch_path(scratch, "adapter/adapter_model.safetensors");
	g_autoptr(Checkpoint) factors = test_open(path);
	g_autofree double *a = test_read_named(factors, "base_model.model.enc.q.lora_A.weight");
	g_autofree double *b = test_read_named(factors, "base_model.model.enc.q.lora_B.weight");
	return dense(a, b, 4, 4);
}

/* A fine-tuned checkpoint beside them, whose weight is the base's plus `change`; g_free. */
static char *write_task(const Scratch *scratch, double *change)
{
	g_autofree char *from = scratch_path(scratch, "base/model.safetensors");
	char *path = scratch_path(scratch, "task.pt");
	g_autoptr(Checkpoint) base = test_open(from);
	g_auto(TestTensors) tensors = test_tensors_of(base, "");
	for (guint i = 0; i < tensors.tensors->len; i++) {
		TestTensor *tensor = test_tensors_at(&tensors, i);
		double *values = (double *)tensor->values;
		if (!g_str_equal(tensor->name, "enc.q.weight"))
			continue;
		for (guint e = 0; e < ROWS * COLUMNS; e++) {
			double before = values[e];
			values[e] = (double)(float)(before + change[e]);
			change[e] = values[e] - before;
		}
	}
	test_tensors_write(&tensors, test_format("torch"), path);
	return path;
}

static double product_of(const double *a, const double *b)
{
	double sum = 0;
	for (guint i = 0; i < ROWS * COLUMNS; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Every inner product of the members, by number from 1 on, over the one weight that they change. */
static void check_products(const Store *store, double *const *vectors, guint n)
{
	guint tensor = tensor_place(store, "enc.q.weight");
	for (guint i = 0; i < n; i++)
		for (guint j = 0; j <= i; j++)
			test_near(*gram_cell(store->gram, tensor, i + 1, j + 1),
				product_of(vectors[i], vectors[j]),
				1e-12 * norm_of(vectors[i], ROWS * COLUMNS) *
					norm_of(vectors[j], ROWS * COLUMNS));
}

/* Two adapters and a whole task on one base: what dense arithmetic says about them. */
static void test_together(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *base = copy_folder(&scratch, "rslora", "base");
	g_autofree char *adapter = copy_folder(&scratch, "rslora", "adapter");
	g_autofree double *a = test_numbers(RANK * COLUMNS, 0.3);
	g_autofree double *b = test_numbers(ROWS * RANK, 1.1);
	g_autofree double *first = dense_first(&scratch), *second = dense(a, b, RANK, 3);
	g_autofree double *change = test_numbers(ROWS * COLUMNS, 2);
	g_autofree char *other = write_second(&scratch, a, b);
	g_autofree char *task = write_task(&scratch, change);
	double *const vectors[] = {first, second, change};
	Store *made = store_new(scratch.store);

	load_into(made, request_of(base, WEIGHTS_COPY, "first", adapter, "second", other, "task",
				task, NULL));
	store_free(made);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_false(stored(store, "second")->copied);
	g_assert_true(stored(store, "task")->copied);
	check_products(store, vectors, G_N_ELEMENTS(vectors));
	g_autoptr(Checkpoint) written = exported(&scratch, store, "first - 2*second + 0.5*task");
	g_autofree double *merged = test_read_named(written, "enc.q.weight");
	const Checkpoint *from = collection_member(store->collection, 0)->checkpoint;
	g_autofree double *before = test_read_named(from, "enc.q.weight");
	for (guint i = 0; i < ROWS * COLUMNS; i++) {
		double sum = before[i] + first[i] - 2 * second[i] + 0.5 * change[i];
		test_near(merged[i], sum, ldexp(fabs(sum), -24) + 1e-12);
	}
}

/* Another base: all weights times a factor. */
static void write_scaled(const char *from, const char *to, double factor)
{
	g_autoptr(Checkpoint) base = test_open(from);
	g_auto(TestTensors) tensors = test_tensors_of(base, "");
	for (guint i = 0; i < tensors.tensors->len; i++) {
		TestTensor *tensor = test_tensors_at(&tensors, i);
		for (guint64 e = 0; e < test_elements(tensor); e++)
			((double *)tensor->values)[e] *= factor;
	}
	test_tensors_write(&tensors, test_format("safetensors"), to);
}

/* The tables are those of a store that knew no other base. */
static void check_as_new(
	const Scratch *scratch, const char *base, const Store *store, const char *name)
{
	g_autofree char *adapter = scratch_path(scratch, "adapter");
	g_autofree char *path = scratch_path(scratch, name);
	g_autoptr(Store) other = store_new(path);
	load_into(other, request_of(base, WEIGHTS_LINK, "lora", adapter, NULL));
	assert_same_tables(store, other);
}

/* What DoRA makes of a weight depends on the weight: an adapter that stays is bound to the base
 * that comes, be it in another place or in the same file. */
static void test_other_base(gconstpointer weights)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autofree char *same = scratch_path(&scratch, "base/model.safetensors");
	g_autofree char *other = scratch_path(&scratch, "other.safetensors");
	WeightsMode mode = GPOINTER_TO_UINT(weights);
	g_autoptr(Store) store = adapter_store(&scratch, "dora", mode);
	double before = norm_in(store, "lora", tensor_place(store, "enc.q.weight"));

	write_scaled(same, other, 1.5);
	load_into(store, request_of(other, mode, NULL));
	check_as_new(&scratch, other, store, "one.h5");
	g_assert_cmpfloat(norm_in(store, "lora", tensor_place(store, "enc.q.weight")), !=, before);
	write_scaled(same, other, 0.25);
	load_into(store, request_of(NULL, mode, NULL));
	check_as_new(&scratch, other, store, "two.h5");
	g_autoptr(Checkpoint) now = exported(&scratch, store, "lora");
	g_autoptr(Store) again = reopen(scratch.store);
	check_as_new(&scratch, other, again, "three.h5");
	g_autoptr(Checkpoint) later = exported(&scratch, again, "lora");
	g_autofree double *one = test_read_named(now, "enc.q.weight");
	g_autofree double *two = test_read_named(later, "enc.q.weight");
	g_assert_cmpint(memcmp(one, two, ROWS * COLUMNS * sizeof *one), ==, 0);
}

/* With the adapter's files gone what is known stays known, and nothing is made of it. */
static void test_gone(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(cJSON) merged = merged_of("rslora");
	g_autoptr(GError) error = NULL;
	store_free(adapter_store(&scratch, "rslora", WEIGHTS_COPY));
	g_autofree char *factors = scratch_path(&scratch, "adapter/adapter_model.safetensors");
	g_assert_cmpint(g_unlink(factors), ==, 0);
	g_autoptr(Store) store = reopen(scratch.store);
	check_norms(store, merged);
	g_assert_false(store_member_usable(store, member_of(store, "lora"), &error));
	test_error(error, ERROR_IO, factors);
}

/* Other factors in the same place are not taken for those that were loaded. */
static void test_changed(void)
{
	g_auto(Scratch) scratch = scratch_new();
	g_autoptr(GError) error = NULL, problem = NULL;
	store_free(adapter_store(&scratch, "rslora", WEIGHTS_COPY));
	g_autofree char *factors = scratch_path(&scratch, "adapter/adapter_model.safetensors");
	flip_byte(factors, -4);
	touch(factors);
	g_autoptr(Store) store = reopen(scratch.store);
	g_assert_false(store_member_usable(store, member_of(store, "lora"), &error));
	test_error(error, ERROR_INPUT, factors);
	g_autofree char *path = scratch_path(&scratch, "no.safetensors");
	g_assert_null(write_with(
		store->collection, "lora", path, (ModelRequest){.threads = 2}, NULL, &problem));
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = g_strconcat("/case/", cases[i], NULL);
		g_test_add_data_func(name, cases[i], test_case);
	}
	g_test_add_func("/linked", test_linked);
	g_test_add_func("/together", test_together);
	g_test_add_data_func("/other-base/link", GUINT_TO_POINTER(WEIGHTS_LINK), test_other_base);
	g_test_add_data_func("/other-base/copy", GUINT_TO_POINTER(WEIGHTS_COPY), test_other_base);
	g_test_add_func("/gone", test_gone);
	g_test_add_func("/changed", test_changed);
	return g_test_run();
}
