/* test_outline.c - rows and text are the same edit, whatever is done to the rows. */
#include "toy.h"

#include "edit/outline.h"

#include <math.h>
#include <string.h>

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = toy_collection(fixture->folder);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static Outline *outline_of(const Fixture *fixture, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) composition = composition_new();
	composition_set_text(composition, fixture->collection, text, &error);
	test_no_error(error);
	return outline_new(fixture->collection, composition, NULL);
}

/* A row as "path name number", with "!" where it is hidden. */
static char *describe(const Outline *outline)
{
	GString *out = g_string_new(NULL);
	for (guint i = 0; i < outline->rows->len; i++) {
		const OutlineRow *row = outline_row(outline, i);
		g_autofree char *value = outline_value(outline, i);
		g_string_append_printf(out, "%s%s%s|%s|%s", i ? "\n" : "", row->hidden ? "!" : "",
			row->path, row->name, value);
	}
	return g_string_free(out, FALSE);
}

static const struct {
	const char *text, *rows;
} outlines[] = {
	{"0.5*a[head] - b", "scale|× the whole|1.00\n0|a|0.50\n1|b|−1.00\nadd|add a term|"},
	{"2*(a - 0.25*\"4x big\")",
		"scale|× the whole|1.00\n0|(a - 0.25*\"4x big\")|2.00\n!0/0|a|1.00\n"
		"!0/1|4x big|−0.25\n!0+|add a summand|\nadd|add a term|"},
	{"sum(ramp(0, 1)*a, mean(b, a/3))",
		"scale|× the whole|1.00\n0|sum|1.00\n0/0|ramp(0, 1)*a|1.00\n0/1|mean|1.00\n"
		"0/1/0|b|1.00\n0/1/1|a/3|1.00\n0/1+|add an input|\n0+|add an input|\n"
		"add|add a term|"},
	{"passthrough(a, scale=1.25)", "scale|× the whole|1.00\n0|passthrough|1.00\n0/0|a|1.00\n"
				       "0.scale|scale|1.25\nadd|add a term|"},
};

static void test_rows(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(outlines); i++) {
		g_autoptr(Outline) outline = outline_of(fixture, outlines[i].text);
		g_autofree char *rows = describe(outline);
		g_assert_cmpstr(rows, ==, outlines[i].rows);
	}
}

static void test_folding(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Outline) plain = outline_of(fixture, "2*(a - b) + sum(a, b)");
	g_autoptr(GHashTable) turned = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_add(turned, (gpointer) "0 ()");
	g_hash_table_add(turned, (gpointer) "1 sum");
	g_autoptr(Outline) outline = outline_new(fixture->collection, plain->composition, turned);
	g_assert_true(outline_row(plain, (guint)outline_find(plain, "0/0"))->hidden);
	g_assert_false(outline_row(outline, (guint)outline_find(outline, "0/0"))->hidden);
	g_assert_false(outline_row(plain, (guint)outline_find(plain, "1/0"))->hidden);
	g_assert_true(outline_row(outline, (guint)outline_find(outline, "1/0"))->hidden);
	g_assert_cmpint(outline_find(outline, "nothing"), ==, -1);
}

/* What is done to a row of an edit, and the text or the error that comes of it. */
typedef Composition *(*Change)(const Outline *outline, guint row, GError **error);

static Composition *half(const Outline *outline, guint row, GError **error)
{
	return outline_set_number(outline, row, 0.5, error);
}

static Composition *minus_one(const Outline *outline, guint row, GError **error)
{
	return outline_set_number(outline, row, -1, error);
}

static Composition *huge(const Outline *outline, guint row, GError **error)
{
	return outline_set_number(outline, row, 1e300, error);
}

static Composition *on_head(const Outline *outline, guint row, GError **error)
{
	return outline_set_scope(outline, row, "head", error);
}

static Composition *nowhere(const Outline *outline, guint row, GError **error)
{
	return outline_set_scope(outline, row, "blocks.9", error);
}

static Composition *ramp(const Outline *outline, guint row, GError **error)
{
	return outline_type(outline, row, " ramp(0.1, 0.9) ", error);
}

static Composition *add_b(const Outline *outline, guint row, GError **error)
{
	return outline_add_input(outline, row, "0.3*b", error);
}

static Composition *up(const Outline *outline, guint row, GError **error)
{
	return outline_move(outline, row, -1, error);
}

static Composition *down(const Outline *outline, guint row, GError **error)
{
	return outline_move(outline, row, 1, error);
}

static Composition *in_mean(const Outline *outline, guint row, GError **error)
{
	return outline_wrap(outline, row, method_find("mean"), NULL, error);
}

static Composition *in_passthrough(const Outline *outline, guint row, GError **error)
{
	return outline_wrap(outline, row, method_find("passthrough"), NULL, error);
}

static const struct {
	const char *text, *path;
	Change change;
	const char *after; /* or, of an error, what it says */
} changes[] = {
	{"a + b", "1", half, "a + 0.5*b"},
	{"a + b", "1", huge, "1e100"},
	{"a + b", "0", on_head, "a[head] + b"},
	{"a + b", "0", nowhere, "blocks.9"},
	{"2*a[head] + b", "0", ramp, "(ramp(0.1, 0.9)*a)[head] + b"},
	{"sum(a, 2*b)", "0/1", half, "sum(a, 0.5*b)"},
	{"sum(a, 2*b)", "0/1", minus_one, "sum(a, -b)"},
	{"sum(a, 2*b)", "0/1", on_head, "sum(a, 2*b[head])"},
	{"sum(a, 2*b)", "0/1", ramp, "sum(a, ramp(0.1, 0.9)*b)"},
	{"sum(a, 2*ramp(0, 1)*b)", "0/1", half, "sum(a, 0.5*ramp(0, 1)*b)"},
	{"sum(a, 2*b/3)", "0/1", half, "sum(a, 0.5*b/3)"},
	{"sum(a, mean(a, 2*b))[head]", "0/1/1", half, "sum(a, mean(a, 0.5*b))[head]"},
	{"2*(a - b)", "0/1", half, "2*(a + 0.5*b)"},
	{"2*(a - b)", "0/0", minus_one, "2*(-a - b)"},
	{"3*(a - (b + a))", "0/1/0", half, "3*(a - (0.5*b + a))"},
	{"sum(a, mean(b))", "0/1+", add_b, "sum(a, mean(b, 0.3*b))"},
	{"sum(a, mean(b))", "0/1/0", add_b, "sum(a, mean(b, 0.3*b))"},
	{"sum(a, mean(b))", "0/0", add_b, "sum(a, mean(b), 0.3*b)"},
	{"a", "0", add_b, "no method"},
	{"sum(a, b)", "0/0", outline_drop, "sum(b)"},
	{"sum(b)", "0/0", outline_drop, "at least"},
	{"2*(a + b)", "0/1", outline_drop, "2*a"},
	{"sum(a, b)", "0/0", outline_duplicate, "sum(a, a, b)"},
	{"a[head] + b", "0", outline_duplicate, "a[head] + a[head] + b"},
	{"a + b", "1", up, "b + a"},
	{"a + b", "1", down, "no term"},
	{"sum(a, -b)", "0/0", down, "sum(-b, a)"},
	{"2*(a - b)", "0/1", up, "2*(-b + a)"},
	{"a + b", "add", up, "only a term"},
	{"0.5*a - b[head]", "scale", in_mean, "mean(0.5*a, -b[head])"},
	{"0.5*a[head] - b", "0", in_mean, "0.5*mean(a)[head] - b"},
	{"sum(a, 2*b[head])", "0/1", in_mean, "sum(a, 2*mean(b)[head])"},
	{"a + b", "scale", in_passthrough, "passthrough(a) + b"},
	{"0.5*sum(a, -2*b)[head]", "0", outline_unwrap, "0.5*a[head] - b[head]"},
	{"0.5*sum(a[*.weight], b)[head]", "0", outline_unwrap,
		"0.5*a[*.weight][head] + 0.5*b[head]"},
	{"mean(3*sum(a, ramp(0, 1)*b), b)", "0/0/1", outline_unwrap,
		"mean(3*a, 3*ramp(0, 1)*b, b)"},
	{"0.1*sum(0.2*a)", "0/0", outline_unwrap, "0.02*a"},
	{"a", "0", outline_unwrap, "no method"},
};

static void check_change(const Fixture *fixture, guint i)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Outline) outline = outline_of(fixture, changes[i].text);
	int row = outline_find(outline, changes[i].path);
	g_assert_cmpint(row, >=, 0);
	g_autoptr(Composition) next = changes[i].change(outline, (guint)row, &error);
	g_autofree char *text = next ? composition_text(next) : g_strdup(error->message);
	if (error)
		test_error(error, ERROR_USAGE, changes[i].after);
	else
		g_assert_cmpstr(text, ==, changes[i].after);
}

static void test_changes(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(changes); i++)
		check_change(fixture, i);
}

/* Numbers of parameters: what a step leads to within a range, whose end may be open. */
static const struct {
	const char *text, *path;
	int direction;
	gboolean far;
	double after;
} steps[] = {
	{"0.5*a", "0", 1, FALSE, 0.55},
	{"0.5*a", "0", -1, TRUE, 0.25},
	{"1.4*a", "0", 1, TRUE, 1.5},
	{"-7*a", "0", -1, FALSE, -7},
	{"-7*a", "0", 1, FALSE, -6.95},
	{"dare(a, p=0.9)", "0.p", 1, FALSE, 0.95},
	{"dare(a, p=0.95)", "0.p", 1, FALSE, 0.95},
	{"dare(a, p=0.1)", "0.p", -1, TRUE, 0},
	{"dare(a, p=0.1)", "0.seed", 1, FALSE, 1},
	{"clip(a, norm=12.5)", "0.norm", 1, FALSE, 13.5},
	{"clip(a, norm=12.5)", "0.norm", -1, TRUE, 7.5},
};

static void test_steps(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autoptr(Outline) outline = outline_of(fixture, steps[i].text);
		int row = outline_find(outline, steps[i].path);
		g_assert_cmpint(row, >=, 0);
		g_assert_cmpfloat_with_epsilon(outline_step(outline_row(outline, (guint)row),
						       steps[i].direction, steps[i].far),
			steps[i].after, 1e-12);
	}
}

/* Any edit: tasks, brackets, scopes, methods within methods. */
static char *random_value(GRand *rand, int depth)
{
	static const char *const leaves[] = {"a", "b", "mnist", "mnist@40", "\"4x big\""};
	g_autofree char *inner = depth > 0 ? random_value(rand, depth - 1) : NULL;
	g_autofree char *other = depth > 0 ? random_value(rand, depth - 1) : NULL;
	switch (inner ? g_rand_int_range(rand, 0, 8) : 7) {
	case 0:
		return g_strdup_printf("ties(0.5*%s, -%s, density=0.5)", inner, other);
	case 1:
		return g_strdup_printf("sum(%s, 0.1*%s, b)", inner, other);
	case 2:
		return g_strdup_printf("dare(%s, p=0.25, seed=7)", inner);
	case 3:
		return g_strdup_printf("(%s - 0.3*%s)", inner, other);
	case 4:
		return g_strdup_printf("slerp(%s, %s, t=ramp(0.1, 0.9))", inner, other);
	case 5:
		return g_strdup_printf("(ramp(0, 1)*%s/3)[*.weight]", inner);
	case 6:
		return g_strdup_printf("%s[blocks.0-2]", inner);
	default:
		return g_strdup(leaves[g_rand_int_range(rand, 0, G_N_ELEMENTS(leaves))]);
	}
}

static Composition *random_put(const Outline *outline, guint row, GRand *rand)
{
	static const char *const typed[] = {
		"0.25", "ramp(0, 1)", "mergekit", "paper", "yes", "b", ""};
	static const char *const scopes[] = {"head", "blocks.1-3", "nowhere", "attn"};
	switch (g_rand_int_range(rand, 0, 4)) {
	case 0:
		return outline_set_number(outline, row, g_rand_double_range(rand, -2, 2), NULL);
	case 1:
		return outline_type(
			outline, row, typed[g_rand_int_range(rand, 0, G_N_ELEMENTS(typed))], NULL);
	case 2:
		return outline_choose(outline, row, g_rand_int_range(rand, -3, 3), NULL);
	default:
		return outline_set_scope(outline, row,
			scopes[g_rand_int_range(rand, 0, G_N_ELEMENTS(scopes))], NULL);
	}
}

static Composition *random_wrap(const Outline *outline, guint row, GRand *rand)
{
	guint count = 0;
	while (methods[count])
		count++;
	const Method *method = methods[g_rand_int_range(rand, 0, (gint32)count)];
	gboolean needs = outline_wrap_needs(outline, row, method);
	return outline_wrap(outline, row, method, needs ? "b" : NULL, NULL);
}

static Composition *random_change(const Outline *outline, GRand *rand)
{
	guint row = (guint)g_rand_int_range(rand, 0, (gint32)outline->rows->len);
	switch (g_rand_int_range(rand, 0, 9)) {
	case 0:
		return outline_toggle(outline, row, NULL);
	case 1:
		return outline_drop(outline, row, NULL);
	case 2:
		return outline_duplicate(outline, row, NULL);
	case 3:
		return outline_move(outline, row, g_rand_boolean(rand) ? 1 : -1, NULL);
	case 4:
		return outline_add_input(outline, row, "0.5*mnist", NULL);
	case 5:
		return outline_unwrap(outline, row, NULL);
	case 6:
		return random_wrap(outline, row, rand);
	default:
		return random_put(outline, row, rand);
	}
}

/* The text of a composition parses, and its terms are those of the text. */
static void check_same_edit(const Fixture *fixture, const Composition *composition)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = composition_text(composition);
	if (!*text)
		return;
	g_autoptr(Composition) again = composition_new();
	composition_set_text(again, fixture->collection, text, &error);
	test_no_error(error);
	g_autofree char *printed = composition_text(again);
	g_autoptr(Node) before = expression_parse(fixture->collection, text, NULL);
	g_autoptr(Node) after = expression_parse(fixture->collection, printed, NULL);
	g_assert_true(node_equal(before, after));
}

/* Long chains of changes of any kind; most are possible, all leave an edit that has a meaning. */
static void test_random_changes(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GRand) rand = g_rand_new_with_seed(11);
	guint changed = 0;
	for (guint round = 0; round < 60; round++) {
		g_autofree char *text = random_value(rand, 3);
		g_autoptr(Outline) outline = outline_of(fixture, text);
		for (guint i = 0; i < 40; i++) {
			g_autoptr(Composition) next = random_change(outline, rand);
			if (!next || next->terms->len > 8 || outline->rows->len > 200)
				continue;
			check_same_edit(fixture, next);
			outline_free(outline);
			outline = outline_new(fixture->collection, next, NULL);
			changed++;
		}
	}
	g_assert_cmpuint(changed, >, 800);
}

/* Every method can be put around a term, and be taken off again. */
static void test_every_method(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (const Method *const *method = methods; *method; method++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Outline) outline = outline_of(fixture, "0.5*a[head] + 0.25*mnist");
		g_autoptr(Composition) around = outline_wrap(outline, 0, *method, NULL, &error);
		test_no_error(error);
		check_same_edit(fixture, around);
		g_autoptr(Outline) wrapped = outline_new(fixture->collection, around, NULL);
		g_assert_true(outline_row(wrapped, 1)->method == *method);
		g_autoptr(Composition) off = outline_unwrap(wrapped, 1, &error);
		test_no_error(error);
		g_autofree char *text = composition_text(off);
		g_assert_cmpstr(text, ==, "0.5*a[head] + 0.25*mnist");
	}
}

static const struct {
	const char *text, *path, *typed, *after; /* or, of an error, what it says */
} parameters[] = {
	{"ties(a, b)", "0.density", "0.3", "ties(a, b, density=0.3)"},
	{"ties(a, b, density=0.3)", "0.density", "0.2", "ties(a, b)"},
	{"ties(a, b, density=0.3)", "0.density", "", "ties(a, b)"},
	{"ties(a, b)", "0.density", "1.5", "density of ties takes 0 <"},
	{"ties(a, b)", "0.dialect", "mergekit", "ties(a, b, dialect=mergekit)"},
	{"ties(a, b)", "0.dialect", "french", "dialect"},
	{"ties(a, b)", "0.density", "0.2 b", "column 5: expected an operator"},
	{"slerp(a, b, t=0.5)", "0.t", "ramp(0, 1)", "slerp(a, b, t=ramp(0, 1))"},
	{"slerp(a, b, t=0.5)", "0.t", "", "t"},
	{"dare(a, p=0.5)", "0.seed", "1.5", "whole number"},
	{"b + ties(a, b)", "1.density", "ramp(0, 1)", "density is about a whole model"},
	{"sum(ties(a, b), b)", "0/0.density", "0.3", "sum(ties(a, b, density=0.3), b)"},
};

static void test_parameters(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(parameters); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Outline) outline = outline_of(fixture, parameters[i].text);
		int row = outline_find(outline, parameters[i].path);
		g_assert_cmpint(row, >=, 0);
		g_autoptr(Composition) next =
			outline_type(outline, (guint)row, parameters[i].typed, &error);
		g_autofree char *text = next ? composition_text(next) : NULL;
		if (next) {
			g_assert_cmpstr(text, ==, parameters[i].after);
			continue;
		}
		test_error(error, ERROR_USAGE, parameters[i].after);
		g_assert_true(g_str_has_prefix(error->message, "column ") ==
			      g_str_has_prefix(parameters[i].after, "column "));
	}
}

/* A term whose task is gone is still a row: it can be weighted, switched off and dropped. */
static void test_lost_task(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(Composition) composition = composition_new();
	composition_add(composition, 0.5, "gone", NULL);
	composition_add(composition, 1, "a", NULL);
	g_autoptr(Outline) outline = outline_new(fixture->collection, composition, NULL);
	g_assert_false(outline_row(outline, 1)->opens);
	g_autoptr(Composition) weighted = outline_set_number(outline, 1, 2, NULL);
	g_assert_cmpfloat(g_array_index(weighted->terms, Term, 0).coefficient, ==, 2);
	g_autoptr(Composition) off = outline_toggle(outline, 1, NULL);
	g_autofree char *text = composition_text(off);
	g_assert_cmpstr(text, ==, "a");
	g_autoptr(Composition) dropped = outline_drop(outline, 1, NULL);
	g_assert_cmpuint(dropped->terms->len, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/outline/rows", Fixture, NULL, set_up, test_rows, tear_down);
	g_test_add("/outline/folding", Fixture, NULL, set_up, test_folding, tear_down);
	g_test_add("/outline/changes", Fixture, NULL, set_up, test_changes, tear_down);
	g_test_add("/outline/steps", Fixture, NULL, set_up, test_steps, tear_down);
	g_test_add("/outline/parameters", Fixture, NULL, set_up, test_parameters, tear_down);
	g_test_add("/outline/every-method", Fixture, NULL, set_up, test_every_method, tear_down);
	g_test_add("/outline/lost-task", Fixture, NULL, set_up, test_lost_task, tear_down);
	g_test_add(
		"/outline/random-changes", Fixture, NULL, set_up, test_random_changes, tear_down);
	return g_test_run();
}
