/* collection.c - lines members up with the base, once, so that everything above can speak of
 * tensors by number. */
#include "checkpoint/collection.h"

#include "checkpoint/names.h"
#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

static void member_free(gpointer data)
{
	Member *member = data;
	g_free(member->name);
	g_free(member->run);
	checkpoint_free(member->checkpoint);
	g_free(member->place);
	g_free(member->match);
	g_ptr_array_unref(member->extra);
	g_free(member);
}

static gboolean is_float(const Tensor *tensor)
{
	return dtype_info(tensor->dtype)->class == CLASS_FLOAT;
}

/* How tensor `place` of the member's checkpoint stands to a tensor of the base. */
static Match match_tensor(const Tensor *base, const Checkpoint *checkpoint, gint place)
{
	if (place < 0)
		return MATCH_MISSING;
	const Tensor *own = checkpoint_tensor(checkpoint, (guint)place);
	if (!tensor_same_shape(base, own))
		return MATCH_RESHAPED;
	return is_float(base) && is_float(own) ? MATCH_SHARED : MATCH_NOT_FLOAT;
}

static void list_extra(Member *member, const Checkpoint *base)
{
	for (guint i = 0; i < checkpoint_count(member->checkpoint); i++) {
		const char *name = checkpoint_tensor(member->checkpoint, i)->name;
		if (checkpoint_find(base, name) < 0)
			g_ptr_array_add(member->extra, g_strdup(name));
	}
}

static void line_up(Member *member, const Checkpoint *base)
{
	guint count = checkpoint_count(base);

	member->place = g_new(gint, count);
	member->match = g_new(guint8, count);
	for (guint i = 0; i < count; i++) {
		const Tensor *tensor = checkpoint_tensor(base, i);
		member->place[i] = checkpoint_find(member->checkpoint, tensor->name);
		member->match[i] =
			(guint8)match_tensor(tensor, member->checkpoint, member->place[i]);
	}
	list_extra(member, base);
}

/* Takes the checkpoint. */
static Member *member_new(const char *name, MemberRole role, const char *run, gint64 step,
	Checkpoint *checkpoint, const Checkpoint *base)
{
	Member *member = g_new0(Member, 1);
	member->name = g_strdup(name);
	member->role = role;
	member->run = g_strdup(run);
	member->step = step;
	member->checkpoint = checkpoint;
	member->extra = g_ptr_array_new_with_free_func(g_free);
	line_up(member, base);
	return member;
}

Collection *collection_new(Checkpoint *base)
{
	Collection *collection = g_new0(Collection, 1);
	guint count = checkpoint_count(base);

	collection->members = g_ptr_array_new_with_free_func(member_free);
	g_ptr_array_add(collection->members, member_new("base", MEMBER_BASE, NULL, -1, base, base));
	collection->layer = g_new0(char *, count + 1);
	collection->kind = g_new0(const char *, count + 1);
	for (guint i = 0; i < count; i++) {
		const char *name = checkpoint_tensor(base, i)->name;
		collection->layer[i] = names_layer(name);
		collection->kind[i] = names_kind(name);
	}
	return collection;
}

void collection_free(Collection *collection)
{
	if (collection == NULL)
		return;
	g_strfreev(collection->layer);
	g_free(collection->kind);
	g_ptr_array_unref(collection->members);
	g_free(collection);
}

/* What an expression can quote and a screen can show on one line. */
static gboolean is_member_name(const char *name)
{
	if (*name == '\0' || !g_utf8_validate(name, -1, NULL))
		return FALSE;
	for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at))
		if (!g_unichar_isprint(g_utf8_get_char(at)) || strchr("@\"[]", *at) != NULL)
			return FALSE;
	return TRUE;
}

/* A step is called RUN@STEP; the sign separates nothing else. */
static gboolean is_step_name(const char *name, const char *run, gint64 step)
{
	g_autofree char *expected = g_strdup_printf("%s@%" PRId64, run != NULL ? run : "", step);
	return run != NULL && step >= 0 && is_member_name(run) && strcmp(name, expected) == 0;
}

static gboolean check_name(const Collection *collection, const char *name, MemberRole role,
	const char *run, gint64 step, GError **error)
{
	g_autofree char *shown = text_safe(name);
	gboolean valid = role == MEMBER_STEP   ? is_step_name(name, run, step)
			 : role == MEMBER_TASK ? is_member_name(name)
					       : FALSE;

	if (!valid)
		return fail(error, ERROR_USAGE,
			"\"%s\" cannot be a name: letters, digits and any printable character can, "
			"but @, quotes and brackets",
			shown);
	if (collection_find(collection, name) >= 0)
		return fail(error, ERROR_USAGE, "the name %s is taken; give it another", shown);
	return TRUE;
}

/* Whether a member of the run comes after the step. */
static gboolean comes_after(const Member *member, gint64 step)
{
	return member->role == MEMBER_TASK || member->step > step;
}

/* Where a member goes: last, but for what belongs to a run that is already there. */
static guint find_position(
	const Collection *collection, MemberRole role, const char *run, gint64 step)
{
	guint position = collection_members(collection);

	for (guint i = 1; run != NULL && i < collection_members(collection); i++) {
		const Member *member = collection_member(collection, i);
		if (g_strcmp0(member->run, run) != 0)
			continue;
		if (role == MEMBER_STEP && comes_after(member, step))
			return i;
		position = i + 1;
	}
	return position;
}

gboolean collection_add(Collection *collection, const char *name, MemberRole role, const char *run,
	gint64 step, Checkpoint *checkpoint, GError **error)
{
	if (!check_name(collection, name, role, run, step, error)) {
		checkpoint_free(checkpoint);
		return FALSE;
	}
	const Checkpoint *base = collection_member(collection, 0)->checkpoint;
	guint position = find_position(collection, role, run, step);
	g_ptr_array_insert(collection->members, (gint)position,
		member_new(name, role, run, step, checkpoint, base));
	return TRUE;
}

guint collection_members(const Collection *collection)
{
	return collection->members->len;
}

const Member *collection_member(const Collection *collection, guint member)
{
	return g_ptr_array_index(collection->members, member);
}

gint collection_find(const Collection *collection, const char *name)
{
	for (guint i = 0; i < collection_members(collection); i++)
		if (strcmp(collection_member(collection, i)->name, name) == 0)
			return (gint)i;
	return -1;
}

guint collection_tensors(const Collection *collection)
{
	return checkpoint_count(collection_member(collection, 0)->checkpoint);
}

const Tensor *collection_tensor(const Collection *collection, guint tensor)
{
	return checkpoint_tensor(collection_member(collection, 0)->checkpoint, tensor);
}

gboolean collection_is_float(const Collection *collection, guint tensor)
{
	return is_float(collection_tensor(collection, tensor));
}

GArray *collection_tasks(const Collection *collection)
{
	GArray *tasks = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < collection_members(collection); i++)
		if (collection_member(collection, i)->role == MEMBER_TASK)
			g_array_append_val(tasks, i);
	return tasks;
}

GArray *collection_run(const Collection *collection, const char *run)
{
	GArray *members = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < collection_members(collection); i++)
		if (g_strcmp0(collection_member(collection, i)->run, run) == 0)
			g_array_append_val(members, i);
	return members;
}

GPtrArray *collection_runs(const Collection *collection)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *runs = g_ptr_array_new();
	for (guint i = 0; i < collection_members(collection); i++) {
		char *run = collection_member(collection, i)->run;
		if (run != NULL && g_hash_table_add(seen, run))
			g_ptr_array_add(runs, run);
	}
	return runs;
}

gboolean collection_read_double(const Collection *collection, guint member, guint tensor,
	guint64 first, guint64 count, void *scratch, double *out, GError **error)
{
	const Member *from = collection_member(collection, member);
	guint place = (guint)from->place[tensor];

	if (!checkpoint_read_raw(from->checkpoint, place, first, count, scratch, error))
		return FALSE;
	dtype_decode_double(checkpoint_tensor(from->checkpoint, place)->dtype, scratch, count, out);
	return TRUE;
}
