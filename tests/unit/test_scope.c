/* test_scope.c - which tensors a pattern chooses, and how a choice is cut into groups. */
#include "test.h"

#include "checkpoint/scope.h"

#include <string.h>

static const double ones[] = {1, 1, 1, 1};

/* The names of a small model, numbered so that 10 and 2 tell natural order from another. */
static Collection *make_model(const char *folder)
{
	static const char *const names[] = {"blocks.0.attn.q_proj.weight",
		"blocks.0.attn.k_proj.weight", "blocks.0.mlp.fc_in.weight", "blocks.2.ln_1.weight",
		"blocks.2.mlp.fc_out.weight", "blocks.10.attn.q_proj.weight", "head.weight",
		"ln_f.weight", "ln_pre.weight", "pos_embed", "logit_scale", "a,b"};
	TestTensor tensors[G_N_ELEMENTS(names) + 1];
	g_autofree char *path = g_build_filename(folder, "base.safetensors", NULL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		tensors[i] = (TestTensor){names[i], DTYPE_F32, 1, {2}, ones};
	tensors[G_N_ELEMENTS(names)] =
		(TestTensor){"blocks.0.attn.position_ids", DTYPE_I64, 1, {4}, NULL};
	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	return collection_new(checkpoint_open(path, NULL));
}

static char *chosen(const Collection *collection, const char *pattern)
{
	g_autoptr(GString) names = g_string_new(NULL);
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (scope_matches(collection, i, pattern))
			g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "",
				collection_tensor(collection, i)->name);
	return g_string_free(g_steal_pointer(&names), FALSE);
}

static void test_patterns(void)
{
	static const struct {
		const char *pattern, *names;
	} cases[] = {
		{"blocks.2", "blocks.2.ln_1.weight blocks.2.mlp.fc_out.weight"},
		{"blocks.1", ""},
		{"blocks.1-10", "blocks.2.ln_1.weight blocks.2.mlp.fc_out.weight "
				"blocks.10.attn.q_proj.weight"},
		{"blocks.3-10", "blocks.10.attn.q_proj.weight"},
		{"blocks.10-3", ""},
		{"block.0-10", ""},
		{"attn.q", "blocks.0.attn.q_proj.weight blocks.10.attn.q_proj.weight"},
		{"mlp", "blocks.0.mlp.fc_in.weight blocks.2.mlp.fc_out.weight"},
		{"ml", ""},
		{"blocks.0.attn", "blocks.0.attn.k_proj.weight blocks.0.attn.position_ids "
				  "blocks.0.attn.q_proj.weight"},
		{"blocks.0.att", ""},
		{"head.weight", "head.weight"},
		{"*.mlp.*", "blocks.0.mlp.fc_in.weight blocks.2.mlp.fc_out.weight"},
		{"blocks.[0-2].*_?n.weight", "blocks.0.mlp.fc_in.weight"},
		{"*", NULL},
		{"embed, head", "head.weight pos_embed"},
		{"embed,", "pos_embed"},
		{"a,b", "a,b"},
		{"", ""},
		{",", ""},
		{"norm", "blocks.2.ln_1.weight ln_f.weight ln_pre.weight"},
	};
	char *folder = test_folder();
	g_autoptr(Collection) collection = make_model(folder);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *names = chosen(collection, cases[i].pattern);
		g_test_message("%s", cases[i].pattern);
		if (cases[i].names != NULL)
			g_assert_cmpstr(names, ==, cases[i].names);
		else
			g_assert_cmpuint(strlen(names), >, 200);
	}
	test_folder_remove(folder);
}

static char *labels(const Collection *collection, const char *pattern, GroupBy by)
{
	g_autoptr(Scope) scope = scope_new(collection, pattern, NULL, 0, NULL);
	g_autoptr(GPtrArray) groups = scope_groups(collection, scope, by);
	g_autoptr(GString) text = g_string_new(NULL);
	guint64 elements = 0;

	for (guint i = 0; i < groups->len; i++) {
		const Scope *group = g_ptr_array_index(groups, i);
		g_string_append_printf(
			text, "%s%s:%u", i > 0 ? " " : "", group->label, group->tensors->len);
		elements += group->elements;
	}
	g_assert_cmpuint(elements, ==, scope->elements);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_groups(void)
{
	static const struct {
		const char *pattern;
		GroupBy by;
		const char *labels;
	} cases[] = {
		{NULL, GROUP_ALL, "everything:12"},
		{"attn", GROUP_ALL, "attn:3"},
		{NULL, GROUP_LAYER,
			"embed:1 ln_pre:1 blocks.0:3 blocks.2:2 blocks.10:1 a,b:1 ln_f:1 "
			"logit_scale:1 "
			"head:1"},
		{NULL, GROUP_KIND,
			"embed:1 attn.q:2 attn.k:1 mlp.up:1 mlp.down:1 norm:3 a,b:1 logit_scale:1 "
			"head:1"},
		{"attn.q,ln_f", GROUP_TENSOR,
			"blocks.0.attn.q_proj.weight:1 blocks.10.attn.q_proj.weight:1 "
			"ln_f.weight:1"},
	};
	char *folder = test_folder();
	g_autoptr(Collection) collection = make_model(folder);

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = labels(collection, cases[i].pattern, cases[i].by);
		g_assert_cmpstr(text, ==, cases[i].labels);
	}
	test_folder_remove(folder);
}

/* Only float tensors that every member shares are counted. */
static void test_shared(void)
{
	const TestTensor tensors[] = {
		{"head.weight", DTYPE_F32, 1, {2}, ones},
		{"pos_embed", DTYPE_F32, 2, {1, 1}, ones},
	};
	const guint member = 1;
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "task.safetensors", NULL);
	g_autoptr(Collection) collection = make_model(folder);
	g_autoptr(GError) unshared = NULL;

	test_write_safetensors(path, tensors, G_N_ELEMENTS(tensors));
	g_assert_true(collection_add(
		collection, "task", MEMBER_TASK, NULL, -1, checkpoint_open(path, NULL), NULL, NULL));
	g_autoptr(Scope) alone = scope_new(collection, NULL, NULL, 0, NULL);
	g_autoptr(Scope) shared = scope_new(collection, NULL, &member, 1, NULL);
	g_assert_cmpuint(alone->tensors->len, ==, 12);
	g_assert_cmpuint(alone->elements, ==, 24);
	g_assert_cmpuint(shared->tensors->len, ==, 1);
	g_assert_cmpuint(shared->elements, ==, 2);
	g_assert_null(scope_new(collection, "embed", &member, 1, &unshared));
	test_error(
		unshared, ERROR_USAGE, "no float tensor that all these checkpoints share: task ");
	g_assert_cmpuint(alone->left_out, ==, 0);
	g_assert_cmpuint(shared->left_out, ==, 11);
	test_folder_remove(folder);
}

static Collection *make_stacks(const char *folder, const char *const *names, guint n)
{
	g_autofree TestTensor *tensors = g_new0(TestTensor, n);
	g_autofree char *path = g_build_filename(folder, "stacks.safetensors", NULL);
	for (guint i = 0; i < n; i++)
		tensors[i] = (TestTensor){names[i], DTYPE_F32, 1, {2}, ones};
	test_write_safetensors(path, tensors, n);
	return collection_new(checkpoint_open(path, NULL));
}

/* Leading words may be left out where they can only be the same; what is there comes first. */
static void test_left_out_words(void)
{
	static const char *const names[] = {"model.layers.0.self_attn.q_proj.weight",
		"model.layers.1.self_attn.q_proj.weight", "model.layers.2.mlp.up_proj.weight",
		"one.deep.blocks.0.mlp.up_proj.weight", "two.deep.blocks.0.mlp.up_proj.weight",
		"blocks.7.mlp.up_proj.weight", "one.blocks.7.mlp.up_proj.weight"};
	static const struct {
		const char *pattern, *whole;
	} cases[] = {
		{"layers.0-1", "model.layers.0-1"},
		{"layers.2, mlp", "model.layers.2,mlp"},
		{"model.layers.1", "model.layers.1"},
		{"blocks.0", "blocks.0"},
		{"one.deep.blocks.0", "one.deep.blocks.0"},
		{"blocks.7", "blocks.7"},
		{"ayers.0-1", "ayers.0-1"},
		{"layers.5-9", "layers.5-9"},
	};
	char *folder = test_folder();
	g_autoptr(Collection) collection = make_stacks(folder, names, G_N_ELEMENTS(names));
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *whole = scope_whole_pattern(collection, cases[i].pattern);
		g_assert_cmpstr(whole, ==, cases[i].whole);
	}
	g_autoptr(Scope) scope = scope_new(collection, "layers.0-1", NULL, 0, NULL);
	g_assert_cmpuint(scope->tensors->len, ==, 2);
	g_assert_cmpstr(scope->label, ==, "layers.0-1");
	g_assert_null(scope_new(collection, "blocks.0", NULL, 0, NULL));
	test_folder_remove(folder);
}

static void test_nothing_chosen(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = make_model(folder);
	g_autoptr(GError) near = NULL, far = NULL, integers = NULL;

	g_assert_null(scope_new(collection, "block.10", NULL, 0, &near));
	test_error(near, ERROR_USAGE, "; the nearest layer or kind is blocks.10");
	g_assert_cmpstr(error_remedy(near), ==, "the nearest layer or kind is blocks.10");
	g_assert_null(scope_new(collection, "\033[2Jquite another thing", NULL, 0, &far));
	test_error(far, ERROR_USAGE, "chooses no tensor of the base");
	g_assert_null(strchr(far->message, '\033'));
	g_assert_null(scope_new(collection, "*.position_ids", NULL, 0, &integers));
	test_error(integers, ERROR_USAGE, "chooses no float tensor");
	test_folder_remove(folder);
}

/* The demo's model: 3 blocks, every tensor in one layer and one kind. */
static void test_digits(void)
{
	g_autofree char *path = test_source("data/digits/base/model.safetensors");
	g_autoptr(Collection) collection = collection_new(checkpoint_open(path, NULL));
	g_autofree char *layers = labels(collection, NULL, GROUP_LAYER);
	g_autofree char *kinds = labels(collection, NULL, GROUP_KIND);

	g_assert_cmpstr(layers, ==, "embed:3 blocks.0:16 blocks.1:16 blocks.2:16 ln_f:2 head:1");
	g_assert_cmpstr(kinds, ==,
		"embed:3 attn.q:6 attn.k:6 attn.v:6 attn.o:6 mlp.up:6 mlp.down:6 norm:14 head:1");
}

static void test_group_names(void)
{
	GroupBy by;
	for (guint i = GROUP_ALL; i <= GROUP_TENSOR; i++) {
		g_assert_true(group_by_from_name(group_by_name((GroupBy)i), &by));
		g_assert_cmpint(by, ==, (GroupBy)i);
	}
	g_assert_false(group_by_from_name("layers", &by));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scope/patterns", test_patterns);
	g_test_add_func("/scope/groups", test_groups);
	g_test_add_func("/scope/shared", test_shared);
	g_test_add_func("/scope/nothing-chosen", test_nothing_chosen);
	g_test_add_func("/scope/digits", test_digits);
	g_test_add_func("/scope/group-names", test_group_names);
	g_test_add_func("/scope/left-out-words", test_left_out_words);
	return g_test_run();
}
