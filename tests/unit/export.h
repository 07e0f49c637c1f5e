/* export.h - writing edited models in tests, and looking at what was written. */
#ifndef TAUSCOPE_TEST_EXPORT_H
#define TAUSCOPE_TEST_EXPORT_H

#include "digits.h"
#include "toy.h"

#include "export/model.h"

#include <glib/gstdio.h>
#include <string.h>

/* A folder to write in, and a collection to write from. */
typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static inline void set_up_digits(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = digits_collection();
}

static inline void set_up_toy(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	g_autofree char *inputs = g_build_filename(fixture->folder, "inputs", NULL);
	g_assert_cmpint(g_mkdir(inputs, 0777), ==, 0);
	fixture->collection = toy_collection(inputs);
}

static inline void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

static inline char *path_in(const Fixture *fixture, const char *name)
{
	return g_build_filename(fixture->folder, name, NULL);
}

/* Writes with these options; the request's edit, recipe and output are filled in.  A type of 0,
 * which is no float, stands for the base's. */
static inline ModelReport *write_with(const Collection *collection, const char *text,
	const char *output, ModelRequest request, Job *job, GError **error)
{
	g_autoptr(GError) problem = NULL;
	g_autoptr(Node) edit = expression_parse(collection, text, &problem);
	test_no_error(problem);
	request.scale = request.scale == 0 ? 1 : request.scale;
	request.dtype = request.dtype == 0 ? -1 : request.dtype;
	g_autofree char *printed = expression_print(collection, edit);
	g_autoptr(Recipe) recipe = recipe_new(printed, request.scale);
	recipe_add_input(recipe, "base", "base", "somewhere", "00");
	request.collection = collection;
	request.edit = edit;
	request.recipe = recipe;
	request.output = output;
	ModelReport *report = model_write(&request, job, error);
	return report;
}

static inline ModelReport *write_edit(const Fixture *fixture, const char *text, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = path_in(fixture, name);
	ModelReport *report = write_with(
		fixture->collection, text, path, (ModelRequest){.threads = 2}, NULL, &error);
	test_no_error(error);
	return report;
}

static inline void write_fails(const Fixture *fixture, const char *text, const char *output,
	ModelRequest request, int code, const char *says)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(write_with(fixture->collection, text, output, request, NULL, &error));
	test_error(error, code, says);
}

static inline int compare_bytewise(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What lies in a folder, sorted, separated by blanks. */
static inline char *listing(const char *folder)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) directory = g_dir_open(folder, 0, NULL);
	const char *name;
	while ((name = g_dir_read_name(directory)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_bytewise);
	g_ptr_array_add(names, NULL);
	return g_strjoinv(" ", (char **)names->pdata);
}

static inline void assert_listing(const char *folder, const char *expected)
{
	g_autofree char *names = listing(folder);
	g_assert_cmpstr(names, ==, expected);
}

/* The raw bytes of a tensor; *length is how many. */
static inline guint8 *raw_tensor(const Checkpoint *checkpoint, const char *name, gsize *length)
{
	g_autoptr(GError) error = NULL;
	guint place = (guint)checkpoint_find(checkpoint, name);
	const Tensor *tensor = checkpoint_tensor(checkpoint, place);
	guint8 *raw = g_malloc0(tensor->bytes + 1);
	checkpoint_read_raw(checkpoint, place, 0, tensor->elements, raw, &error);
	test_no_error(error);
	*length = tensor->bytes;
	return raw;
}

/* That a tensor has these bytes. */
static inline void assert_tensor(
	const Checkpoint *checkpoint, const char *name, const void *bytes, gsize n)
{
	gsize length;
	g_autofree guint8 *raw = raw_tensor(checkpoint, name, &length);
	g_assert_cmpuint(length, ==, n);
	g_assert_true(memcmp(raw, bytes, n) == 0);
}

#endif
