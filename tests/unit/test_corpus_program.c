/* test_corpus_program.c - every case of the corpus through the program: what info prints, in how
 * much time and memory, and that nothing else happens. */
#include "child.h"
#include "corpus.h"

#include <math.h>

/* What a verdict may take, of any file: of a processor, and while others want it too. */
#define BUSY_MOST 1.0
#define SECONDS_MOST 5.0
#define KIB_MOST (64 << 10)

/* Sanitizers take several times as much, by what they are. */
static void check_limits(const Child *child)
{
#ifdef __SANITIZE_ADDRESS__
	(void)child;
#else
	g_assert_cmpint(child->kib, <, KIB_MOST);
	g_assert_cmpfloat(child->busy, <, BUSY_MOST);
	g_assert_cmpfloat(child->seconds, <, SECONDS_MOST);
#endif
}

static Child run_info(const char *path, const char *option)
{
	char *words[] = {
		(char *)g_getenv("TAUSCOPE"), "info", (char *)path, "--json", (char *)option, NULL};
	char *folder = test_folder();

	g_assert_nonnull(words[0]);
	Child child = child_run(folder, words);
	test_folder_remove(folder);
	return child;
}

static cJSON *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	cJSON *json = json_parse(text, strlen(text), &error);
	g_assert_no_error(error);
	return json;
}

/* The hash that info gives: of floats as float32, of all else of its own bytes. */
static const char *wanted_hash(const cJSON *expected)
{
	static const char *const own_bytes[] = {
		"BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "C64"};
	for (guint i = 0; i < G_N_ELEMENTS(own_bytes); i++)
		if (strcmp(corpus_text(expected, "dtype"), own_bytes[i]) == 0)
			return corpus_text(expected, "sha256_raw");
	const char *hash = corpus_text(expected, "sha256_f32");
	return hash != NULL ? hash : corpus_text(expected, "sha256_raw");
}

static void check_norm(const cJSON *tensor, const cJSON *expected)
{
	const cJSON *wanted = corpus_get(expected, "l2"), *norm = corpus_get(tensor, "l2");

	g_assert_nonnull(norm);
	if (!cJSON_IsNumber(wanted))
		g_assert_true(cJSON_IsNull(norm));
	else if (strcmp(corpus_text(expected, "dtype"), "C64") != 0)
		g_assert_cmpfloat(fabs(norm->valuedouble - wanted->valuedouble), <=,
			1e-12 * wanted->valuedouble);
}

static void check_values(const cJSON *tensor, const cJSON *expected)
{
	const cJSON *nonfinite = corpus_get(expected, "nonfinite");
	const char *hash = wanted_hash(expected);

	check_norm(tensor, expected);
	if (hash != NULL)
		g_assert_cmpstr(corpus_text(tensor, "sha256"), ==, hash);
	if (nonfinite != NULL)
		g_assert_true(cJSON_Compare(corpus_get(tensor, "nonfinite"), nonfinite, TRUE));
}

static void check_tensor(const cJSON *tensor, const cJSON *expected)
{
	const cJSON *bytes = corpus_get(expected, "nbytes"), *offset = corpus_get(tensor, "offset");

	g_test_message("  %s", expected->string);
	g_assert_cmpstr(corpus_text(tensor, "type"), ==, corpus_text(expected, "dtype"));
	g_assert_true(
		cJSON_Compare(corpus_get(tensor, "shape"), corpus_get(expected, "shape"), TRUE));
	if (bytes != NULL)
		g_assert_true(cJSON_Compare(corpus_get(tensor, "bytes"), bytes, TRUE));
	g_assert_true(cJSON_IsNumber(offset) || cJSON_IsNull(offset));
	g_assert_nonnull(corpus_text(tensor, "file"));
	check_values(tensor, expected);
}

static const cJSON *find_tensor(const cJSON *tensors, const char *name)
{
	const cJSON *tensor;
	cJSON_ArrayForEach (tensor, tensors) {
		if (strcmp(corpus_text(tensor, "name"), name) == 0)
			return tensor;
	}
	g_error("info does not list the tensor %s", name);
}

/* Of the names that share one tensor one is it, and the others are tied to that one. */
static void check_tied(const cJSON *tensors, const cJSON *group)
{
	const char *first = NULL;
	guint untied = 0;
	const cJSON *name;

	cJSON_ArrayForEach (name, group) {
		const cJSON *tensor = find_tensor(tensors, name->valuestring);
		const char *to = corpus_text(tensor, "tied_to");
		untied += to == NULL ? 1 : 0;
		const char *target = to != NULL ? to : name->valuestring;
		g_assert_cmpstr(first != NULL ? first : target, ==, target);
		first = target;
	}
	g_assert_cmpuint(untied, ==, 1);
}

static void check_printed(const cJSON *json, const cJSON *expected)
{
	const cJSON *wanted = corpus_get(expected, "tensors"), *tensor, *group;
	const cJSON *tensors = corpus_get(json, "tensors");

	g_assert_nonnull(corpus_text(json, "format"));
	g_assert_true(cJSON_IsArray(corpus_get(json, "skipped")));
	if (wanted == NULL)
		return;
	g_assert_cmpint(cJSON_GetArraySize(tensors), ==, cJSON_GetArraySize(wanted));
	cJSON_ArrayForEach (tensor, wanted) {
		check_tensor(find_tensor(tensors, tensor->string), tensor);
	}
	cJSON_ArrayForEach (group, corpus_get(expected, "aliases")) {
		check_tied(tensors, group);
	}
	g_assert_cmpint(cJSON_GetArraySize(corpus_get(json, "steps")), ==,
		cJSON_GetArraySize(corpus_get(expected, "children")));
}

/* The sentence is on stderr, and with its parts on stdout. */
static void check_failure(const Child *child, const cJSON *json, const char *path)
{
	const cJSON *error = corpus_get(json, "error");
	const char *message = corpus_text(error, "message");

	g_assert_true(child->status == ERROR_INPUT || child->status == ERROR_IO);
	g_assert_nonnull(message);
	g_assert_true(g_str_has_prefix(corpus_text(error, "file"), path));
	g_assert_nonnull(strstr(child->error, message));
}

/* Nothing that a terminal would take for a command. */
static void check_printable(const char *text)
{
	g_assert_true(g_utf8_validate(text, -1, NULL));
	for (; *text != '\0'; text = g_utf8_next_char(text)) {
		gunichar c = g_utf8_get_char(text);
		g_assert_true(c == '\n' || !g_unichar_iscntrl(c));
		g_assert_false(c >= 0x202a && c <= 0x202e);
	}
}

static void check_values_printed(const char *path, const cJSON *expected, gboolean must_accept)
{
	g_auto(Child) child = run_info(path, "--stats");
	g_autoptr(cJSON) json = parse(child.out);

	if (must_accept)
		g_assert_cmpint(child.status, ==, 0);
	if (child.status == 0)
		check_printed(json, expected);
	else
		check_failure(&child, json, path);
	check_limits(&child);
}

static void check_headers_printed(const char *path, gboolean must_reject)
{
	g_auto(Child) child = run_info(path, NULL);

	if (must_reject)
		g_assert_cmpint(child.status, !=, 0);
	g_assert_cmpint(child.status, >=, 0);
	check_printable(child.error);
	check_limits(&child);
	corpus_no_payload();
}

static void check_valid(const char *kind, const cJSON *expected)
{
	g_autofree char *path = corpus_path(kind, expected->string);
	gboolean unsupported = corpus_get(expected, "unsupported") != NULL;
	gboolean optional = corpus_get(expected, "optional") != NULL;

	check_headers_printed(path, unsupported);
	check_values_printed(path, expected, !unsupported && !optional);
}

static void test_valid(gconstpointer expected)
{
	check_valid("valid", expected);
}

static void test_wild(gconstpointer expected)
{
	check_valid("wild", expected);
}

/* What only a base can show to be wrong, info shows as it is. */
static void test_hostile(gconstpointer data)
{
	const cJSON *expected = data;
	const char *verdict = corpus_text(expected, "verdict");
	g_autofree char *path = corpus_path("hostile", expected->string);
	gboolean alone = corpus_get(expected, "base_shapes") == NULL;

	check_headers_printed(path, alone && strcmp(verdict, "reject") == 0);
	check_values_printed(path, expected, strcmp(verdict, "accept") == 0);
}

/* As a table: names that hold commands of a terminal are shown without them. */
static void test_text(void)
{
	static const char *const names[] = {"st_terminal_escape_name.safetensors",
		"st_bidi_name.safetensors", "pt_name_control.pt", "gguf_key_control.gguf",
		"h5_name_control.h5"};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = corpus_path("hostile", names[i]);
		char *words[] = {(char *)g_getenv("TAUSCOPE"), "info", path, NULL};
		char *folder = test_folder();
		g_auto(Child) child = child_run(folder, words);
		g_assert_cmpint(child.status, ==, 0);
		check_printable(child.out);
		test_folder_remove(folder);
	}
}

int main(int argc, char **argv)
{
	static const GTestDataFunc tests[] = {test_valid, test_wild, test_hostile};
	cJSON *cases[G_N_ELEMENTS(corpus_kinds)];

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text", test_text);
	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++) {
		cases[i] = corpus_cases(corpus_kinds[i]);
		corpus_add(corpus_kinds[i], cases[i], tests[i]);
	}
	int status = g_test_run();
	for (guint i = 0; i < G_N_ELEMENTS(corpus_kinds); i++)
		cJSON_Delete(cases[i]);
	return status;
}
