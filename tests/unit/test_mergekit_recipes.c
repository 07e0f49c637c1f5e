/* test_mergekit_recipes.c - recipes of mergekit from end to end: what is read of them gives what
 * mergekit gave, and what is written of an edit is read as the same edit. */
#include "core/json.h"
#include "recipe/mergekit.h"
#include "edit/method.h"
#include "edits.h"
#include "tensors.h"
#include "toy.h"

#include <math.h>
#include <string.h>

/* The reference of mergekit for a case of the manifest, and what is read of the same recipe. */
static void append_value(GString *yaml, const cJSON *value)
{
	if (cJSON_IsBool(value))
		g_string_append(yaml, cJSON_IsTrue(value) ? "true" : "false");
	else
		g_string_append_printf(yaml, "%.17g", value->valuedouble);
}

static void append_parameters(GString *yaml, const char *indent, const cJSON *parameters)
{
	const cJSON *value;
	g_string_append_printf(yaml, "%sparameters:\n", indent);
	cJSON_ArrayForEach (value, parameters) {
		g_string_append_printf(yaml, "%s  %s: ", indent, value->string);
		append_value(yaml, value);
		g_string_append_c(yaml, '\n');
	}
}

static const char *string_of(const cJSON *item, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
}

static gboolean is_true(const cJSON *item, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, key));
}

static GString *yaml_of(const cJSON *item)
{
	GString *yaml = g_string_new(NULL);
	const cJSON *models = cJSON_GetObjectItemCaseSensitive(item, "models");
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(item, "model_params");
	g_string_append_printf(yaml, "merge_method: %s\nmodels:\n", string_of(item, "method"));
	for (int i = 0; i < cJSON_GetArraySize(models); i++) {
		g_string_append_printf(yaml, "  - model: fixtures/%s\n",
			cJSON_GetStringValue(cJSON_GetArrayItem(models, i)));
		append_parameters(yaml, "    ", cJSON_GetArrayItem(own, i));
	}
	if (is_true(item, "base"))
		g_string_append(yaml, "base_model: fixtures/base\n");
	append_parameters(yaml, "", cJSON_GetObjectItemCaseSensitive(item, "params"));
	return yaml;
}

static char *fixture_path(const char *prefix, const char *name)
{
	g_autofree char *relative =
		g_strdup_printf("tests/mergekit/%s%s.safetensors", prefix, name);
	return test_source(relative);
}

static Collection *fixture_collection(void)
{
	g_autofree char *base = fixture_path("", "base");
	Collection *collection = collection_new(open_checked(base));
	for (guint i = 0; i < 3; i++) {
		char name[] = {'f', 't', (char)('0' + i), '\0'};
		g_autofree char *path = fixture_path("", name);
		add_member(collection, name, MEMBER_TASK, NULL, -1, path);
	}
	return collection;
}

/* The expression with the masks that mergekit drew. */
static char *with_masks(const char *expression, const char *name)
{
	g_autofree char *mask = fixture_path("mask_", name);
	g_assert_true(g_str_has_suffix(expression, ")"));
	return g_strdup_printf("%.*s, mask=\"%s\")", (int)strlen(expression) - 1, expression, mask);
}

static void compare_reference(const EditRun *run, const Checkpoint *reference)
{
	for (guint i = 0; i < collection_tensors(run->collection); i++) {
		const Tensor *tensor = collection_tensor(run->collection, i);
		g_autofree double *theirs = test_read_named(reference, tensor->name);
		g_autofree double *ours = edit_values(run, i);
		double largest = 0, worst = 0;
		for (guint64 k = 0; k < tensor->elements; k++) {
			largest = fmax(largest, fabs(theirs[k]));
			worst = fmax(worst, fabs(ours[k] - theirs[k]));
			g_assert_true(isfinite(ours[k]));
		}
		if (worst > 1e-6 * largest)
			g_error("%s: %s is %g apart", run->text, tensor->name, worst);
	}
}

/* Read as YAML and applied, it is what mergekit wrote. */
static void test_reference(gconstpointer data)
{
	const cJSON *item = data;
	const char *name = string_of(item, "name");
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) yaml = yaml_of(item);
	g_autoptr(Collection) collection = fixture_collection();
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autoptr(Recipe) recipe = mergekit_parse(
		collection, "config.yaml", yaml->str, yaml->len, NULL, notes, &error);
	test_no_error(error);
	g_autofree char *text = is_true(item, "masks") ? with_masks(recipe->expression, name)
						       : g_strdup(recipe->expression);
	g_autofree char *path = fixture_path("ref_", name);
	g_autoptr(Checkpoint) reference = test_open(path);
	EditRun run = {collection, text, .scale = recipe->scale};
	compare_reference(&run, reference);
}

static void add_references(const cJSON *manifest)
{
	const cJSON *item;
	cJSON_ArrayForEach (item, manifest) {
		g_autofree char *name =
			g_strdup_printf("/mergekit-recipes/reference/%s", string_of(item, "name"));
		if (!is_true(item, "bf16"))
			g_test_add_data_func(name, item, test_reference);
	}
}

static Node *parse(const Collection *collection, const char *text, guint dialect)
{
	const ExpressionDefaults defaults = {.dialect = dialect};
	g_autoptr(GError) error = NULL;
	Node *node = expression_parse_with(collection, text, &defaults, &error);
	if (!node)
		g_error("%s: %s", text, error->message);
	return node;
}

static char *write_text(const Collection *collection, const char *edit, double scale, guint dialect,
	GPtrArray *notes, GError **error)
{
	g_autoptr(Node) node = parse(collection, edit, dialect);
	return mergekit_write(collection, node, scale, notes, error);
}

static Recipe *read_back(const Collection *collection, const char *yaml)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	Recipe *recipe =
		mergekit_parse(collection, "config.yaml", yaml, strlen(yaml), NULL, notes, &error);
	if (!recipe)
		g_error("%s: %s", yaml, error->message);
	return recipe;
}

/* Edits of the fixtures that come back as the same tree. */
static const struct {
	const char *edit;
	double scale;
} returned[] = {
	{"0.5*ft0 + 0.3*ft1", 1},
	{"0.5*ft0 - 0.3*ft1 + ft2", 0.7},
	{"first(ramp(0.2, 0.8)[layers.0-1], 0.2)*ft0", 1},
	{"first(0.5[*attn*], -0.3[*mlp*], 0.1)*ft0 + ft1", 1},
	{"average(0.5*ft0, 0.5*base)", 1},
	{"average(0.5*ft0, ft1, normalize=no)", 1},
	{"slerp(ft0, t=0.3)", 1},
	{"slerp(ft0, ft1, t=0.3)", 1},
	{"slerp(ft0, base, t=first(0.2[*attn*], 0.3))", 1},
	{"nuslerp(0.4*ft0, 0.6*ft1)", 1},
	{"nuslerp(0.4*ft0, 0.6*ft1, of=weights, along=row)", 1},
	{"nuslerp(0.4*ft0, 0.6*ft1, along=column)", 1},
	{"multislerp(0.4*ft0, 0.6*ft1, ft2, normalize=no)", 1},
	{"multislerp(0.4*ft0, 0.6*ft1, of=changes, eps=0.001)", 1},
	{"karcher(ft0, ft1, max_iter=20)", 1},
	{"ties(0.5*ft0, -0.3*ft1, density=0.2)", 1},
	{"ties(0.5*ft0, -0.3*ft1, density=0.2, normalize=no)", 0.4},
	{"ties(0.5*trim(ft0, density=0.2), 0.3*trim(ft1, density=0.4))", 1},
	{"ties(0.5*ft0, 0.3*ft1, density=first(0.2[*attn*], 0.8))", 2},
	{"dare(0.5*ft0, 0.3*ft1, p=0.7)", 1},
	{"dare(0.5*ft0, 0.3*ft1, p=0.1, rescale=no, normalize=yes)", 1},
	{"dare_ties(0.5*dare(ft0, p=0.5), ft1, p=0)", 1},
	{"breadcrumbs(0.5*ft0, 0.3*ft1, density=0.8, gamma=0.05)", 1},
	{"breadcrumbs_ties(breadcrumbs(ft0, density=0.5, gamma=0.2), breadcrumbs(ft1, "
	 "density=0.8))",
		1},
	{"della(0.5*ft0, 0.3*ft1, density=0.5, epsilon=0.1)", 1},
	{"della_linear(0.5*ft0, 0.3*ft1, density=0.5)", 1},
	{"stock(ft0, ft1)", 1},
	{"stock(ft0, ft1, ft2, along=row)", 1},
	{"sce(ft0, ft1, topk=0.1)", 1},
	{"ram(ft0, ft1, epsilon=0.001)", 1},
	{"ramplus_tl(ft0, ft1, r=0.2)", 1},
	{"nearswap(ft0, t=0.0001)", 1},
	{"arcee_fusion(ft0)", 1},
	{"passthrough(ft0, scale=0.5)", 1},
	{"ft0", 1},
};

static void test_returned(void)
{
	g_autoptr(Collection) collection = fixture_collection();
	for (guint i = 0; i < G_N_ELEMENTS(returned); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) notes = mergekit_notes_new();
		g_autoptr(Node) edit = parse(collection, returned[i].edit, DIALECT_MERGEKIT);
		g_autofree char *yaml =
			mergekit_write(collection, edit, returned[i].scale, notes, &error);
		test_no_error(error);
		g_autoptr(Recipe) recipe = read_back(collection, yaml);
		g_autoptr(Node) found = parse(collection, recipe->expression, DIALECT_PAPER);
		if (!node_equal(edit, found))
			g_error("%s came back as %s by\n%s", returned[i].edit, recipe->expression,
				yaml);
		g_assert_cmpfloat(recipe->scale, ==, returned[i].scale);
		g_assert_cmpstr(recipe->dtype, ==, "F32");
	}
}

/* Edits that come back in other words, with the same values. */
static const struct {
	const char *edit;
	double scale;
} same[] = {
	{"ramp(0.2, 0.8)*ft0", 1},
	{"ramp(-1, 2)*(ft0 - ft1)/3 + ft2[*attn*]", 0.3},
	{"ft0[layers.1] - 0.5*ft1[norm.weight] + 2*ft2[*mlp*][layers.0]", 1},
	{"sum(ft0, mean(ft1, ft2))[embed,layers.0.mlp]", 1},
	{"passthrough(ft0, scale=0.5) + ft1", 2},
	{"average(ft0, 0.5*ft1)[*attn*]", 1},
	{"ties(0.5*ft0, ft1, density=0.5)[layers.0] - 0.5*ties(ft1, ft0, "
	 "density=0.2)[layers.1,norm]",
		3},
	{"ramp(1, 2)*ties(ramp(0, 1)*ft0, ft1, density=ramp(0.2, 0.6))[*weight*]", 1},
};

static double largest_apart(const EditRun *one, const EditRun *other)
{
	double worst = 0;
	for (guint i = 0; i < collection_tensors(one->collection); i++) {
		g_autofree double *a = edit_values(one, i);
		g_autofree double *b = edit_values(other, i);
		for (guint64 k = 0; k < collection_tensor(one->collection, i)->elements; k++)
			worst = fmax(worst, fabs(a[k] - b[k]));
	}
	return worst;
}

static void test_same(void)
{
	g_autoptr(Collection) collection = fixture_collection();
	for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) notes = mergekit_notes_new();
		g_autofree char *yaml = write_text(
			collection, same[i].edit, same[i].scale, DIALECT_MERGEKIT, notes, &error);
		test_no_error(error);
		g_autoptr(Recipe) recipe = read_back(collection, yaml);
		EditRun one = {collection, same[i].edit, {DIALECT_MERGEKIT, 0},
			.scale = same[i].scale, .difference = TRUE};
		EditRun other = {
			collection, recipe->expression, .scale = recipe->scale, .difference = TRUE};
		double apart = largest_apart(&one, &other);
		if (!(apart < 1e-14))
			g_error("%s is %g from %s by\n%s", same[i].edit, apart, recipe->expression,
				yaml);
	}
}

/* What mergekit has no recipe for. */
static const struct {
	const char *edit;
	double scale;
	const char *holds;
} refusals[] = {
	{"base", 1, "changes nothing"},
	{"magmax(ft0, ft1)", 1, "column 1: mergekit has no method for magmax"},
	{"ft0 + ties(ft1, ft2)", 1, "a task beside a merge"},
	{"ties(ft0, ft1) + dare(ft2, p=0.5)", 1, "one method, and here are ties and dare"},
	{"ties(ft0, ft1) + ties(ft1, ft2)", 1, "adds no merges: two of them act on"},
	{"ties(ft0 + ft1, ft2)", 1, "column 10: mergekit merges models"},
	{"ties(ft0, ft0)", 1, "the same model"},
	{"ties(trim(ft0, density=0.5), density=0.5)", 1, "trims a model once"},
	{"ties(trim(2*ft0, density=0.5), density=1)", 1, "merges models"},
	{"slerp(ft0, ft1, t=0.5, of=changes)", 1, "use nuslerp"},
	{"stock(ft0, ft1, along=filter)", 1, "no along=filter"},
	{"stock(ft0, ft1)", 0.5, "has no scale"},
	{"stock(ft0, ft1)[*attn*]", 1, "has no scale, and on conv.weight it is 0"},
	{"sce(ft0, ft1)[*attn*] + sce(ft0, ft2)[*mlp*]", 1, "same models on all tensors"},
	{"ties(ft0, ft1)[*attn*] + ties(ft0, ft2, normalize=no)[*mlp*]", 1, "must be the same"},
	{"ft0", NAN, "scale"},
};

static void test_refusals(void)
{
	g_autoptr(Collection) collection = fixture_collection();
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) notes = mergekit_notes_new();
		g_autofree char *yaml = write_text(collection, refusals[i].edit, refusals[i].scale,
			DIALECT_MERGEKIT, notes, &error);
		if (yaml)
			g_error("%s: is no error", refusals[i].edit);
		test_error(error, ERROR_USAGE, refusals[i].holds);
	}
}

/* What mergekit does otherwise than the paper stands in comments, which are the notes. */
static void test_comments(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Collection) collection = fixture_collection();
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autofree char *yaml = write_text(collection, "ties(0.5*ft0, -0.2*ft1, density=0.2)", 1,
		DIALECT_PAPER, notes, &error);
	test_no_error(error);
	g_auto(GStrv) lines = g_strsplit(yaml, "\n", -1);
	guint comments = 0;
	for (char **line = lines; *line; line++)
		comments += g_str_has_prefix(*line, "# ") ? 1 : 0;
	g_assert_cmpuint(notes->len, ==, comments);
	for (guint i = 0; i < notes->len; i++) {
		const MergekitNote *note = notes->pdata[i];
		g_assert_cmpuint(note->line, >=, 1);
		g_assert_cmpuint(note->line, <=, g_strv_length(lines));
		g_assert_cmpstr(lines[note->line - 1] + 2, ==, note->text);
	}
	g_assert_nonnull(strstr(yaml, "threshold for each tensor"));
	g_assert_nonnull(strstr(yaml, "weights take part"));
	g_assert_nonnull(strstr(yaml, "takes the sign out of"));
	g_autofree char *same_dialect = write_text(
		collection, "ties(0.5*ft0, density=0.2)", 1, DIALECT_MERGEKIT, notes, &error);
	g_assert_null(strstr(same_dialect, "vote"));
}

/* A language model of four layers, as the recipes in tests/mergekit name its parts. */
static void write_language_model(const char *path)
{
	static const char *const names[] = {"lm_head.weight", "model.embed_tokens.weight",
		"model.layers.0.mlp.up_proj.weight", "model.layers.0.self_attn.q_proj.weight",
		"model.layers.1.mlp.up_proj.weight", "model.layers.1.self_attn.q_proj.weight",
		"model.layers.2.mlp.up_proj.weight", "model.layers.2.self_attn.q_proj.weight",
		"model.layers.3.mlp.up_proj.weight", "model.layers.3.self_attn.q_proj.weight",
		"model.norm.weight"};
	TestTensor tensors[G_N_ELEMENTS(names)];
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		tensors[i] = (TestTensor){names[i], DTYPE_F32, 2, {2, 3}, NULL};
	test_write_safetensors(path, tensors, G_N_ELEMENTS(names));
}

static Collection *language_models(const char *folder)
{
	static const char *const tasks[] = {"first-7B", "second-7B", "third-7B"};
	g_autofree char *base = g_build_filename(folder, "base-7B.safetensors", NULL);
	write_language_model(base);
	Collection *collection = collection_new(open_checked(base));
	for (guint i = 0; i < G_N_ELEMENTS(tasks); i++) {
		g_autofree char *file = g_strconcat(tasks[i], ".safetensors", NULL);
		g_autofree char *path = g_build_filename(folder, file, NULL);
		write_language_model(path);
		add_member(collection, tasks[i], MEMBER_TASK, NULL, -1, path);
	}
	return collection;
}

/* Recipes as people write them, and what each is; of stacked.yaml, why it is refused. */
static const struct {
	const char *file, *expression, *dtype;
} files[] = {
	{"slerp",
		"slerp(\"first-7B\", \"second-7B\", t=first(ramp(0, 0.5, 0.3, 0.7, "
		"1)[*self_attn*], "
		"ramp(1, 0.5, 0.7, 0.3, 0)[*mlp*], 0.5))",
		"BF16"},
	{"ties",
		"ties(trim(\"first-7B\", density=first(ramp(1, 0.7, 0.1)[model.layers.0-3], 1)), "
		"first(ramp(0, 0.3, 0.7, 1)[model.layers.0-3], 0)*trim(\"second-7B\", "
		"density=0.5), "
		"first(0.5[*mlp*], 0)*trim(\"third-7B\", density=0.33))",
		"F16"},
	{"dare", "dare_ties(0.4*\"first-7B\", 0.3*\"second-7B\", p=0.47)", "BF16"},
	{"layers",
		"\"first-7B\"[model.layers.0-1,model.embed_tokens.weight] + "
		"\"second-7B\"[model.layers.2-3,lm_head.weight,model.norm.weight]",
		"BF16"},
	{"anchors", "average(0.1*\"first-7B\", 0.1*\"second-7B\", normalize=no)", "BF16"},
};

static void test_files(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = language_models(folder);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) notes = mergekit_notes_new();
		g_autofree char *file = g_strdup_printf("tests/mergekit/%s.yaml", files[i].file);
		g_autofree char *path = test_source(file);
		g_autoptr(Recipe) recipe = mergekit_read(collection, path, NULL, notes, &error);
		test_no_error(error);
		g_autoptr(Node) found = parse(collection, recipe->expression, DIALECT_PAPER);
		g_autoptr(Node) wanted = parse(collection, files[i].expression, DIALECT_MERGEKIT);
		if (!node_equal(found, wanted))
			g_error("%s: %s", files[i].file, recipe->expression);
		g_assert_cmpstr(recipe->dtype, ==, files[i].dtype);
	}
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) notes = mergekit_notes_new();
	g_autofree char *stacked = test_source("tests/mergekit/stacked.yaml");
	g_assert_null(mergekit_read(collection, stacked, NULL, notes, &error));
	test_error(error, ERROR_INPUT, "layer 1 at the place of layer 3: the result has 6 layers");
	test_folder_remove(folder);
}

/* Paths that YAML, or mergekit, would take for something else. */
static void test_paths(void)
{
	static const char *const names[] = {"a b", "a+b", "a@b", "a: b", "\"a\"", "- a", "1", "ä"};
	char *folder = test_folder();
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) notes = mergekit_notes_new();
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		g_autofree char *base = g_build_filename(folder, "base", NULL);
		write_toy(path, 1, 2);
		write_toy(base, 0, 0);
		g_autoptr(Collection) collection = collection_new(open_checked(base));
		add_member(collection, "x", MEMBER_TASK, NULL, -1, path);
		g_autofree char *yaml =
			write_text(collection, "x", 1, DIALECT_PAPER, notes, &error);
		test_no_error(error);
		g_autoptr(Recipe) recipe = read_back(collection, yaml);
		g_assert_cmpstr(recipe->expression, ==, "x");
	}
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mergekit-recipes/returned", test_returned);
	g_test_add_func("/mergekit-recipes/same", test_same);
	g_test_add_func("/mergekit-recipes/refusals", test_refusals);
	g_test_add_func("/mergekit-recipes/comments", test_comments);
	g_test_add_func("/mergekit-recipes/paths", test_paths);
	g_test_add_func("/mergekit-recipes/files", test_files);
	g_autofree char *path = test_source("tests/mergekit/manifest.json");
	g_autoptr(cJSON) manifest = json_read_file(path, 1u << 20, &error);
	test_no_error(error);
	add_references(manifest);
	return g_test_run();
}
