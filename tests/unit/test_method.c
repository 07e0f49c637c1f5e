/* test_method.c - the table of methods: what each row must have, and what is said of it. */
#include "toy.h"

#include "edit/method.h"

#include <math.h>
#include <string.h>

#define HELP_COLUMNS 60

static void test_names(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	guint count = 0;
	for (; methods[count]; count++) {
		const Method *method = methods[count];
		g_assert_true(g_hash_table_add(seen, (gpointer)method->name));
		g_assert_true(g_ascii_islower(*method->name));
		g_assert_cmpuint(strspn(method->name, "abcdefghijklmnopqrstuvwxyz_"), ==,
			strlen(method->name));
		g_assert_true(method_find(method->name) == method);
	}
	g_assert_cmpuint(count, >=, 32);
	g_assert_null(method_find("ramp"));
	g_assert_null(method_find("first"));
	g_assert_null(method_find("base"));
	g_assert_null(method_find(""));
}

static void check_help(const char *name, const char *help)
{
	if (!help || !*help || g_utf8_strlen(help, -1) > HELP_COLUMNS)
		g_error("%s: the help is longer than a line, or is not there", name);
	if (g_str_has_suffix(help, ".") || strchr(help, '\n'))
		g_error("%s: the help is no part of a sentence", name);
}

static void test_help(void)
{
	for (const Method *const *method = methods; *method; method++) {
		check_help((*method)->name, (*method)->help);
		for (guint i = 0; i < method_parameters(*method); i++)
			check_help((*method)->parameters[i].name, (*method)->parameters[i].help);
	}
}

/* A method is a mix, or is computed by element, or both. */
static void test_work(void)
{
	for (const Method *const *row = methods; *row; row++) {
		const Method *method = *row;
		g_assert_cmpuint(method->least, >=, 1);
		g_assert_cmpuint(method->least, <=, method->most);
		g_assert_true(method->mix || method->apply);
		g_assert_true(!method->wants_products || method->mix || method->expect);
		g_assert_true(!method->open == !method->close);
		g_assert_true(!method->expect || method_parameter(method, SEED) >= 0);
	}
}

static void check_number(const Parameter *row, double otherwise)
{
	g_assert_true(row->least < row->most);
	if (isnan(otherwise))
		return;
	if (!parameter_holds(row, otherwise))
		g_error("%s: %g is not in its range", row->name, otherwise);
}

static void check_words(const Parameter *row)
{
	g_auto(GStrv) words = g_strsplit(row->choices, " ", -1);
	guint count = g_strv_length(words);
	g_assert_cmpuint(count, >=, 2);
	for (guint i = 0; i < count; i++) {
		g_autofree char *word = parameter_word(row, i);
		g_assert_cmpstr(word, ==, words[i]);
		g_assert_cmpint(parameter_choice(row, word), ==, (gint)i);
	}
	for (guint dialect = 0; dialect < 2; dialect++)
		g_assert_true(row->otherwise[dialect] >= 0 && row->otherwise[dialect] < count &&
			      row->otherwise[dialect] == trunc(row->otherwise[dialect]));
}

static void check_parameter(const Parameter *row)
{
	switch (row->type) {
	case PARAMETER_NUMBER:
	case PARAMETER_COUNT:
		check_number(row, row->otherwise[DIALECT_PAPER]);
		check_number(row, row->otherwise[DIALECT_MERGEKIT]);
		break;
	case PARAMETER_CHOICE:
		check_words(row);
		break;
	case PARAMETER_TEXT:
		break;
	}
}

static void test_parameters(void)
{
	for (const Method *const *method = methods; *method; method++) {
		g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < method_parameters(*method); i++) {
			const Parameter *row = &(*method)->parameters[i];
			g_assert_true(g_hash_table_add(seen, (gpointer)row->name));
			g_assert_cmpint(method_parameter(*method, row->name), ==, (gint)i);
			g_assert_true(i == 0 || !g_str_equal(row->name, DIALECT));
			g_assert_true(
				!g_str_equal(row->name, SEED) || row->type == PARAMETER_COUNT);
			check_parameter(row);
		}
		g_assert_cmpint(method_parameter(*method, "no such"), ==, -1);
	}
}

/* Examples are of tasks a, b and c, and parse as they stand. */
static void test_examples(void)
{
	char *folder = test_folder();
	g_autoptr(Collection) collection = toy_collection(folder);
	add_toy(collection, folder, "c", MEMBER_TASK, NULL, -1, 3, 1);
	for (const Method *const *method = methods; *method; method++) {
		g_autoptr(GError) error = NULL;
		const char *example = (*method)->example;
		g_autoptr(Node) edit = expression_parse(collection, example, &error);
		if (error)
			g_error("%s: %s", example, error->message);
		g_assert_true(edit->method == *method);
		g_autofree char *printed = expression_print(collection, edit);
		g_autoptr(Node) again = expression_parse(collection, printed, &error);
		test_no_error(error);
		g_assert_true(node_equal(edit, again));
	}
	test_folder_remove(folder);
}

static void test_ranges(void)
{
	static const struct {
		Parameter row;
		const char *range;
	} rows[] = {
		{{.name = "p", .most = 1, .open_most = TRUE}, "0 <= p < 1"},
		{{.name = "p", .most = 1, .open_least = TRUE}, "0 < p <= 1"},
		{{.name = "p", .least = -0.5, .most = 1e-3}, "-0.5 <= p <= 0.001"},
		{{.name = "p", .most = INFINITY}, "at least 0"},
		{{.name = "p", .most = G_MAXDOUBLE}, "at least 0"},
		{{.name = "p", .most = INFINITY, .open_least = TRUE}, "more than 0"},
		{{.name = "p", .least = -INFINITY, .most = 2}, "at most 2"},
		{{.name = "p", .least = -INFINITY, .most = 2, .open_most = TRUE}, "less than 2"},
		{{.name = "p", .least = -INFINITY, .most = INFINITY}, "any number"},
		{{.name = "k", .type = PARAMETER_COUNT, .least = -INFINITY, .most = INFINITY},
			"a whole number"},
		{{.name = "k", .type = PARAMETER_COUNT, .least = 1, .most = INFINITY},
			"a whole number, at least 1"},
		{{.name = "by", .type = PARAMETER_CHOICE, .choices = "one"}, "one"},
		{{.name = "by", .type = PARAMETER_CHOICE, .choices = "no yes"}, "no or yes"},
		{{.name = "by", .type = PARAMETER_CHOICE, .choices = "model layer tensor"},
			"model, layer or tensor"},
		{{.name = "mask", .type = PARAMETER_TEXT}, "a quoted text"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *range = parameter_range(&rows[i].row);
		g_assert_cmpstr(range, ==, rows[i].range);
	}
}

static void test_holds(void)
{
	const Parameter closed = {.least = 0, .most = 1};
	const Parameter open = {.least = 0, .most = 1, .open_least = TRUE, .open_most = TRUE};
	const Parameter count = {.type = PARAMETER_COUNT, .least = -INFINITY, .most = INFINITY};
	g_assert_true(parameter_holds(&closed, 0) && parameter_holds(&closed, 1));
	g_assert_false(parameter_holds(&closed, -1e-300) || parameter_holds(&closed, 1.0000001));
	g_assert_false(parameter_holds(&open, 0) || parameter_holds(&open, 1));
	g_assert_true(parameter_holds(&open, 1e-300));
	g_assert_false(parameter_holds(&closed, NAN) || parameter_holds(&open, NAN));
	g_assert_true(parameter_holds(&count, 0) && parameter_holds(&count, -7));
	g_assert_true(parameter_holds(&count, 9007199254740992.0));
	g_assert_false(parameter_holds(&count, 9007199254740994.0));
	g_assert_false(parameter_holds(&count, 0.5) || parameter_holds(&count, NAN));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/method/names", test_names);
	g_test_add_func("/method/help", test_help);
	g_test_add_func("/method/work", test_work);
	g_test_add_func("/method/parameters", test_parameters);
	g_test_add_func("/method/examples", test_examples);
	g_test_add_func("/method/ranges", test_ranges);
	g_test_add_func("/method/holds", test_holds);
	return g_test_run();
}
