/* applying.h - what the tests of applying an edit share: a base and tasks of one tensor. */
#ifndef TAUSCOPE_TEST_APPLYING_H
#define TAUSCOPE_TEST_APPLYING_H

#include "toy.h"

#include "method/apply.h"
#include "method/prepare.h"

#include <math.h>
#include <string.h>

/* More than one chunk, and no multiple of it. */
#define MANY 5000

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

static inline void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	fixture->collection = NULL;
}

static inline void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	g_clear_pointer(&fixture->collection, collection_free);
	test_folder_remove(fixture->folder);
}

/* Writes a checkpoint of one tensor "w" with these bytes, and loads it as the base or a task. */
static inline void load_bytes(
	Fixture *fixture, const char *name, Dtype dtype, const void *bytes, guint64 elements)
{
	guint64 length = 0;
	g_assert_true(dtype_bytes(dtype, elements, &length));
	g_autoptr(GString) file = g_string_new_len("\0\0\0\0\0\0\0\0", 8);
	g_string_append_printf(file,
		"{\"w\":{\"dtype\":\"%s\",\"shape\":[%d],\"data_offsets\":[0,%d]}}",
		dtype_info(dtype)->name, (int)elements, (int)length);
	guint64 header = GUINT64_TO_LE(file->len - 8);
	memcpy(file->str, &header, 8);
	g_string_append_len(file, bytes, (gssize)length);
	g_autofree char *leaf = g_strdup_printf("%s.safetensors", name);
	g_autofree char *path = g_build_filename(fixture->folder, leaf, NULL);
	test_write(path, file->str, file->len);
	if (fixture->collection)
		add_member(fixture->collection, name, MEMBER_TASK, NULL, -1, path);
	else
		fixture->collection = collection_new(open_checked(path));
}

static inline void load_values(
	Fixture *fixture, const char *name, Dtype dtype, const double *values, guint64 elements)
{
	g_autofree guint8 *bytes = g_malloc0(elements * 8);
	dtype_encode(dtype, values, elements, bytes);
	load_bytes(fixture, name, dtype, bytes, elements);
}

/* What is written of an edit beside the edit itself. */
typedef struct {
	gint dtype;
	gboolean difference;
} Form;

/* Applies an edit to the tensor, in blocks of `block` elements. */
static inline guint8 *apply_form(const Fixture *fixture, const char *text, double scale,
	guint64 block, Form form, guint64 *overflowed)
{
	g_autoptr(GError) error = NULL;
	const Collection *collection = fixture->collection;
	const Tensor *tensor = collection_tensor(collection, 0);
	g_autoptr(Node) edit = expression_parse(collection, text, &error);
	test_no_error(error);
	PrepareRequest request = {.collection = collection, .edit = edit};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	test_no_error(error);
	Apply apply = {collection, edit, prepared, scale, form.dtype, form.difference};
	gsize size = dtype_info(apply_dtype(&apply, 0))->bits / 8;
	gsize room = apply_scratch_bytes(&apply, 0, block);
	g_autofree guint8 *scratch = memset(g_malloc(room), 0x40, room);
	guint8 *out = g_malloc0(tensor->elements * 8);
	ApplyPlan plan = apply_plan(&apply, 0);
	*overflowed = 0;
	for (guint64 at = 0; at < tensor->elements; at += block) {
		guint64 count = MIN(block, tensor->elements - at);
		apply_block(
			&apply, 0, &plan, at, count, scratch, out + at * size, overflowed, &error);
		test_no_error(error);
	}
	return out;
}

/* The same in the base's type, as a model. */
static inline guint8 *apply_in_blocks(
	const Fixture *fixture, const char *text, double scale, guint64 block, guint64 *overflowed)
{
	return apply_form(fixture, text, scale, block, (Form){.dtype = -1}, overflowed);
}

static inline guint8 *apply(const Fixture *fixture, const char *text, double scale)
{
	guint64 overflowed;
	guint8 *out = apply_in_blocks(fixture, text, scale, APPLY_BLOCK, &overflowed);
	g_assert_cmpuint(overflowed, ==, 0);
	return out;
}

#endif
