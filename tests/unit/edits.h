/* edits.h - an edit applied to whole tensors, for the tests of methods. */
#ifndef TAUSCOPE_TEST_EDITS_H
#define TAUSCOPE_TEST_EDITS_H

#include "method/apply.h"
#include "method/prepare.h"
#include "test.h"

/* Where a number is 0: the paper's dialect, seed 0, one thread, whole tensors, the base's types. */
typedef struct {
	const Collection *collection;
	const char *text;
	ExpressionDefaults defaults;
	guint threads;
	guint64 block;       /* elements that are computed at a time */
	gboolean difference; /* the edit itself, as F64; not the edited model */
	double scale;        /* 0: 1 */
} EditRun;

/* What is prepared for a run, until its tensors are written. */
typedef struct {
	Node *node;
	Prepared *prepared;
	PrepareRequest request;
	Apply apply;
} Edit;

static inline void edit_clear(Edit *edit)
{
	prepared_free(edit->prepared);
	node_free(edit->node);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Edit, edit_clear)

/* FALSE with *error set where it cannot be parsed or prepared. */
static inline gboolean edit_prepare(const EditRun *run, Edit *edit, GError **error)
{
	*edit = (Edit){0};
	edit->node = expression_parse_with(run->collection, run->text, &run->defaults, error);
	if (!edit->node)
		return FALSE;
	edit->request = (PrepareRequest){run->collection, edit->node, MAX(run->threads, 1), 0};
	edit->prepared = prepare_weights(&edit->request, NULL, error);
	edit->apply = (Apply){
		.collection = run->collection,
		.edit = edit->node,
		.prepared = edit->prepared,
		.scale = run->scale != 0 ? run->scale : 1,
		.dtype = run->difference ? DTYPE_F64 : -1,
		.difference = run->difference,
	};
	return edit->prepared != NULL;
}

/* The bytes of one tensor; g_free.  NULL with *error set on failure. */
static inline guint8 *edit_try_tensor(
	const EditRun *run, const Edit *edit, guint tensor, GError **error)
{
	const Tensor *of = collection_tensor(run->collection, tensor);
	gsize size = dtype_info(apply_dtype(&edit->apply, tensor))->bits / 8;
	guint64 block = run->block ? run->block : MAX(of->elements, 1), overflowed = 0;
	block = apply_block_elements(&edit->apply, tensor, block);
	g_autofree guint8 *scratch = g_malloc0(apply_scratch_bytes(&edit->apply, tensor, block));
	g_autofree guint8 *raw = g_malloc0(of->elements * size + 1);
	ApplyPlan plan = apply_plan(&edit->apply, tensor);
	if (!prepare_tensor(edit->prepared, &edit->request, tensor, NULL, error))
		return NULL;
	for (guint64 at = 0; at < of->elements; at += block)
		if (!apply_block(&edit->apply, tensor, &plan, at, MIN(block, of->elements - at),
			    scratch, raw + at * size, &overflowed, error))
			return NULL;
	g_assert_cmpuint(overflowed, ==, 0);
	return g_steal_pointer(&raw);
}

static inline guint8 *edit_tensor(const EditRun *run, const Edit *edit, guint tensor)
{
	g_autoptr(GError) error = NULL;
	guint8 *raw = edit_try_tensor(run, edit, tensor, &error);
	test_no_error(error);
	return raw;
}

/* All tensors' bytes, integers as the base has them: GPtrArray. */
static inline GPtrArray *edit_all(const EditRun *run)
{
	g_autoptr(GError) error = NULL;
	g_auto(Edit) edit = {0};
	edit_prepare(run, &edit, &error);
	test_no_error(error);
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < collection_tensors(run->collection); i++)
		g_ptr_array_add(all, collection_is_float(run->collection, i)
					     ? edit_tensor(run, &edit, i)
					     : NULL);
	return all;
}

/* A run's numbers on one tensor; g_free. */
static inline double *edit_values(const EditRun *run, guint tensor)
{
	g_autoptr(GError) error = NULL;
	g_auto(Edit) edit = {0};
	edit_prepare(run, &edit, &error);
	test_no_error(error);
	g_autofree guint8 *raw = edit_tensor(run, &edit, tensor);
	guint64 elements = collection_tensor(run->collection, tensor)->elements;
	double *values = g_new(double, elements + 1);
	dtype_decode_double(apply_dtype(&edit.apply, tensor), raw, elements, values);
	return values;
}

/* Whether an edit can be prepared, and all tensors be written. */
static inline gboolean edit_try_all(const EditRun *run, Edit *edit, GError **error)
{
	gboolean ok = edit_prepare(run, edit, error);
	for (guint i = 0; ok && i < collection_tensors(run->collection); i++) {
		g_autofree guint8 *raw = NULL;
		if (collection_is_float(run->collection, i))
			ok = (raw = edit_try_tensor(run, edit, i, error)) != NULL;
	}
	return ok;
}

/* Asserts that a text cannot be parsed, prepared or written, and that the sentence holds a text. */
static inline void edit_fails(
	const Collection *collection, const char *text, int code, const char *holds)
{
	g_autoptr(GError) error = NULL;
	g_auto(Edit) edit = {0};
	EditRun run = {.collection = collection, .text = text};
	if (edit_try_all(&run, &edit, &error))
		g_error("%s: is no error", text);
	test_error(error, code, holds);
}

#endif
