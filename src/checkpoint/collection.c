/* collection.c - lines members up with the base, once, so that everything above can speak of
 * tensors by number. */
#include "checkpoint/collection.h"

#include "checkpoint/adapter.h"
#include "checkpoint/align.h"
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
	g_free(member->shared);
	g_free(member->matched_by);
	g_clear_pointer(&member->renames, g_ptr_array_unref);
	g_clear_pointer(&member->extra, g_ptr_array_unref);
	g_clear_pointer(&member->notes, g_ptr_array_unref);
	g_free(member);
}

static gboolean is_float(const Tensor *tensor)
{
	return dtype_info(tensor->dtype)->class == CLASS_FLOAT;
}

/* The elements that two tensors both have, counted from the first: all, the shared rows of a
 * vocabulary, or none. */
static guint64 shared_elements(const Tensor *base, const Tensor *own)
{
	if (tensor_same_shape(base, own))
		return base->elements;
	return align_is_resized(base, own) ? MIN(base->elements, own->elements) : 0;
}

/* How tensor `own` of a member (NULL: it has none) stands to a tensor of the base. */
static Match match_tensor(const Tensor *base, const Tensor *own, guint64 shared)
{
	if (own == NULL)
		return MATCH_MISSING;
	if (shared == 0 && !tensor_same_shape(base, own))
		return MATCH_RESHAPED;
	return is_float(base) && is_float(own) ? MATCH_SHARED : MATCH_NOT_FLOAT;
}

static void fill_matches(Member *member, const Checkpoint *base)
{
	guint count = checkpoint_count(base);

	member->match = g_new(guint8, count);
	member->shared = g_new0(guint64, count);
	member->whole = TRUE;
	for (guint i = 0; i < count; i++) {
		const Tensor *tensor = checkpoint_tensor(base, i), *own = NULL;
		if (member->place[i] >= 0) {
			own = checkpoint_tensor(member->checkpoint, (guint)member->place[i]);
			member->shared[i] = shared_elements(tensor, own);
		}
		member->match[i] = (guint8)match_tensor(tensor, own, member->shared[i]);
		if (is_float(tensor))
			member->whole &= member->match[i] == MATCH_SHARED &&
					 own->elements == tensor->elements;
	}
}

static gboolean is_adapter(const Checkpoint *checkpoint)
{
	return g_strcmp0(checkpoint->format, "peft-dir") == 0;
}

static GPtrArray *copy_texts(const GPtrArray *texts)
{
	GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; texts != NULL && i < texts->len; i++)
		g_ptr_array_add(copy, g_strdup(g_ptr_array_index(texts, i)));
	return copy;
}

/* How names were matched: when an adapter was bound, and then by aligning.  Takes the rules. */
static char *matched_by(const Checkpoint *checkpoint, char *rules)
{
	g_autofree char *aligned = rules;
	const char *bound = g_hash_table_lookup(checkpoint->about, ADAPTER_MATCHED);

	if (bound == NULL || !is_adapter(checkpoint))
		return g_steal_pointer(&aligned);
	return aligned != NULL ? g_strconcat(bound, "; ", aligned, NULL) : g_strdup(bound);
}

/* The names of an adapter that is bound are the base's own: it takes no renames. */
static gboolean line_up(Member *member, const Checkpoint *base, GError **error)
{
	g_auto(Alignment) alignment = {0};
	gboolean named = is_adapter(member->checkpoint);

	if (!align(base, member->checkpoint, named ? NULL : member->renames, &alignment, error))
		return FALSE;
	member->place = g_steal_pointer(&alignment.place);
	member->matched_by = matched_by(member->checkpoint, g_steal_pointer(&alignment.rules));
	member->extra = g_steal_pointer(&alignment.extra);
	member->notes = g_steal_pointer(&alignment.notes);
	if (named && member->renames->len > 0)
		g_ptr_array_add(member->notes,
			g_strdup("an adapter names what it changes: it is not renamed"));
	fill_matches(member, base);
	return TRUE;
}

/* Takes the checkpoint. */
static Member *member_new(
	const char *name, MemberRole role, const char *run, gint64 step, Checkpoint *checkpoint)
{
	Member *member = g_new0(Member, 1);
	member->name = g_strdup(name);
	member->role = role;
	member->run = g_strdup(run);
	member->step = step;
	member->checkpoint = checkpoint;
	return member;
}

/* The base lines up with itself. */
static Member *base_new(Checkpoint *base)
{
	Member *member = member_new("base", MEMBER_BASE, NULL, -1, base);
	guint count = checkpoint_count(base);
	member->place = g_new(gint, count);
	for (guint i = 0; i < count; i++)
		member->place[i] = (gint)i;
	member->renames = copy_texts(NULL);
	member->extra = copy_texts(NULL);
	member->notes = copy_texts(NULL);
	fill_matches(member, base);
	return member;
}

gboolean collection_check_base(const Checkpoint *checkpoint, GError **error)
{
	Place place = {.file = checkpoint->path,
		.remedy = "give the model that it was trained from, and load this one as a task"};

	if (adapter_is_unbound(checkpoint))
		return fail_at(error, ERROR_INPUT, place,
			"an adapter cannot be the base: it holds what training changed, not "
			"weights");
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		place.tensor = checkpoint_tensor(checkpoint, i)->name;
		if (checkpoint_tensor(checkpoint, i)->difference)
			return fail_at(error, ERROR_INPUT, place,
				"a saved task vector cannot be the base: it holds differences, not "
				"weights");
	}
	return TRUE;
}

Collection *collection_new(Checkpoint *base)
{
	Collection *collection = g_new0(Collection, 1);
	guint count = checkpoint_count(base);

	collection->members = g_ptr_array_new_with_free_func(member_free);
	g_ptr_array_add(collection->members, base_new(base));
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

/* Takes the checkpoint; an adapter becomes its changes of the base. */
static Checkpoint *bind(Checkpoint *checkpoint, const Checkpoint *base, GError **error)
{
	if (!adapter_is_unbound(checkpoint))
		return checkpoint;
	g_autoptr(Checkpoint) adapter = checkpoint;
	return adapter_bind(adapter, base, error);
}

gboolean collection_add(Collection *collection, const char *name, MemberRole role, const char *run,
	gint64 step, Checkpoint *checkpoint, const GPtrArray *renames, GError **error)
{
	const Checkpoint *base = collection_member(collection, 0)->checkpoint;

	if (!check_name(collection, name, role, run, step, error)) {
		checkpoint_free(checkpoint);
		return FALSE;
	}
	Checkpoint *bound = bind(checkpoint, base, error);
	if (bound == NULL)
		return FALSE;
	Member *member = member_new(name, role, run, step, bound);
	member->renames = copy_texts(renames);
	if (!line_up(member, base, error)) {
		member_free(member);
		return FALSE;
	}
	guint position = find_position(collection, role, run, step);
	g_ptr_array_insert(collection->members, (gint)position, member);
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
	g_autoptr(GHashTable) seen = g_hash_table_new(text_table_hash, g_str_equal);
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

gboolean collection_is_difference(const Collection *collection, guint member, guint tensor)
{
	const Member *from = collection_member(collection, member);
	gint place = from->place[tensor];
	return place >= 0 && checkpoint_tensor(from->checkpoint, (guint)place)->difference;
}

gboolean collection_has_differences(const Collection *collection, guint member)
{
	for (guint i = 0; i < collection_tensors(collection); i++)
		if (collection_is_difference(collection, member, i))
			return TRUE;
	return FALSE;
}

gboolean collection_is_resized(const Collection *collection, guint member, guint tensor)
{
	const Member *from = collection_member(collection, member);
	return from->match[tensor] == MATCH_SHARED &&
	       !tensor_same_shape(collection_tensor(collection, tensor),
		       checkpoint_tensor(from->checkpoint, (guint)from->place[tensor]));
}
