/* test_mergekit.c - the dialect of mergekit gives what mergekit gave: its own outputs on small
 * checkpoints, in every method, with the masks that it drew.
 *
 * tests/mergekit/manifest.json lists the cases; each is put into our words and applied. */
#include "core/json.h"
#include "edits.h"
#include "tensors.h"
#include "toy.h"

#include <math.h>
#include <string.h>

/* Of the largest magnitude of a tensor, in F32. */
#define TOLERANCE 1e-6
/* The share of the elements that may be other in BF16. */
#define OTHER_MOST 0.005

typedef struct {
	const cJSON *item;
	GString *text; /* of the edit */
} Case;

/* How a method of mergekit is called, and what of its parameters we say in words. */
static const struct Mapping {
	const char *method, *call;
	gboolean weighted;
	const char *parameters; /* of it and of its models, parted by spaces */
} mappings[] = {
	{"linear", "average", TRUE, "normalize"},
	{"slerp", "slerp", FALSE, "t"},
	{"nuslerp", "nuslerp", TRUE, "nuslerp_flatten nuslerp_row_wise"},
	{"multislerp", "multislerp", TRUE, ""},
	{"karcher", "karcher", FALSE, ""},
	{"task_arithmetic", "trim", TRUE, "normalize"},
	{"ties", "ties", TRUE, "density normalize"},
	{"dare_linear", "dare", TRUE, "density rescale"},
	{"dare_ties", "dare_ties", TRUE, "density rescale"},
	{"breadcrumbs", "breadcrumbs", TRUE, "density gamma"},
	{"breadcrumbs_ties", "breadcrumbs_ties", TRUE, "density gamma"},
	{"della", "della", TRUE, "density epsilon"},
	{"della_linear", "della_linear", TRUE, "density epsilon"},
	{"model_stock", "stock", FALSE, "filter_wise"},
	{"sce", "sce", FALSE, "select_topk"},
	{"ram", "ram", FALSE, ""},
	{"ramplus_tl", "ramplus_tl", FALSE, ""},
	{"nearswap", "nearswap", FALSE, "t"},
	{"arcee_fusion", "arcee_fusion", FALSE, ""},
	{"passthrough", "passthrough", FALSE, "scale"},
};
typedef struct Mapping Mapping;

static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
	if (!value)
		g_error("the manifest has no %s", key);
	return value;
}

static const char *string_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(member(object, key));
}

static gboolean is_true(const cJSON *object, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static const cJSON *parameters_of(const cJSON *item)
{
	return member(item, "params");
}

static const cJSON *first_model(const cJSON *item)
{
	return cJSON_GetArrayItem(member(item, "model_params"), 0);
}

static const Mapping *mapping_of(const cJSON *item)
{
	const char *method = string_of(item, "method");
	for (guint i = 0; i < G_N_ELEMENTS(mappings); i++)
		if (g_str_equal(mappings[i].method, method))
			return &mappings[i];
	g_error("the manifest has a method that is not known: %s", method);
}

/* Every parameter of the manifest is put into words, or the case is not what was run. */
static void check_keys(const Mapping *mapping, const cJSON *object, const char *others)
{
	g_autofree char *known = g_strdup_printf(" %s %s ", mapping->parameters, others);
	const cJSON *value;
	cJSON_ArrayForEach (value, object) {
		g_autofree char *word = g_strdup_printf(" %s ", value->string);
		if (!strstr(known, word))
			g_error("%s: %s is not known", mapping->method, value->string);
	}
}

static void check_case(const Mapping *mapping, const cJSON *item)
{
	const cJSON *model;
	check_keys(mapping, parameters_of(item), "lambda");
	cJSON_ArrayForEach (model, member(item, "model_params"))
		check_keys(mapping, model, mapping->weighted ? "weight" : "");
}

/* 0.5*ft0, or with per-model densities 0.5*trim(ft0, density=0.2). */
static void add_inputs(Case *made, const Mapping *mapping, gboolean nested)
{
	const cJSON *models = member(made->item, "models");
	for (int i = 0; i < cJSON_GetArraySize(models); i++) {
		const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(models, i));
		const cJSON *parameters = cJSON_GetArrayItem(member(made->item, "model_params"), i);
		g_string_append(made->text, i ? ", " : "");
		if (mapping->weighted)
			g_string_append_printf(
				made->text, "%.17g*", member(parameters, "weight")->valuedouble);
		if (nested)
			g_string_append_printf(made->text, "trim(%s, density=%.17g)", name,
				member(parameters, "density")->valuedouble);
		else
			g_string_append(made->text, name);
	}
}

static void add_number(Case *made, const char *key, const char *ours, const cJSON *from)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(from, key);
	if (value)
		g_string_append_printf(made->text, ", %s=%.17g", ours, value->valuedouble);
}

static void add_flag(Case *made, const char *key)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(parameters_of(made->item), key);
	if (value)
		g_string_append_printf(
			made->text, ", %s=%s", key, cJSON_IsTrue(value) ? "yes" : "no");
}

/* A density that all models have; of what is dropped by masks it is not used, but must be said. */
static void add_density(Case *made)
{
	const cJSON *models = member(made->item, "model_params"), *model;
	const cJSON *first = cJSON_GetObjectItemCaseSensitive(first_model(made->item), "density");
	gboolean drops = g_str_has_prefix(string_of(made->item, "method"), "dare");
	if (!first)
		return;
	cJSON_ArrayForEach (model, models)
		g_assert_true(member(model, "density")->valuedouble == first->valuedouble);
	g_string_append_printf(made->text, drops ? ", p=%.17g" : ", density=%.17g",
		drops ? 1 - first->valuedouble : first->valuedouble);
}

/* mergekit's row_wise goes along the first axis, and flatten=false alone along the last. */
static void add_sphere(Case *made)
{
	const char *method = string_of(made->item, "method");
	const cJSON *parameters = parameters_of(made->item);
	gboolean flat = !cJSON_GetObjectItemCaseSensitive(parameters, "nuslerp_flatten");
	if (g_str_equal(method, "nuslerp") || g_str_equal(method, "multislerp"))
		g_string_append_printf(
			made->text, ", of=%s", is_true(made->item, "base") ? "changes" : "weights");
	if (!flat)
		g_string_append_printf(made->text, ", along=%s",
			is_true(parameters, "nuslerp_row_wise") ? "column" : "row");
	if (is_true(parameters, "filter_wise"))
		g_string_append(made->text, ", along=row");
}

static char *fixture_path(const char *prefix, const char *name, const char *suffix)
{
	g_autofree char *relative =
		g_strdup_printf("tests/mergekit/%s%s%s.safetensors", prefix, name, suffix);
	return test_source(relative);
}

static void add_mask(Case *made)
{
	if (!is_true(made->item, "masks"))
		return;
	g_autofree char *path = fixture_path("mask_", string_of(made->item, "name"), "");
	g_string_append_printf(made->text, ", mask=\"%s\"", path);
}

/* The case in our words; GString. */
static GString *text_of(const cJSON *item, gboolean nested)
{
	const Mapping *mapping = mapping_of(item);
	Case made = {item, g_string_new(mapping->call)};
	check_case(mapping, item);
	g_string_append_c(made.text, '(');
	add_inputs(&made, mapping, nested);
	if (!nested)
		add_density(&made);
	add_number(&made, "gamma", "gamma", first_model(item));
	add_number(&made, "epsilon", "epsilon", first_model(item));
	add_number(&made, "scale", "scale", first_model(item));
	add_number(&made, "t", "t", parameters_of(item));
	add_number(&made, "select_topk", "topk", parameters_of(item));
	add_flag(&made, "normalize");
	add_flag(&made, "rescale");
	add_sphere(&made);
	add_mask(&made);
	g_string_append_c(made.text, ')');
	return made.text;
}

static Collection *load(const cJSON *item)
{
	const char *suffix = is_true(item, "bf16") ? "_bf16" : "";
	g_autofree char *base = fixture_path("base", "", suffix);
	Collection *collection = collection_new(open_checked(base));
	const cJSON *model;
	cJSON_ArrayForEach (model, member(item, "models")) {
		const char *name = cJSON_GetStringValue(model);
		g_autofree char *path = fixture_path(name, "", suffix);
		add_member(collection, name, MEMBER_TASK, NULL, -1, path);
	}
	return collection;
}

static double scale_of(const cJSON *item)
{
	const cJSON *lambda = cJSON_GetObjectItemCaseSensitive(parameters_of(item), "lambda");
	return lambda ? lambda->valuedouble : 1;
}

/* Where a BF16 number stands among all of them. */
static gint bf16_order(double value)
{
	guint16 bits = 0;
	dtype_encode(DTYPE_BF16, &value, 1, &bits);
	bits = GUINT16_FROM_LE(bits);
	return bits & 0x8000 ? -(bits & 0x7fff) : bits;
}

static double largest_of(const double *values, guint64 n)
{
	double largest = 0;
	for (guint64 i = 0; i < n; i++)
		largest = fmax(largest, fabs(values[i]));
	return largest;
}

static int compare_sizes(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

/* Marks the elements whose size is that of the last one kept of n, where others have it too. */
static void mark_equal(const double *sizes, guint64 n, guint64 kept, guint8 *equal)
{
	g_autofree double *sorted = g_memdup2(sizes, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, compare_sizes);
	if (kept == 0 || kept >= n || sorted[kept - 1] != sorted[kept])
		return;
	for (guint64 i = 0; i < n; i++)
		equal[i] |= sizes[i] == sorted[kept - 1];
}

/* mergekit's sort is not stable: of elements of BF16, many of which are equally large, it may keep
 * others than the first.  Marks those of which only some are kept, in any model; g_free. */
static guint8 *equal_elements(const EditRun *run, const cJSON *item, guint tensor)
{
	const Tensor *of = collection_tensor(run->collection, tensor);
	const cJSON *density = cJSON_GetObjectItemCaseSensitive(first_model(item), "density");
	guint8 *equal = g_new0(guint8, of->elements);
	for (guint m = 1; density && m < collection_members(run->collection); m++) {
		const Checkpoint *base = collection_member(run->collection, 0)->checkpoint;
		const Checkpoint *model = collection_member(run->collection, m)->checkpoint;
		g_autofree double *before = test_read_named(base, of->name);
		g_autofree double *sizes = test_read_named(model, of->name);
		for (guint64 i = 0; i < of->elements; i++)
			sizes[i] = fabs(sizes[i] - before[i]);
		mark_equal(sizes, of->elements,
			(guint64)(density->valuedouble * (double)of->elements), equal);
	}
	return equal;
}

/* The largest difference, as a part of the reference's largest magnitude; of BF16 in units in the
 * last place, and of elements that are not `equal`. */
static double worst_of(
	Dtype dtype, const double *ours, const double *theirs, const guint8 *equal, guint64 n)
{
	double worst = 0, largest = largest_of(theirs, n);
	for (guint64 i = 0; i < n; i++) {
		if (dtype == DTYPE_BF16 && equal[i] && isfinite(ours[i]))
			continue;
		double apart = dtype == DTYPE_BF16
				       ? abs(bf16_order(ours[i]) - bf16_order(theirs[i]))
				       : fabs(ours[i] - theirs[i]) / (largest > 0 ? largest : 1);
		worst = fmax(worst, isfinite(ours[i]) ? apart : INFINITY);
	}
	return worst;
}

static guint64 count_other(const double *ours, const double *theirs, guint64 n)
{
	guint64 other = 0;
	for (guint64 i = 0; i < n; i++)
		other += ours[i] != theirs[i];
	return other;
}

typedef struct {
	double worst;
	guint64 other, elements;
} Comparison;

static void compare_tensor(const EditRun *run, const Edit *edit, const cJSON *item,
	const Checkpoint *reference, guint tensor, Comparison *comparison)
{
	const Tensor *of = collection_tensor(run->collection, tensor);
	g_autofree double *theirs = test_read_named(reference, of->name);
	g_autofree guint8 *raw = edit_tensor(run, edit, tensor);
	g_autofree double *ours = g_new(double, of->elements);
	dtype_decode_double(of->dtype, raw, of->elements, ours);
	g_autofree guint8 *equal = equal_elements(run, item, tensor);
	double worst = worst_of(of->dtype, ours, theirs, equal, of->elements);
	comparison->worst = fmax(comparison->worst, worst);
	comparison->other += count_other(ours, theirs, of->elements);
	comparison->elements += of->elements;
}

/* Of every tensor of the reference, which has those of the base and no others. */
static Comparison compare(const cJSON *item, const char *text, guint dialect)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = fixture_path("ref_", string_of(item, "name"), "");
	g_autoptr(Checkpoint) reference = test_open(path);
	g_autoptr(Collection) collection = load(item);
	EditRun run = {collection, text, .defaults = {dialect, 0}, .scale = scale_of(item)};
	g_auto(Edit) edit = {0};
	Comparison comparison = {0};
	g_assert_cmpuint(checkpoint_count(reference), ==, collection_tensors(collection));
	edit_prepare(&run, &edit, &error);
	if (error)
		g_error("%s: %s", text, error->message);
	for (guint i = 0; i < collection_tensors(collection); i++)
		compare_tensor(&run, &edit, item, reference, i, &comparison);
	return comparison;
}

/* mergekit rounds every step to BF16 where it is not told a type: no arithmetic to repeat. */
static gboolean is_rounded_throughout(const cJSON *item)
{
	return is_true(item, "bf16") && !cJSON_GetObjectItemCaseSensitive(item, "dtype");
}

static void assert_same(const cJSON *item, gboolean nested)
{
	g_autoptr(GString) text = text_of(item, nested);
	Comparison found = compare(item, text->str, DIALECT_MERGEKIT);
	double share = (double)found.other / (double)found.elements;
	double tolerance = is_true(item, "bf16") ? 1 : TOLERANCE;
	g_test_message("%s: at most %.3g apart, %.2f %% of the elements are other", text->str,
		found.worst, 100 * share);
	g_assert_cmpuint(found.elements, >, 0);
	g_assert_true(isfinite(found.worst));
	if (is_rounded_throughout(item))
		return;
	if (found.worst > tolerance)
		g_error("%s: %g from mergekit's output", text->str, found.worst);
	if (is_true(item, "bf16"))
		g_assert_cmpfloat(share, <, OTHER_MOST);
}

static void test_case(gconstpointer data)
{
	assert_same(data, FALSE);
}

static const cJSON *find_case(const cJSON *manifest, const char *name)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, manifest) {
		if (g_str_equal(string_of(item, "name"), name))
			return item;
	}
	g_error("the manifest has no case %s", name);
}

/* A density for each model is written by trimming each model by itself. */
static void test_nested(gconstpointer manifest)
{
	assert_same(find_case(manifest, "ties_02"), TRUE);
	assert_same(find_case(manifest, "ties_nonorm"), TRUE);
	assert_same(find_case(manifest, "ties_neg"), TRUE);
}

/* The dialects differ, by far more than the tolerance. */
static void test_paper_is_other(gconstpointer manifest)
{
	static const char *const names[] = {"ties_02", "ties_neg", "dare_linear", "dare_ties",
		"della", "breadcrumbs_default_gamma", "model_stock"};
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const cJSON *item = find_case(manifest, names[i]);
		g_autoptr(GString) text = text_of(item, FALSE);
		if (compare(item, text->str, DIALECT_PAPER).worst < 1000 * TOLERANCE)
			g_error("%s: the paper's dialect gives the same", text->str);
	}
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_test_init(&argc, &argv, NULL);
	g_autofree char *path = test_source("tests/mergekit/manifest.json");
	cJSON *manifest = json_read_file(path, 1u << 20, &error), *item;
	test_no_error(error);
	g_assert_cmpint(cJSON_GetArraySize(manifest), >, 0);
	cJSON_ArrayForEach (item, manifest) {
		g_autofree char *name = g_strdup_printf("/mergekit/%s", string_of(item, "name"));
		g_test_add_data_func(name, item, test_case);
	}
	g_test_add_data_func("/mergekit/nested", manifest, test_nested);
	g_test_add_data_func("/mergekit/paper is other", manifest, test_paper_is_other);
	int status = g_test_run();
	cJSON_Delete(manifest);
	return status;
}
