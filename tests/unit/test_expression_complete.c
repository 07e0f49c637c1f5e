/* test_expression_complete.c - the names that can follow a cursor. */
#include "toy.h"

#include "edit/expression_complete.h"

#include "edit/method.h"

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

/* The text with | at the cursor, what is offered, and how many bytes before the cursor it is to
 * replace. */
static const struct {
	const char *text, *offered;
	guint typed;
} rows[] = {
	{"mn|", "mnist@40 mnist@400 mnist \"mnist-inv\"@40 \"mnist-inv\"", 2},
	{"0.5*mnist@4|", "mnist@40 mnist@400", 7},
	{"mnist@|", "mnist@40 mnist@400", 6},
	{"a + \"mnist-|", "\"mnist-inv\"@40 \"mnist-inv\"", 7},
	{"4|", "", 0},
	{"\"4|", "\"4x big\"", 2},
	{"\"ελ|", "\"ελ\"", 5},
	{"mn|ist - b", "mnist@40 mnist@400 mnist \"mnist-inv\"@40 \"mnist-inv\"", 2},
	{"ba|", "base", 2},
	{"tie|", "ties(", 3},
	{"ra|", "ram( ramplus_tl( random_like( ramp(", 2},
	{"fi|", "first(", 2},
	{"a b|", "", 1},
	{"(a) b|", "", 1},
	{"a[head] b|", "", 1},
	{"a |", "", 0},
	{"0.5 b|", "", 1},
	{"zzz|", "", 3},
	{"ties(de|", "density= della( della_linear(", 2},
	{"ties(a, de|", "density= della( della_linear(", 2},
	{"ties(a, density=0.5, de|", "della( della_linear(", 2},
	{"ties(density=0.5, a, b|", "by= b base breadcrumbs( breadcrumbs_ties(", 1},
	{"ties(a + b|", "b base breadcrumbs( breadcrumbs_ties(", 1},
	{"ties((b|", "b base breadcrumbs( breadcrumbs_ties(", 1},
	{"ties(trim(a), no|", "normalize=", 2},
	{"sum(dare(a, p=0.5), see|", "", 3},
	{"dare(a, see|", "seed=", 3},
	{"ties(a, by=|", "model tensor", 0},
	{"ties(a, by = te|", "tensor", 2},
	{"ties(a, dialect=|)", "paper mergekit", 0},
	{"ties(a, density=|", "ramp( first(", 0},
	{"ties(a, density=2*(|", "", 0},
	{"ties(a, density=1 - r|", "ramp(", 1},
	{"dare(a, p=0.5, seed=|", "", 0},
	{"dare(a, p=0.5, mask=|", "", 0},
	{"ramp(|", "", 0},
	{"first(1[he|", "head", 2},
	{"a[|", "blocks.0 blocks.1 blocks.2 blocks.3 blocks.4 embed head attn attn.q mlp mlp.up",
		0},
	{"a[blocks.0, a|", "attn attn.q", 1},
	{"a[head][e|", "embed", 1},
	{"a[*.[ab|", "", 5},
	{"a[nothing] - mnist-|", NULL, 0},
	{"a + $b|", NULL, 2},
	{"nothing(be|", "", 2},
	{")(|", NULL, 0},
	{"|", NULL, 0},
};

static char *before_cursor(const char *text, gsize *cursor)
{
	const char *mark = strchr(text, '|');
	*cursor = (gsize)(mark - text);
	char *whole = g_strdup(text);
	memmove(whole + *cursor, mark + 1, strlen(mark));
	return whole;
}

static void test_rows(Fixture *fixture, gconstpointer data)
{
	(void)data;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		gsize cursor, start;
		g_autofree char *text = before_cursor(rows[i].text, &cursor);
		g_auto(GStrv) found =
			expression_complete(fixture->collection, text, cursor, &start);
		g_autofree char *offered = g_strjoinv(" ", found);
		if (rows[i].offered && !g_str_equal(offered, rows[i].offered))
			g_error("%s: %s", rows[i].text, offered);
		g_assert_cmpuint(cursor - start, ==, rows[i].typed);
	}
}

/* Where anything can follow, all tasks and methods are offered. */
static void test_everything(Fixture *fixture, gconstpointer data)
{
	(void)data;
	gsize start;
	g_auto(GStrv) found = expression_complete(fixture->collection, "0.5*", 4, &start);
	guint count = 0;
	for (const Method *const *method = methods; *method; method++, count++) {
		g_autofree char *call = g_strconcat((*method)->name, "(", NULL);
		g_assert_true(g_strv_contains((const char *const *)found, call));
	}
	g_assert_cmpuint(
		g_strv_length(found), ==, count + 2 + collection_members(fixture->collection));
	g_assert_cmpuint(start, ==, 4);
}

/* Any text and any place are answered, and what is offered begins as what is typed does. */
static void test_any_place(Fixture *fixture, gconstpointer data)
{
	(void)data;
	static const char signs[] = "+-*/()[],=\"@. ab1m\xce\xb5";
	g_autoptr(GRand) rand = g_rand_new_with_seed(3);
	for (guint i = 0; i < 5000; i++) {
		char text[24] = "ties(a, de";
		for (guint j = (guint)g_rand_int_range(rand, 0, 10); j < sizeof text - 1; j++)
			text[j] = signs[g_rand_int_range(rand, 0, sizeof signs - 1)];
		gsize start, cursor = (gsize)g_rand_int_range(rand, 0, sizeof text);
		g_auto(GStrv) found =
			expression_complete(fixture->collection, text, cursor, &start);
		g_assert_cmpuint(start, <=, cursor);
		for (guint j = 0; found[j]; j++)
			g_assert_true(g_utf8_validate(found[j], -1, NULL));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/expression-complete/rows", Fixture, NULL, set_up, test_rows, tear_down);
	g_test_add("/expression-complete/everything", Fixture, NULL, set_up, test_everything,
		tear_down);
	g_test_add(
		"/expression-complete/any-place", Fixture, NULL, set_up, test_any_place, tear_down);
	return g_test_run();
}
