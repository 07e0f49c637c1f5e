/* warning.c - what an edit leaves aside, in sentences that become part of the result. */
#include "preview/warning.h"

#include "core/text.h"
#include "edit/linear.h"

/* Names that a sentence lists before it stops. */
#define NAMES_MOST 3u

void warning_add(GPtrArray *warnings, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_ptr_array_add(warnings, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

/* The first of these names (of const char *). */
static char *first_of(const GPtrArray *all)
{
	GString *names = g_string_new(NULL);
	for (guint i = 0; i < MIN(all->len, NAMES_MOST); i++) {
		g_autofree char *name = text_safe(all->pdata[i]);
		g_string_append_printf(names, "%s%s", i ? ", " : "", name);
	}
	g_string_append(names, all->len > NAMES_MOST ? ", ..." : "");
	return g_string_free(names, FALSE);
}

static char *first_names(const Collection *collection, const GArray *tensors)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (guint i = 0; i < tensors->len; i++) {
		guint tensor = g_array_index(tensors, guint, i);
		g_ptr_array_add(names, collection_tensor(collection, tensor)->name);
	}
	return first_of(names);
}

void warning_add_tensors(
	GPtrArray *warnings, const Collection *collection, const GArray *tensors, const char *what)
{
	if (!tensors->len)
		return;
	g_autofree char *names = first_names(collection, tensors);
	warning_add(warnings, "%u tensor%s %s: %s", tensors->len, tensors->len == 1 ? "" : "s",
		what, names);
}

static char *blamed_names(const Collection *collection, const gboolean *blamed)
{
	GString *names = g_string_new(NULL);
	for (guint i = 0; i < collection_members(collection); i++)
		if (blamed[i])
			g_string_append_printf(names, "%s%s", names->len ? ", " : "",
				collection_member(collection, i)->name);
	return g_string_free(names, FALSE);
}

void warning_add_not_finite(GPtrArray *warnings, const Collection *collection,
	const GArray *tensors, const gboolean *blamed, guint64 elements)
{
	g_autofree char *names = blamed_names(collection, blamed);
	g_autofree char *count = g_strdup_printf(
		"%" G_GUINT64_FORMAT " element%s", elements, elements == 1 ? "" : "s");
	g_autofree char *what = g_strdup_printf("with values that are not finite (%s%sfrom %s)",
		elements ? count : "", elements ? " " : "", names);
	warning_add_tensors(warnings, collection, tensors, what);
}

static GArray *not_float(const Collection *collection)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (!collection_is_float(collection, i))
			g_array_append_val(tensors, i);
	return tensors;
}

static GArray *only_float(const Collection *collection, const GArray *from)
{
	GArray *tensors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < from->len; i++) {
		guint tensor = g_array_index(from, guint, i);
		if (collection_is_float(collection, tensor))
			g_array_append_val(tensors, tensor);
	}
	return tensors;
}

static void add_extra(GPtrArray *warnings, const Member *member)
{
	const GPtrArray *extra = member->extra;
	if (!extra->len)
		return;
	g_autofree char *names = first_of(extra);
	warning_add(warnings, "%u tensor%s of %s that the base has not %s left out: %s", extra->len,
		extra->len == 1 ? "" : "s", member->name, extra->len == 1 ? "is" : "are", names);
}

/* How many rows a vocabulary has beyond the base's; 0 for any other tensor. */
static guint64 rows_beyond(const Collection *collection, guint member, guint tensor)
{
	const Member *of = collection_member(collection, member);
	const Tensor *base = collection_tensor(collection, tensor);
	const Tensor *own = of->place[tensor] < 0
				    ? NULL
				    : checkpoint_tensor(of->checkpoint, (guint)of->place[tensor]);
	if (!own || own->elements <= base->elements ||
		!collection_is_resized(collection, member, tensor))
		return 0;
	return own->shape[0] > base->shape[0] ? own->shape[0] - base->shape[0] : 0;
}

static void add_rows(GPtrArray *warnings, const Collection *collection, guint member)
{
	gboolean whole = collection_member(collection, member)->whole;
	for (guint i = 0; !whole && i < collection_tensors(collection); i++) {
		guint64 rows = rows_beyond(collection, member, i);
		if (!rows)
			continue;
		g_autofree char *name = text_safe(collection_tensor(collection, i)->name);
		warning_add(warnings,
			"%" G_GUINT64_FORMAT " row%s of %s in %s that the base has not %s left out",
			rows, rows == 1 ? "" : "s", name,
			collection_member(collection, member)->name, rows == 1 ? "is" : "are");
	}
}

/* What the tasks of an edit have and the base has no place for. */
static void add_beyond(GPtrArray *warnings, const Collection *collection, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		add_extra(warnings, collection_member(collection, member));
		add_rows(warnings, collection, member);
	}
}

/* The usual case, in which no tensor needs to be looked at. */
static gboolean all_whole(const Collection *collection, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	for (guint i = 0; i < members->len; i++)
		if (!collection_member(collection, g_array_index(members, guint, i))->whole)
			return FALSE;
	return TRUE;
}

static void add_partly(GPtrArray *warnings, const Collection *collection, const Node *edit)
{
	if (all_whole(collection, edit))
		return;
	g_autoptr(GArray) all = linear_left_out(collection, edit);
	g_autoptr(GArray) floats = only_float(collection, all);
	warning_add_tensors(warnings, collection, floats,
		"edited in part only (missing, reshaped, of fewer rows or not float in a task)");
}

void warning_add_left_out(GPtrArray *warnings, const Collection *collection, const Node *edit)
{
	g_autoptr(GArray) integers = not_float(collection);
	add_partly(warnings, collection, edit);
	warning_add_tensors(
		warnings, collection, integers, "not of a float type, copied from the base");
	add_beyond(warnings, collection, edit);
}

void warning_add_left_out_of_part(
	GPtrArray *warnings, const Collection *collection, const Node *edit)
{
	add_partly(warnings, collection, edit);
	add_beyond(warnings, collection, edit);
}
