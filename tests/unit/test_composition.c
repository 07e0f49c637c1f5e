/* test_composition.c - terms and text are the same edit. */
#include "toy.h"

#include "edit/composition.h"

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

/* Text, its terms as "coefficient body scope", and the text of these. */
static const struct {
	const char *text, *terms, *printed;
} rows[] = {
	{"a", "1 a -", "a"},
	{"-a", "-1 a -", "-a"},
	{"0.5*a - 0.3*b", "0.5 a -; -0.3 b -", "0.5*a - 0.3*b"},
	{"a - b + mnist", "1 a -; -1 b -; 1 mnist -", "a - b + mnist"},
	{"0.4*(a + b) - 0.3*mnist@400", "0.4 (a + b) -; -0.3 mnist@400 -",
		"0.4*(a + b) - 0.3*mnist@400"},
	{"a + (b - mnist)", "1 a -; 1 (b - mnist) -", "a + (b - mnist)"},
	{"(a + b) + mnist", "1 a -; 1 b -; 1 mnist -", "a + b + mnist"},
	{"0.5*a[head] + b[attn]", "0.5 a head; 1 b attn", "0.5*a[head] + b[attn]"},
	{"\"mnist-inv\"*2", "2 \"mnist-inv\" -", "2*\"mnist-inv\""},
	{"a/2 - b/4", "0.5 a -; -0.25 b -", "0.5*a - 0.25*b"},
	{"a/3", "1 (a/3) -", "(a/3)"},
	{"1/4*a", "0.25 a -", "0.25*a"},
	{"-(2*-a)", "2 a -", "2*a"},
	{"0.1*(0.2*a)", "0.1 (0.2*a) -", "0.1*(0.2*a)"},
	{"ramp(0, 1)*a", "1 (ramp(0, 1)*a) -", "(ramp(0, 1)*a)"},
	{"2*mean(a, b)[head]", "2 mean(a, b) head", "2*mean(a, b)[head]"},
	{"(a + b)[head]", "1 (a + b) head", "(a + b)[head]"},
	{"a[head][*.weight]", "1 a[head] *.weight", "a[head][*.weight]"},
	{"0*a", "0 a -", "0*a"},
	{"2*ties(0.5*a, density=0.3, b)[head] - dare(a, p=0.5)",
		"2 ties(0.5*a, b, density=0.3) head; -1 dare(a, p=0.5) -",
		"2*ties(0.5*a, b, density=0.3)[head] - dare(a, p=0.5)"},
	{"ties(a)/4 + base", "0.25 ties(a) -; 1 base -", "0.25*ties(a) + base"},
	{"0.5[head]*ties(a)", "1 (0.5[head]*ties(a)) -", "(0.5[head]*ties(a))"},
	{"first(1[head], 2)*a - 2*ramp(1, 2)*b", "1 (first(1[head], 2)*a) -; -1 (2*ramp(1, 2)*b) -",
		"(first(1[head], 2)*a) - (2*ramp(1, 2)*b)"},
	{"3*(slerp(a, b, t=0.5) - b)", "3 (slerp(a, b, t=0.5) - b) -",
		"3*(slerp(a, b, t=0.5) - b)"},
};

static char *describe(const Composition *composition)
{
	GString *out = g_string_new(NULL);
	for (guint i = 0; i < composition->terms->len; i++) {
		const Term *term = &g_array_index(composition->terms, Term, i);
		g_autofree char *number = expression_number(term->coefficient);
		g_string_append_printf(out, "%s%s %s %s", i ? "; " : "", number, term->body,
			term->scope ? term->scope : "-");
	}
	return g_string_free(out, FALSE);
}

static void test_text(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(Composition) composition = composition_new();
		composition->scale = 0.7;
		composition_set_text(composition, fixture->collection, rows[i].text, &error);
		test_no_error(error);
		g_autofree char *terms = describe(composition);
		g_autofree char *printed = composition_text(composition);
		g_assert_cmpstr(terms, ==, rows[i].terms);
		g_assert_cmpstr(printed, ==, rows[i].printed);
		g_assert_cmpfloat(composition->scale, ==, 0.7);
		g_autoptr(Composition) again = composition_new();
		again->scale = 0.7;
		g_assert_true(composition_set_text(again, fixture->collection, printed, NULL));
		g_assert_true(composition_equal(composition, again));
	}
}

static void test_failure_keeps_terms(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) error = NULL;
	g_autoptr(Composition) composition = composition_new();
	composition_add(composition, 0.5, "a", NULL);
	g_assert_false(composition_set_text(composition, fixture->collection, "a +", &error));
	test_error(error, ERROR_USAGE, "column 4");
	g_autofree char *text = composition_text(composition);
	g_assert_cmpstr(text, ==, "0.5*a");
}

static void test_on(void)
{
	g_autoptr(Composition) composition = composition_new();
	g_autofree char *nothing = composition_text(composition);
	g_assert_cmpstr(nothing, ==, "");
	composition_add(composition, 0.5, "a", NULL);
	composition_add(composition, -2, "(b - a)", "head");
	composition_add(composition, -1, "b", NULL);
	g_array_index(composition->terms, Term, 0).on = FALSE;
	g_autofree char *two = composition_text(composition);
	g_assert_cmpstr(two, ==, "-2*(b - a)[head] - b");
	composition_drop(composition, 1);
	g_autofree char *one = composition_text(composition);
	g_assert_cmpstr(one, ==, "-b");
}

static void test_copy(void)
{
	g_autoptr(Composition) composition = composition_new();
	composition_add(composition, 0.5, "a", "head");
	composition_add(composition, 1, "b", NULL);
	g_array_index(composition->terms, Term, 1).on = FALSE;
	composition->scale = 0.25;
	g_autoptr(Composition) copy = composition_copy(composition);
	g_assert_true(composition_equal(composition, copy));
	g_array_index(copy->terms, Term, 1).on = TRUE;
	g_assert_false(composition_equal(composition, copy));
	g_array_index(copy->terms, Term, 1).on = FALSE;
	copy->scale = 0.5;
	g_assert_false(composition_equal(composition, copy));
	copy->scale = 0.25;
	g_array_index(copy->terms, Term, 0).coefficient = 0.75;
	g_assert_false(composition_equal(composition, copy));
	composition_drop(copy, 0);
	g_assert_false(composition_equal(composition, copy));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/composition/text", Fixture, NULL, set_up, test_text, tear_down);
	g_test_add("/composition/failure-keeps-terms", Fixture, NULL, set_up,
		test_failure_keeps_terms, tear_down);
	g_test_add_func("/composition/on", test_on);
	g_test_add_func("/composition/copy", test_copy);
	return g_test_run();
}
