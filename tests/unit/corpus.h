/* corpus.h - the cases of tests/corpus: checkpoints of every format, and what must come of each. */
#ifndef TAUSCOPE_TEST_CORPUS_H
#define TAUSCOPE_TEST_CORPUS_H

#include "checkpoint/checkpoint.h"
#include "core/json.h"
#include "test.h"

#include <string.h>
#include <unistd.h>

#define CORPUS_MANIFEST_MOST (8u << 20)

/* What the payloads of hostile files would leave behind, had anything run them. */
#define CORPUS_PAYLOAD "CORPUS_PWNED"

static const char *const corpus_kinds[] = {"valid", "wild", "hostile"};

/* A member of an object, or NULL. */
static inline const cJSON *corpus_get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The text of a member, or NULL. */
static inline const char *corpus_text(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(corpus_get(object, key));
}

/* Name of a case → what must come of it, of one kind of cases; free with cJSON_Delete. */
static inline cJSON *corpus_cases(const char *kind)
{
	g_autofree char *relative = g_build_filename("tests/corpus", kind, "manifest.json", NULL);
	g_autofree char *path = test_source(relative);
	g_autoptr(GError) error = NULL;
	g_autoptr(cJSON) manifest = json_read_file(path, CORPUS_MANIFEST_MOST, &error);

	g_assert_no_error(error);
	cJSON *files = cJSON_DetachItemFromObjectCaseSensitive(manifest, "files");
	return files != NULL ? files : g_steal_pointer(&manifest);
}

/* Where a case lies; g_free. */
static inline char *corpus_path(const char *kind, const char *name)
{
	g_autofree char *relative = g_build_filename("tests/corpus", kind, name, NULL);
	return test_source(relative);
}

/* Adds one test for each case of a kind, which is given its entry in `cases`; those must live until
 * the tests have run. */
static inline void corpus_add(const char *kind, const cJSON *cases, GTestDataFunc test)
{
	const cJSON *expected;

	cJSON_ArrayForEach (expected, cases) {
		g_autofree char *name = g_strdup_printf("/%s/%s", kind, expected->string);
		g_test_add_data_func(name, expected, test);
	}
}

static inline void corpus_no_payload_in(const char *folder)
{
	g_autoptr(GDir) names = g_dir_open(folder, 0, NULL);
	const char *name;

	while (names != NULL && (name = g_dir_read_name(names)) != NULL)
		if (g_str_has_prefix(name, CORPUS_PAYLOAD))
			g_error("a payload ran: there is %s/%s", folder, name);
}

/* Fails the test where a payload has run. */
static inline void corpus_no_payload(void)
{
	corpus_no_payload_in("/tmp");
	corpus_no_payload_in(g_get_tmp_dir());
	corpus_no_payload_in(".");
}

#endif
