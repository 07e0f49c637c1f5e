/* test_text.c - natural order, globs, safe display, short numbers, the nearest name. */
#include "core/text.h"
#include "test.h"

#include <math.h>
#include <string.h>

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* In ascending order; every pair is compared both ways, so the order is total and transitive. */
static void test_natural(void)
{
	static const char *const sorted[] = {"", "0", "00", "01", "1", "1.5", "1.10", "2", "10",
		"10a", "99999999999999999999", "100000000000000000000", "layer", "layer.",
		"layer.02", "layer.2", "layer.2.b", "layer.10", "layer.10.a", "layer2", "é"};
	for (guint i = 0; i < G_N_ELEMENTS(sorted); i++)
		for (guint j = 0; j < G_N_ELEMENTS(sorted); j++)
			if (sign(text_natural_compare(sorted[i], sorted[j])) !=
				sign((int)i - (int)j))
				g_error("wrong order of \"%s\" and \"%s\"", sorted[i], sorted[j]);
}

static void test_glob(void)
{
	static const struct {
		const char *pattern, *text;
		gboolean matches;
	} rows[] = {
		{"", "", TRUE},
		{"", "a", FALSE},
		{"*", "", TRUE},
		{"*", "a.b.c", TRUE},
		{"a", "a", TRUE},
		{"a", "ab", FALSE},
		{"?", "é", TRUE},
		{"?", "", FALSE},
		{"??", "é", FALSE},
		{"*.attn.*", "blocks.3.attn.q", TRUE},
		{"*.attn.*", "blocks.3.attn", FALSE},
		{"*a*b*c", "xaxbxbxcxc", TRUE},
		{"*a*b*c", "xaxbxbxcxd", FALSE},
		{"blocks.[0-4].*", "blocks.3.w", TRUE},
		{"blocks.[0-4].*", "blocks.5.w", FALSE},
		{"[!a-c]", "d", TRUE},
		{"[!a-c]", "b", FALSE},
		{"[^a]", "b", TRUE},
		{"[]x]", "]", TRUE},
		{"[a-]", "-", TRUE},
		{"[à-é]", "è", TRUE},
		{"[abc", "[abc", TRUE},
		{"[abc", "a", FALSE},
		{"*[0-9]", "w12", TRUE},
		{"\xff?", "\xff\xfe", TRUE},
		{"a**b", "ab", TRUE},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (text_glob(rows[i].pattern, rows[i].text) != rows[i].matches)
			g_error("\"%s\" on \"%s\"", rows[i].pattern, rows[i].text);
}

/* Backtracking over every star would take longer than the age of the universe. */
static void test_hostile_glob(void)
{
	g_autofree char *text = g_strnfill(2000, 'a');
	g_autoptr(GString) pattern = g_string_new(NULL);
	for (guint i = 0; i < 200; i++)
		g_string_append(pattern, "*a");
	g_string_append(pattern, "*b");
	g_assert_false(text_glob(pattern->str, text));
}

static void test_safe(void)
{
	static const struct {
		const char *text, *safe;
	} rows[] = {
		{"blocks.3 é 中", "blocks.3 é 中"},
		{"a\nb\tc\x1b[2J\x7f", "a?b?c?[2J?"},
		{"\xc2\x9b"
		 "31m",
			"�31m"},
		{"\xe2\x80\xae"
		 "evil\xe2\x81\xa6",
			"�evil�"},
		{"a\xff"
		 "b\xc0\x80",
			"a�b��"},
		{"\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "���"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *safe = text_safe(rows[i].text);
		g_assert_cmpstr(safe, ==, rows[i].safe);
	}
}

static void assert_text(char *text, const char *expected)
{
	g_assert_cmpstr(text, ==, expected);
	g_free(text);
}

static void test_numbers(void)
{
	assert_text(text_bytes(0), "0 B");
	assert_text(text_bytes(999), "999 B");
	assert_text(text_bytes(1000), "1.00 kB");
	assert_text(text_bytes(1234567), "1.23 MB");
	assert_text(text_bytes(999499), "999 kB");
	assert_text(text_bytes(999500), "1.00 MB");
	assert_text(text_bytes(G_MAXUINT64), "18.4 EB");
	assert_text(text_count(9999), "9999");
	assert_text(text_count(10000), "10.0k");
	assert_text(text_count(87812345), "87.8M");
	assert_text(text_count(G_MAXUINT64), "18.4E");
	assert_text(text_number(0), "0");
	assert_text(text_number(-0.02314), "-0.0231");
	assert_text(text_number(0.024), "0.0240");
	assert_text(text_number(9.996), "10.0");
	assert_text(text_number(99.96), "100");
	assert_text(text_number(1234.5), "1234");
	assert_text(text_number(0.00012345), "1.23e-04");
	assert_text(text_number(1e6), "1.00e+06");
	assert_text(text_number(NAN), "·");
	assert_text(text_number(-INFINITY), "·");
}

static void test_duration(void)
{
	assert_text(text_duration(0), "0:00");
	assert_text(text_duration(12.9), "0:12");
	assert_text(text_duration(3723), "1:02:03");
	assert_text(text_duration(-1), "--:--");
	assert_text(text_duration(NAN), "--:--");
	assert_text(text_duration(1e300), "--:--");
}

static void test_nearest(void)
{
	static const char *const names[] = {"similarity", "norms", "trajectory", "export", "x"};
	const guint n = G_N_ELEMENTS(names);
	g_assert_cmpstr(text_nearest("similarty", names, n), ==, "similarity");
	g_assert_cmpstr(text_nearest("nroms", names, n), ==, "norms");
	g_assert_cmpstr(text_nearest("tarjectroy", names, n), ==, "trajectory");
	g_assert_cmpstr(text_nearest("export", names, n), ==, "export");
	g_assert_cmpstr(text_nearest("y", names, n), ==, "x");
	g_assert_null(text_nearest("spectrum", names, n));
	g_assert_null(text_nearest("", names, 4));
	g_assert_null(text_nearest("norms", names, 0));
}

static void test_hash(void)
{
	g_autofree char *text = text_hash(0x0123456789abcdef, 0xf);
	g_assert_cmpstr(text, ==, "0123456789abcdef000000000000000f");
}

static void test_natural_sort(void)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_ptr_array_add(names, (gpointer) "layer.10");
	g_ptr_array_add(names, (gpointer) "layer.9");
	text_natural_sort(names);
	g_assert_cmpstr(names->pdata[0], ==, "layer.9");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/hash", test_hash);
	g_test_add_func("/text/natural-sort", test_natural_sort);
	g_test_add_func("/text/natural", test_natural);
	g_test_add_func("/text/glob", test_glob);
	g_test_add_func("/text/hostile-glob", test_hostile_glob);
	g_test_add_func("/text/safe", test_safe);
	g_test_add_func("/text/numbers", test_numbers);
	g_test_add_func("/text/duration", test_duration);
	g_test_add_func("/text/nearest", test_nearest);
	return g_test_run();
}
