/* test_mergekit_yaml.c - recipes of mergekit: what each is as an edit, and that it gives what
 * mergekit gave; what is refused, and at which line. */
#include "core/json.h"
#include "edit/linear.h"
#include "recipe/mergekit.h"
#include "edit/method.h"
#include "recipe/yaml.h"
#include "toy.h"

#include <math.h>
#include <string.h>

typedef struct {
	char *folder;
	Collection *collection;
	GPtrArray *notes;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = toy_collection(fixture->folder);
	fixture->notes = mergekit_notes_new();
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_ptr_array_unref(fixture->notes);
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static Recipe *read_text(const Fixture *fixture, const char *text, GError **error)
{
	g_ptr_array_set_size(fixture->notes, 0);
	return mergekit_parse(fixture->collection, "config.yaml", text, strlen(text), NULL,
		fixture->notes, error);
}

static Recipe *read_checked(const Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	Recipe *recipe = read_text(fixture, text, &error);
	if (!recipe)
		g_error("%s\n%s", text, error->message);
	return recipe;
}

/* Beginnings of recipes of two models. */
#define WEIGHTS                                                                                    \
	"base_model: x/base\n"                                                                     \
	"models:\n"                                                                                \
	"  - model: x/a\n"                                                                         \
	"    parameters: {weight: 0.5}\n"                                                          \
	"  - model: x/b\n"                                                                         \
	"    parameters: {weight: 0.25}\n"
#define NO_WEIGHTS "base_model: base\nmodels: [{model: a}, {model: b}]\n"
#define ONE "base_model: base\nmodels: [{model: a}]\n"

/* A recipe, and the edit that it is: by the documentation of mergekit. */
static const struct {
	const char *text, *expression;
	double scale;
} forms[] = {
	{"merge_method: linear\nmodels:\n  - {model: a, parameters: {weight: 0.5}}\n"
	 "  - {model: b, parameters: {weight: 1}}\n",
		"average(0.5*a, b)", 1},
	{"merge_method: linear\nbase_model: base\nparameters: {weight: 2, normalize: false}\n"
	 "models: [{model: a}]\n",
		"average(2*a, 2*base, normalize=no)", 1},
	{"merge_method: slerp\nparameters: {t: 0.3}\n" ONE, "slerp(a, t=0.3)", 1},
	{"merge_method: slerp\nparameters: {t: 0.3}\nbase_model: a\nmodels: [{model: a}, {model: "
	 "b}]",
		"slerp(a, b, t=0.3)", 1},
	{"merge_method: slerp\nparameters: {t: 0.3}\nbase_model: a\nmodels: [{model: base}]",
		"slerp(a, base, t=0.3)", 1},
	{"merge_method: nuslerp\n" WEIGHTS, "nuslerp(0.5*a, 0.25*b)", 1},
	{"merge_method: nuslerp\nmodels: [{model: a}, {model: b}]\nparameters: {weight: 1}\n",
		"nuslerp(a, b, of=weights)", 1},
	{"merge_method: nuslerp\n" WEIGHTS "parameters: {nuslerp_flatten: false}\n",
		"nuslerp(0.5*a, 0.25*b, along=row)", 1},
	{"merge_method: nuslerp\n" WEIGHTS
	 "parameters: {nuslerp_flatten: no, nuslerp_row_wise: yes}\n",
		"nuslerp(0.5*a, 0.25*b, along=column)", 1},
	{"merge_method: nuslerp\n" WEIGHTS "parameters: {nuslerp_row_wise: true}\n",
		"nuslerp(0.5*a, 0.25*b)", 1},
	{"merge_method: multislerp\n" WEIGHTS
	 "parameters: {normalize_weights: false, eps: 1.0e-6}\n",
		"multislerp(0.5*a, 0.25*b, normalize=no, eps=1e-06, of=changes)", 1},
	{"merge_method: multislerp\nparameters: {weight: 1}\nmodels: [{model: a}, {model: b}]",
		"multislerp(a, b)", 1},
	{"merge_method: karcher\nmodels: [{model: a}, {model: b}]\n"
	 "parameters: {max_iter: 20, tol: 0.001}",
		"karcher(a, b, max_iter=20, tol=0.001)", 1},
	{"merge_method: karcher\nbase_model: base\nmodels: [{model: a}]", "karcher(a, base)", 1},
	{"merge_method: task_arithmetic\n" WEIGHTS, "0.5*a + 0.25*b", 1},
	{"merge_method: task_arithmetic\nparameters: {lambda: 0.7}\n" WEIGHTS, "0.5*a + 0.25*b",
		0.7},
	{"merge_method: task_arithmetic\nparameters: {normalize: true}\n" WEIGHTS,
		"(0.5*a + 0.25*b)/0.75", 1},
	{"merge_method: task_arithmetic\nparameters: {normalize: true, weight: [1, 2]}\n" ONE,
		"average(first(ramp(1, 2)[blocks.0-4], 1)*a)", 1},
	{"merge_method: task_arithmetic\nparameters: {weight: -1}\n" NO_WEIGHTS, "-1*a - 1*b", 1},
	{"merge_method: task_arithmetic\nparameters: {lambda: 0.5}\nbase_model: mnist\n"
	 "models: [{model: a, parameters: {weight: 1}}, {model: base, parameters: {weight: -3}}]",
		"mnist + 0.5*(a - mnist - 3*(base - mnist))", 1},
	{"merge_method: task_arithmetic\nbase_model: base\nmodels: [{model: base}]", "base", 1},
	{"merge_method: ties\n" WEIGHTS, "ties(0.5*a, 0.25*b)", 1},
	{"merge_method: ties\nparameters: {density: 0.5, normalize: false, lambda: 2}\n" WEIGHTS,
		"ties(0.5*a, 0.25*b, density=0.5, normalize=no)", 2},
	{"merge_method: ties\nbase_model: base\nmodels:\n"
	 "- {model: a, parameters: {weight: 0.5, density: 0.2}}\n"
	 "- {model: b, parameters: {weight: 1, density: 0.4}}\n",
		"ties(0.5*trim(a, density=0.2), trim(b, density=0.4))", 1},
	{"merge_method: dare_linear\nparameters: {density: 0.9}\n" WEIGHTS,
		"dare(0.5*a, 0.25*b, p=0.1)", 1},
	{"merge_method: dare_ties\nparameters: {density: 0.3, rescale: false, normalize: "
	 "on}\n" WEIGHTS,
		"dare_ties(0.5*a, 0.25*b, p=0.7, normalize=yes, rescale=no)", 1},
	{"merge_method: dare_ties\nbase_model: base\nparameters: {weight: 1, rescale: "
	 "false}\nmodels:\n"
	 "- {model: a, parameters: {density: 0.25}}\n- {model: b, parameters: {density: 0.5}}\n",
		"dare_ties(dare(a, p=0.75, rescale=no), dare(b, p=0.5, rescale=no), p=0, "
		"rescale=no)",
		1},
	{"merge_method: breadcrumbs\nparameters: {density: 0.8, gamma: 0.05}\n" WEIGHTS,
		"breadcrumbs(0.5*a, 0.25*b, density=0.8, gamma=0.05)", 1},
	{"merge_method: breadcrumbs_ties\nparameters: {density: 0.8}\n" WEIGHTS,
		"breadcrumbs_ties(0.5*a, 0.25*b, density=0.8)", 1},
	{"merge_method: della\nparameters: {density: 0.5, epsilon: 0.1}\n" WEIGHTS,
		"della(0.5*a, 0.25*b, density=0.5, epsilon=0.1)", 1},
	{"merge_method: della_linear\nparameters: {density: 0.5, lambda: [1, 2]}\n" WEIGHTS,
		"first(ramp(1, 2)[blocks.0-4], 1)*della_linear(0.5*a, 0.25*b, density=0.5)", 1},
	{"merge_method: model_stock\n" NO_WEIGHTS, "stock(a, b)", 1},
	{"merge_method: model_stock\nparameters: {filter_wise: true}\n" NO_WEIGHTS,
		"stock(a, b, along=row)", 1},
	{"merge_method: nearswap\nparameters: {t: 0.001}\n" ONE, "nearswap(a, t=0.001)", 1},
	{"merge_method: arcee_fusion\n" ONE, "arcee_fusion(a)", 1},
	{"merge_method: sce\n" NO_WEIGHTS, "sce(a, b)", 1},
	{"merge_method: sce\nparameters: {select_topk: 0.2}\n" NO_WEIGHTS, "sce(a, b, topk=0.2)",
		1},
	{"merge_method: ram\nparameters: {epsilon: 0.001}\n" NO_WEIGHTS, "ram(a, b, epsilon=0.001)",
		1},
	{"merge_method: ramplus_tl\nparameters: {r: 0.2, alpha: 0.3}\n" NO_WEIGHTS,
		"ramplus_tl(a, b, r=0.2, alpha=0.3)", 1},
	{"merge_method: passthrough\nmodels: [{model: a, parameters: {scale: 0.5}}]",
		"passthrough(a, scale=0.5)", 1},
	{"merge_method: passthrough\nmodels: [{model: a}]", "a", 1},
	{"merge_method: passthrough\nmodules: {default: {models: [{model: a}]}}", "a", 1},
};

static Node *parse(const Fixture *fixture, const char *text, guint dialect)
{
	const ExpressionDefaults defaults = {.dialect = dialect};
	g_autoptr(GError) error = NULL;
	Node *node = expression_parse_with(fixture->collection, text, &defaults, &error);
	if (!node)
		g_error("%s: %s", text, error->message);
	return node;
}

/* The text of a recipe says its dialect, so that it needs no defaults. */
static void assert_edit(const Fixture *fixture, const Recipe *recipe, const char *expression)
{
	g_autoptr(Node) found = parse(fixture, recipe->expression, DIALECT_PAPER);
	g_autoptr(Node) wanted = parse(fixture, expression, DIALECT_MERGEKIT);
	if (!node_equal(found, wanted))
		g_error("%s is not %s", recipe->expression, expression);
}

static void test_forms(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
		g_autoptr(Recipe) recipe = read_checked(fixture, forms[i].text);
		assert_edit(fixture, recipe, forms[i].expression);
		g_assert_cmpfloat(recipe->scale, ==, forms[i].scale);
		g_assert_cmpstr(recipe->dialect, ==, "mergekit");
		g_assert_cmpstr(recipe->dtype, ==, "base");
	}
}

/* What a weight of task arithmetic is on the tensors of the toy: blocks.0, 1, 3 and 4 hold attn,
 * blocks.2 holds mlp, then embed.weight and head.weight. */
static const struct {
	const char *text; /* after merge_method and base_model */
	double values[7];
} weights[] = {
	{"models: [{model: a, parameters: {weight: [0, 1]}}]", {0, 0.25, 0.5, 0.75, 1, 0, 0}},
	{"models: [{model: a, parameters: {weight: [2, 1, 4]}}]", {2, 1.5, 1, 2.5, 4, 2, 2}},
	{"models: [{model: a, parameters: {weight: [3]}}]", {3, 3, 3, 3, 3, 3, 3}},
	{"models: [{model: a, parameters: {weight: [{filter: attn, value: [-1, 1]}, {filter: "
	 "mlp, value: 7}, {value: 2}]}}]",
		{-1, -0.5, 7, 0.5, 1, 2, 2}},
	{"models: [{model: a, parameters: {weight: [{filter: blocks, value: 1}, {filter: mlp, "
	 "value: 7}, {value: -2, filter: '*'}]}}]",
		{1, 1, 1, 1, 1, -2, -2}},
	{"models: [{model: a, parameters: {weight: [{filter: mlp, value: -3}]}}]\n"
	 "parameters: {weight: [0, 4]}",
		{0, 1, -3, 3, 4, 0, 0}},
	{"models: [{model: a, parameters: {weight: [{filter: mlp, value: 3}]}}]\n"
	 "parameters: {weight: [{filter: head, value: [5, 6]}, {value: 1}]}",
		{1, 1, 3, 1, 1, 1, 5}},
	{"models: [{model: a, parameters: {weight: {filter: mlp, value: 3}}}]\n"
	 "parameters: {weight: 1}",
		{1, 1, 3, 1, 1, 1, 1}},
	{"slices:\n"
	 "- sources: [{model: a, layer_range: [0, 1], parameters: {weight: [8, 9]}}]\n"
	 "- sources: [{model: a, layer_range: [1, 4]}]\n"
	 "  parameters: {weight: [1, 3]}\n"
	 "- sources: [{model: a, layer_range: [4, 5]}]\n"
	 "parameters: {weight: [-7, 0, 7]}",
		{9, 1, 2, 3, 7, 8, -7}},
	{"slices:\n"
	 "- sources: [{model: a, layer_range: [0, 2]}]\n"
	 "  parameters: {lambda: 2}\n"
	 "- sources: [{model: a, layer_range: [2, 5]}]\n"
	 "  parameters: {lambda: [{filter: attn, value: [0, 1]}]}\n"
	 "parameters: {weight: 3}",
		{6, 6, 3, 1.5, 3, 6, 3}},
	{"slices: [{sources: [{model: a, layer_range: [0, 5]}]}]\nparameters: {weight: [0, 4]}",
		{0, 1, 2, 3, 4, 0, 0}},
	{"slices: [{sources: [{model: a, layer_range: [0, 2]}]}, "
	 "{sources: [{model: a, layer_range: [2, 5]}]}]\nparameters: {weight: 4}",
		{4, 4, 4, 4, 4, 4, 4}},
	{"modules: {m: {models: [{model: a}], parameters: {weight: [{filter: mlp, value: 1}]}}}\n"
	 "parameters: {weight: 4}",
		{4, 4, 1, 4, 4, 4, 4}},
};

static void test_weights(Fixture *fixture, gconstpointer data)
{
	(void)data;
	guint member = (guint)collection_find(fixture->collection, "a");
	g_autofree double *c = g_new(double, collection_members(fixture->collection));
	for (guint i = 0; i < G_N_ELEMENTS(weights); i++) {
		g_autofree char *text = g_strdup_printf(
			"merge_method: task_arithmetic\nbase_model: base\n%s\n", weights[i].text);
		g_autoptr(Recipe) recipe = read_checked(fixture, text);
		g_autoptr(Node) edit = parse(fixture, recipe->expression, DIALECT_PAPER);
		for (guint k = 0; k < 7; k++) {
			linear_coefficients(fixture->collection, edit, k, c);
			if (fabs(c[member] * recipe->scale - weights[i].values[k]) > 1e-15)
				g_error("%s: %s is %g on tensor %u", weights[i].text,
					recipe->expression, c[member], k);
		}
	}
}

/* What is refused, where, and a part of the sentence. */
static const struct {
	const char *text, *place, *holds;
} refusals[] = {
	{"", "line 1, column 1", "empty"},
	{"42", "line 1", "no recipe"},
	{"models: [{model: a}]", "line 1", "no merge_method"},
	{"merge_method: tiess\nmodels: [{model: a}]", "line 1", "the nearest is ties"},
	{"merge_method: ties\nmodels: [{model: a, parameters: {weight: 1}}]", "line 1",
		"needs a base_model"},
	{"merge_method: linear\nmodels: [{model: nowhere}]", "line 2", "--model nowhere=NAME"},
	{"merge_method: linear\n\nbase_model: org/none@main", "line 3",
		"--model org/none@main=NAME"},
	{"merge_method: linear\nmodels: [{model: a}]", "line 2",
		"needs a weight for a, and blocks.0.attn.q.weight has none"},
	{"merge_method: linear\nbase_model: base\nmodels: [{model: a, parameters: {weight: 1}}]",
		"line 3", "needs a weight for base"},
	{"merge_method: slerp\n" ONE, "line 1", "slerp needs a t"},
	{"merge_method: slerp\nparameters:\n  t: [0, 1.5]\n" ONE, "line 3", "t is 1.5"},
	{"merge_method: nearswap\nparameters: {t: 0}\n" ONE, "line 2", "t is 0"},
	{"merge_method: slerp\nparameters: {t: 0.5}\n" NO_WEIGHTS, "line 4", "here are 2"},
	{"merge_method: model_stock\n" ONE, "line 3", "at least 2 models"},
	{"merge_method: linear\nmodels: [{model: a}, {model: x/a}]", "line 2", "named twice"},
	{"merge_method: linear\nmodels: a", "line 2", "list of maps"},
	{"merge_method: linear\nmodels: []", "line 2", "list of maps"},
	{"merge_method: linear\nmodels: [{modle: a}]", "line 2", "name of the model is missing"},
	{"merge_method: linear\nmodels: [{model: [a]}]", "line 2", "names no model"},
	{"merge_method: linear\nmodels: [{model: a, parameters: 3}]", "line 2", "must be a map"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: much}}]", "line 2",
		"column 42: weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: .nan}}]", "line 2",
		"weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: 1e999}}]", "line 2",
		"weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: 0x10}}]", "line 2",
		"weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: 010}}]", "line 2",
		"weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: '1'}}]", "line 2",
		"weight is no number"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: []}}]", "line 2", "empty"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: [{value: 1}, 2]}}]",
		"line 2", "not a value with a filter"},
	{"merge_method: linear\nmodels: [{model: a, parameters: {weight: 1e200}}]", "line 1",
		"too large"},
	{"merge_method: linear\nslices: [{sources: [{model: a}]}]", "line 2", "no range of layers"},
	{"merge_method: linear\nslices: [{sources: [{model: a, layer_range: [3, 3]}]}]", "line 2",
		"no range of layers"},
	{"merge_method: linear\nslices: [{sources: [{model: a, layer_range: [0, -1]}]}]", "line 2",
		"no range of layers"},
	{"merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 4]}]\n"
	 "- sources: [{model: b, layer_range: [3, 5]}]",
		"line 4", "layer 3 at the place of layer 4: the result has 6 layers"},
	{"merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 4]}]",
		"line 3", "end before layer 4"},
	{"merge_method: passthrough\nslices:\n- sources: [{model: a, layer_range: [0, 6]}]",
		"line 3", "layers 0 to 5, and the base has 5 layers, the last of which is 4"},
	{"merge_method: linear\nslices:\n- sources:\n  - {model: a, layer_range: [0, 5]}\n"
	 "  - {model: b, layer_range: [1, 6]}",
		"line 5", "takes layers 1 to 5 where others take 0 to 4"},
	{"merge_method: linear\nslices: []\nmodels: []", "line 1", "both"},
	{"merge_method: linear", "line 1", "neither"},
	{"merge_method: linear\nmodules: {a: {models: []}, b: {models: []}}", "line 2",
		"several parts"},
	{"merge_method: linear\nmodules: {a: {models: []}}\nmodels: []", "line 2", "exclude"},
	{"merge_method: arcee_fusion\nbase_model: b\nmodels: [{model: a}]", "line 1",
		"not that of the store"},
	{"merge_method: ties\nparameters: {weight: 1, rescale: true}\n" ONE, "line 1",
		"rescale: yes"},
	{"merge_method: ties\nparameters: {weight: 1, normalize: [{filter: mlp, value: 0}]}\n" ONE,
		"line 2", "normalize is yes on some"},
	{"merge_method: passthrough\nmodels: [{model: a}]\ndtype: int64", "line 3", "no type"},
	{"merge_method: passthrough\nmodels: [{model: a}]\nout_dtype: [float32]", "line 3",
		"no type"},
	{"merge_method: passthrough\nmodels: [{model: a}]\nchat_template: chatml", "line 3",
		"no edit writes a chat template"},
	{"merge_method: passthrough\nmodels: [{model: a}]\ntokenizer: {source: union, tokens: {x: "
	 "1}}",
		"line 3", "makes embeddings"},
	{"merge_method: passthrough\nmodels: [{model: a}]\ntokenizer: {source: union}\n"
	 "tokenizer_source: base",
		"line 3", "exclude each other"},
};

static void test_refusals(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Recipe) recipe = read_text(fixture, refusals[i].text, &error);
		if (recipe)
			g_error("%s: is no error", refusals[i].text);
		if (!strstr(error->message, refusals[i].place))
			g_error("%s: %s", refusals[i].text, error->message);
		test_error(error, ERROR_INPUT, refusals[i].holds);
		g_assert_cmpstr(error_file(error), ==, "config.yaml");
	}
}

/* YAML that is wrong, or hostile. */
static const struct {
	const char *text, *place, *holds;
} broken[] = {
	{"a: 1\nb: 2\na: 3\n", "line 3, column 1", "given here and on line 1"},
	{"a: [1, 2\n", "line 2, column 1", "no YAML"},
	{"a:\n\tb: 1\n", "line 2, column 1", "no YAML"},
	{"a: *b\n", "line 1, column 4", "an alias to nothing"},
	{"a: &b [*b]\n", "line 1, column 8", "an alias to nothing"},
	{"a: !!python/object:os.system x\n", "line 1, column 4", "a tag"},
	{"a: {<<: {b: 1}}\n", "line 1, column 5", "merge key"},
	{"? [a]\n: 1\n", "line 1, column 3", "a key must be a word"},
	{"a: 1\n---\nb: 2\n", "line 2, column 1", "second document"},
	{"a: \"\\x00\\xff\n", "line", "no YAML"},
	{"a: %\n", "line 1, column 4", "no YAML"},
};

static void test_broken(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Recipe) recipe = read_text(fixture, broken[i].text, &error);
		if (recipe || !strstr(error->message, broken[i].place))
			g_error("%s: %s", broken[i].text, recipe ? "no error" : error->message);
		test_error(error, ERROR_INPUT, broken[i].holds);
	}
}

static void assert_refused(
	const Fixture *fixture, const char *text, gsize length, const char *holds)
{
	g_autoptr(GError) error = NULL;
	Recipe *recipe = mergekit_parse(
		fixture->collection, "config.yaml", text, length, NULL, fixture->notes, &error);
	g_assert_null(recipe);
	test_error(error, ERROR_INPUT, holds);
}

static void test_hostile(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GString) deep = g_string_new("merge_method: linear\nmodels: ");
	g_autoptr(GString) laughs = g_string_new("a: &a [x, x, x, x, x, x, x, x, x]\n");
	g_autoptr(GString) many = g_string_new("merge_method: linear\nmodels: [");
	for (guint i = 0; i < 5000; i++)
		g_string_append_c(deep, '[');
	for (char c = 'b'; c < 'k'; c++)
		g_string_append_printf(laughs, "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n",
			c, c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
	for (guint i = 0; i < 30000; i++)
		g_string_append(many, "{a: b},");
	g_autofree char *large = g_strnfill(YAML_BYTES_MOST + 1, ' ');
	assert_refused(fixture, deep->str, deep->len, "nested too deeply");
	assert_refused(fixture, laughs->str, laughs->len, "too many values");
	assert_refused(fixture, many->str, many->len, "too many values");
	assert_refused(fixture, large, YAML_BYTES_MOST + 1, "larger than");
	assert_refused(fixture, "a: \xff\xfe", 5, "byte 3 is not valid UTF-8");
	assert_refused(fixture, "a: \0b", 5, "byte 3 is not valid UTF-8");
}

/* An alias stands for what it names. */
static void test_aliases(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Recipe) recipe = read_checked(fixture,
		"merge_method: linear\nmodels:\n- {model: a, parameters: &p {weight: 0.5}}\n"
		"- {model: b, parameters: *p}\n");
	assert_edit(fixture, recipe, "average(0.5*a, 0.5*b)");
}

static gboolean has_note(const Fixture *fixture, guint line, const char *part)
{
	for (guint i = 0; i < fixture->notes->len; i++) {
		const MergekitNote *note = fixture->notes->pdata[i];
		if (note->line == line && strstr(note->text, part))
			return TRUE;
	}
	return FALSE;
}

/* What is said of a recipe, and at which line. */
static const struct {
	const char *text;
	guint line;
	const char *holds;
} sayings[] = {
	{"merge_method: task_arithmetic\nparameters:\n  weight: [1, 2]\n" ONE, 3,
		"also those behind them (head.weight), have its first number, 1"},
	{"merge_method: ties\nparameters:\n  weight: -1\n" ONE, 3, "negative weight"},
	{"merge_method: ties\nparameters:\n  weight: 0.3\n" ONE, 3, "changes nothing"},
	{"merge_method: ties\nparameters:\n  weight: 1\n  density: 0.2\n" ONE, 4,
		"mergekit stops at blocks.0.attn.q.weight"},
	{"merge_method: breadcrumbs\nparameters:\n  weight: 1\n  density: 0.2\n  gamma: 0.1\n" ONE,
		5, "7 of them"},
	{"merge_method: ties\nparameters:\n  weight: 1\n  densty: 1\n" ONE, 4,
		"the nearest is density"},
	{"merge_method: ties\nparameters:\n  weight: 1\n  int8_mask: true\n" ONE, 4,
		"changes nothing in the result"},
	{"merge_method: ties\nbase_model: base\nmodels:\n- model: a\n  parameters:\n    weight: 1\n"
	 "    lambda: 3\n",
		7, "counts for all models together"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\nmerge: 1\n", 4,
		"no key of a recipe"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\n", 0, "no dtype"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\ndtype: bfloat16\n",
		4, "in double"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\n", 0,
		"measures from no base"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\n", 0, "(seen)"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a}]\n"
	 "tokenizer_source: union\n",
		4, "taken to be the same"},
	{"merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: a@main}]\n", 3,
		"revision main"},
	{"merge_method: linear\nmodels: [{model: a}]\nparameters:\n  weight:\n"
	 "  - {filter: 'mlp*', value: 0}\n  - value: 1\n",
		5, "without wildcards"},
	{"merge_method: linear\nmodels: [{model: a}]\nparameters:\n  weight: 1e-5\n", 4, "1.0e-5"},
	{"merge_method: dare_ties\nparameters:\n  weight: 1\n" ONE, 1, "drawn here from the seed"},
};

static void test_sayings(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(sayings); i++) {
		g_autoptr(Recipe) recipe = read_checked(fixture, sayings[i].text);
		g_assert_nonnull(recipe);
		if (!has_note(fixture, sayings[i].line, sayings[i].holds))
			g_error("%s: nothing is said of %s", sayings[i].text, sayings[i].holds);
	}
}

/* Which member a model of a recipe is. */
static void assert_model(
	const Fixture *fixture, const char *model, const char *const *told, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text =
		g_strdup_printf("merge_method: passthrough\nmodels: [{model: %s}]\n", model);
	g_autoptr(Recipe) recipe = mergekit_parse(fixture->collection, "config.yaml", text,
		strlen(text), told, fixture->notes, &error);
	test_no_error(error);
	assert_edit(fixture, recipe, name);
}

static void test_models(Fixture *fixture, gconstpointer data)
{
	(void)data;
	const char *const told[] = {"org/x+y=b", "a=mnist@40", NULL};
	const char *path = collection_member(fixture->collection, 1)->checkpoint->path;
	g_assert_cmpstr(collection_member(fixture->collection, 1)->name, ==, "a");
	assert_model(fixture, path, NULL, "a");
	assert_model(fixture, "a", NULL, "a");
	assert_model(fixture, "org/a", NULL, "a");
	assert_model(fixture, "org/a@main", NULL, "a");
	assert_model(fixture, "{model: {path: org/a, revision: main}}", NULL, "a");
	assert_model(fixture, "{model: org/a}", NULL, "a");
	assert_model(fixture, "base+org/a", NULL, "a");
	assert_model(fixture, "{model: base, lora: org/a}", NULL, "a");
	assert_model(fixture, "org/mnist-inv", NULL, "\"mnist-inv\"");
	assert_model(fixture, "org/x+y", told, "b");
	assert_model(fixture, "a", told, "mnist@40");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*test)(Fixture *fixture, gconstpointer data);
	} tests[] = {
		{"/mergekit-yaml/forms", test_forms},
		{"/mergekit-yaml/weights", test_weights},
		{"/mergekit-yaml/refusals", test_refusals},
		{"/mergekit-yaml/broken", test_broken},
		{"/mergekit-yaml/hostile", test_hostile},
		{"/mergekit-yaml/aliases", test_aliases},
		{"/mergekit-yaml/sayings", test_sayings},
		{"/mergekit-yaml/models", test_models},
	};
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
		g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
	return g_test_run();
}
