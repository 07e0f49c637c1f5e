/* test_json.c - the strict check in front of cJSON: what it takes, what it refuses and where. */
#include "core/json.h"
#include "test.h"

#include <math.h>
#include <string.h>

static void test_accepts(void)
{
	static const char *const texts[] = {"{}", "[]", "0", "-0", "null", "true", "false", "\"\"",
		" \t\r\n{ } \n", "[1,2.5,-3e10,4E-2,5e+0,0.0,1e999]",
		"{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "[{\"a\":1},{\"a\":1}]",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", "\"\\ud83d\\ude00\"", "\"é中😀\x7f\"",
		"[\"{\",\"[\"]", "[[],{},[[]]]", "{\"\":1}", "{\"A\":1,\"a\":2}"};
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(cJSON) value = json_parse(texts[i], strlen(texts[i]), &error);
		g_assert_no_error(error);
		g_assert_nonnull(value);
	}
}

/* The byte is that of the offence, counted from 0. */
static const struct {
	const char *text, *reason;
	guint byte;
} refused[] = {
	{"", "a value is expected", 0},
	{"  ", "a value is expected", 2},
	{"{\"a\":1,\"a\":2}", "\"a\" comes twice", 7},
	{"{\"a\":1,\"\\u0061\":2}", "\"a\" comes twice", 7},
	{"{\"\\u00e9\":1,\"é\":2}", "\"é\" comes twice", 12},
	{"{\"b\":{\"c\":1},\"b\":2}", "\"b\" comes twice", 13},
	{"00", "leading zero", 1},
	{"-01", "leading zero", 2},
	{"-", "a digit", 1},
	{"1.", "a digit", 2},
	{"1e", "a digit", 2},
	{"1e+", "a digit", 3},
	{".5", "a value", 0},
	{"+1", "a value", 0},
	{"NaN", "a value", 0},
	{"Infinity", "a value", 0},
	{"0x10", "follows the value", 1},
	{"tru", "an unknown word", 0},
	{"nulls", "follows the value", 4},
	{"{} {}", "follows the value", 3},
	{"[1,]", "a value", 3},
	{"[,1]", "a value", 1},
	{"[1 2]", "a comma", 3},
	{"[1", "a comma", 2},
	{"[", "a value", 1},
	{"{", "a string", 1},
	{"{\"a\"", "a colon", 4},
	{"{\"a\":", "a value", 5},
	{"{\"a\" 1}", "a colon", 5},
	{"{\"a\":1,}", "a string", 7},
	{"{a:1}", "a string", 1},
	{"{1:1}", "a string", 1},
	{"[1}", "a comma", 2},
	{"]", "a value", 0},
	{"\"a", "without end", 2},
	{"\"a\\", "an unknown escape", 3},
	{"\"\\x\"", "an unknown escape", 2},
	{"\"\\u12g4\"", "hexadecimal", 3},
	{"\"\\u12", "hexadecimal", 3},
	{"\"\\u0000\"", "a NUL escape", 3},
	{"{\"a\\u0000b\":1}", "a NUL escape", 5},
	{"\"\\ud800\"", "half a surrogate", 7},
	{"\"\\udc00\"", "half a surrogate", 7},
	{"\"\\ud800\\ud800\"", "half a surrogate", 7},
	{"\"\\ud800\\n\"", "half a surrogate", 7},
	{"\"a\nb\"", "a control character", 2},
	{"\"\x1f\"", "a control character", 1},
	{"\"\xff\"", "invalid UTF-8", 1},
	{"\"\xc0\x80\"", "invalid UTF-8", 1},
	{"\"\xe0\x80\xaf\"", "invalid UTF-8", 1},
	{"\"\xed\xa0\x80\"", "invalid UTF-8", 1},
	{"\"\xf4\x90\x80\x80\"", "invalid UTF-8", 1},
	{"\"\xc3", "invalid UTF-8", 1},
	{"\xef\xbb\xbf{}", "a value", 0},
	{"[1]\x0c", "follows the value", 3},
	{"/**/1", "a value", 0},
};

/* The text ends where its buffer ends, so that a sanitizer sees a look beyond it. */
static void test_refuses(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autoptr(GError) error = NULL;
		gsize length = strlen(refused[i].text);
		g_autofree char *exact = g_memdup2(refused[i].text, length);
		g_autofree char *byte = g_strdup_printf("at byte %u: ", refused[i].byte);
		g_assert_null(json_parse(exact, length, &error));
		test_error(error, ERROR_INPUT, refused[i].reason);
		test_error(error, ERROR_INPUT, byte);
	}
}

static void test_nul_byte(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_false(json_check("[1]\0[2]", 7, &error));
	test_error(error, ERROR_INPUT, "at byte 3: a NUL byte");
}

static gboolean nested(guint depth)
{
	g_autofree char *opening = g_strnfill(depth, '[');
	g_autofree char *closing = g_strnfill(depth, ']');
	g_autofree char *text = g_strconcat(opening, closing, NULL);
	return json_check(text, strlen(text), NULL);
}

static void test_depth(void)
{
	g_assert_true(nested(JSON_DEPTH_MOST));
	g_assert_false(nested(JSON_DEPTH_MOST + 1));
	g_assert_false(nested(1000000));
}

static void test_decoded(void)
{
	const char *text = "{\"\\ud83d\\ude00\\t\":\"\\u00e9\"}";
	g_autoptr(cJSON) value = json_parse(text, strlen(text), NULL);
	g_assert_cmpstr(value->child->string, ==, "😀\t");
	g_assert_cmpstr(value->child->valuestring, ==, "é");
}

/* A key that comes again is found at every size of an object, and only within that object. */
static void test_repeated_key(void)
{
	for (guint n = 1; n < 40; n++) {
		g_autoptr(GString) text = g_string_new("[{\"a\":{\"k0\":1}},{");
		for (guint i = 0; i < n; i++)
			g_string_append_printf(text, "\"k%u\":{\"k%u\":{}},", i, i);
		gsize before = text->len;
		g_string_append(text, "\"a\":1}]");
		g_assert_true(json_check(text->str, text->len, NULL));
		g_string_truncate(text, before);
		g_string_append_printf(text, "\"k%u\":1}]", n / 2);
		g_assert_false(json_check(text->str, text->len, NULL));
	}
}

/* A header of 200,000 keys; comparing each key with all before it would take minutes. */
static void test_many_keys(void)
{
	g_autoptr(GString) text = g_string_new("{");
	for (guint i = 0; i < 200000; i++)
		g_string_append_printf(text, "\"k%u\":{\"shape\":[%u]},", i, i);
	g_string_append(text, "\"k0\":1}");
	g_autoptr(GError) error = NULL;
	g_test_timer_start();
	g_assert_false(json_check(text->str, text->len, &error));
	g_assert_cmpfloat(g_test_timer_elapsed(), <, 5);
	test_error(error, ERROR_INPUT, "\"k0\" comes twice");
}

static void test_uint(void)
{
	static const struct {
		const char *text;
		gboolean good;
		guint64 value;
	} rows[] = {
		{"0", TRUE, 0},
		{"-0", TRUE, 0},
		{"12", TRUE, 12},
		{"1e3", TRUE, 1000},
		{"9007199254740991", TRUE, G_GUINT64_CONSTANT(9007199254740991)},
		{"9007199254740992", FALSE, 0},
		{"9007199254740993", FALSE, 0},
		{"1e999", FALSE, 0},
		{"-1", FALSE, 0},
		{"0.5", FALSE, 0},
		{"\"1\"", FALSE, 0},
		{"true", FALSE, 0},
		{"null", FALSE, 0},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint64 value = 0;
		g_autoptr(cJSON) item = json_parse(rows[i].text, strlen(rows[i].text), NULL);
		g_assert_true(json_get_uint(item, &value) == rows[i].good);
		g_assert_cmpuint(value, ==, rows[i].value);
	}
	guint64 none;
	g_assert_false(json_get_uint(NULL, &none));
}

static void test_builders(void)
{
	const double values[] = {0.1, NAN, 1e300, -INFINITY, 3};
	g_autoptr(cJSON) object = cJSON_CreateObject();
	cJSON_AddItemToObject(object, "list", json_numbers(values, G_N_ELEMENTS(values)));
	json_add_number(object, "norm", 0.30000000000000004);
	json_add_number(object, "none", NAN);
	json_add_uint(object, "bytes", G_MAXUINT64);
	json_add_uint(object, "few", 7);
	cJSON_AddItemToObject(object, "empty", cJSON_CreateObject());
	cJSON_AddStringToObject(object, "a\"\n", "\\\xff");
	g_autofree char *text = json_text(object);
	g_assert_cmpstr(text, ==,
		"{\n"
		"  \"list\": [0.1, null, 1e+300, null, 3],\n"
		"  \"norm\": 0.30000000000000004,\n"
		"  \"none\": null,\n"
		"  \"bytes\": 18446744073709551615,\n"
		"  \"few\": 7,\n"
		"  \"empty\": {},\n"
		"  \"a\\\"\\u000a\": \"\\\\�\"\n"
		"}\n");
}

static void test_line(void)
{
	const double values[] = {1, 2};
	g_autoptr(cJSON) object = cJSON_CreateObject();
	cJSON *inner = cJSON_AddObjectToObject(object, "inner");
	cJSON_AddItemToObject(inner, "list", json_numbers(values, 2));
	json_add_number(inner, "scale", 0.30000000000000004);
	cJSON_AddStringToObject(object, "text", "a\nb");
	g_autofree char *line = json_line(object);
	g_assert_cmpstr(line, ==,
		"{\"inner\": {\"list\": [1, 2], \"scale\": 0.30000000000000004}, "
		"\"text\": \"a\\u000ab\"}");
}

/* Every double comes back from its printed form with the same bits. */
static void test_round_trip(void)
{
	const double values[] = {0.1, 1.0 / 3, 2.0 / 3, 0x1.fffffffffffffp0, 0x1p-1074, 1e23,
		5e-324, 0x1.fffffffffffffp1023, 9007199254740991, -123456.789};
	g_autoptr(cJSON) array = json_numbers(values, G_N_ELEMENTS(values));
	g_autofree char *text = json_text(array);
	g_autoptr(cJSON) back = json_parse(text, strlen(text), NULL);
	guint i = 0;
	for (const cJSON *item = back->child; item; item = item->next)
		g_assert_cmpfloat(item->valuedouble, ==, values[i++]);
	g_assert_cmpuint(i, ==, G_N_ELEMENTS(values));
}

static void test_read_file(void)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "config.json", NULL);
	g_autoptr(GError) error = NULL;
	test_write(path, "{\"a\":01}", 8);
	g_assert_null(json_read_file(path, 100, &error));
	test_error(error, ERROR_INPUT, "at byte 6: a number with a leading zero");
	g_assert_cmpstr(error_file(error), ==, path);
	g_clear_error(&error);
	g_assert_null(json_read_file(path, 7, &error));
	test_error(error, ERROR_INPUT, "at most 7");
	g_clear_error(&error);
	test_write(path, "{\"a\":1}", 7);
	g_autoptr(cJSON) value = json_read_file(path, 7, &error);
	g_assert_no_error(error);
	g_assert_cmpint(value->child->valueint, ==, 1);
	test_folder_remove(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json/accepts", test_accepts);
	g_test_add_func("/json/refuses", test_refuses);
	g_test_add_func("/json/nul-byte", test_nul_byte);
	g_test_add_func("/json/depth", test_depth);
	g_test_add_func("/json/decoded", test_decoded);
	g_test_add_func("/json/repeated-key", test_repeated_key);
	g_test_add_func("/json/many-keys", test_many_keys);
	g_test_add_func("/json/uint", test_uint);
	g_test_add_func("/json/builders", test_builders);
	g_test_add_func("/json/round-trip", test_round_trip);
	g_test_add_func("/json/line", test_line);
	g_test_add_func("/json/read-file", test_read_file);
	return g_test_run();
}
