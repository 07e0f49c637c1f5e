/* directory.c - opens a folder of weights: one file, a set of shards, an adapter, or a run of
 * steps.
 *
 * What an index says of its shards is checked against the shards themselves: each tensor must be
 * where the index has it, and what the index does not name is listed as skipped. */
#include "checkpoint/directory.h"

#include "checkpoint/adapter.h"
#include "checkpoint/cursor.h"
#include "checkpoint/folder.h"
#include "checkpoint/shard_index.h"
#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define STATE_MOST (64u << 20)
#define STEP_PREFIX "checkpoint-"

/* The number of a checkpoint-N folder; -1 for any other name. */
static gint64 step_number(const char *name)
{
	guint64 number;

	if (!g_str_has_prefix(name, STEP_PREFIX))
		return -1;
	const char *digits = name + strlen(STEP_PREFIX);
	if (!g_ascii_string_to_unsigned(digits, 10, 0, G_MAXINT64, &number, NULL))
		return -1;
	return (gint64)number;
}

static gboolean is_step(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	return step_number(name) >= 0 && g_file_test(path, G_FILE_TEST_IS_DIR);
}

static gboolean holds_step(const char *path, const GPtrArray *names)
{
	for (guint i = 0; i < names->len; i++)
		if (is_step(path, g_ptr_array_index(names, i)))
			return TRUE;
	return FALSE;
}

/* Why a folder cannot be opened, from what lies in it. */
static gboolean refuse_folder(const char *path, const GPtrArray *names, GError **error)
{
	if (!holds_step(path, names))
		return folder_refuse(path, names, error);
	return fail_at(error, ERROR_INPUT,
		(Place){.file = path,
			.remedy = "load it with --run NAME=DIR, or name one of its checkpoints"},
		"this is a training run, with no model beside its steps");
}

static Checkpoint *open_single(const char *folder, const char *name, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new(folder, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	checkpoint->directory = g_strdup(folder);
	if (!checkpoint_read_file(checkpoint, path, error) || !checkpoint_seal(checkpoint, error))
		return NULL;
	return g_steal_pointer(&checkpoint);
}

Checkpoint *directory_open(const char *path, GError **error)
{
	g_autoptr(GPtrArray) names = folder_names(path, error);

	if (names == NULL)
		return NULL;
	FolderWeights chosen = folder_weights(path, names);
	g_autofree char *index = NULL;
	switch (chosen.kind) {
	case FOLDER_NONE:
		refuse_folder(path, names, error);
		return NULL;
	case FOLDER_FILE:
		return open_single(path, chosen.name, error);
	case FOLDER_INDEX:
		index = g_build_filename(path, chosen.name, NULL);
		return directory_open_index(index, error);
	case FOLDER_ADAPTER:
		return adapter_open(path, error);
	}
	g_assert_not_reached();
}

/* Lists a tensor that the index does not take from this shard as skipped; FALSE for one that it
 * does. */
static gboolean skip_unmapped(
	Checkpoint *checkpoint, const ShardIndex *index, const char *tensor, const char *shard)
{
	const char *mapped = g_hash_table_lookup(index->shard_of, tensor);

	if (mapped != NULL && strcmp(mapped, shard) == 0)
		return FALSE;
	g_autofree char *reason =
		mapped == NULL
			? g_strdup_printf("in %s, but not in the index", shard)
			: g_strdup_printf("in %s, but the index takes it from %s", shard, mapped);
	checkpoint_skip(checkpoint, tensor, reason);
	return TRUE;
}

/* Of the aliases from the place `first` on, keeps those that the index takes from this shard. */
static void drop_aliases(
	Checkpoint *checkpoint, const ShardIndex *index, const char *shard, guint first)
{
	for (guint i = checkpoint->tied->len; i > first; i--) {
		const char *name = g_ptr_array_index(checkpoint->tied, i - 1);
		if (!skip_unmapped(checkpoint, index, name, shard))
			continue;
		g_ptr_array_remove_index(checkpoint->tied, i - 1);
		g_hash_table_remove(checkpoint->aliases, name);
	}
}

/* Reads one shard and keeps of its tensors those that the index takes from it. */
static gboolean read_shard(
	Checkpoint *checkpoint, const ShardIndex *index, const char *shard, GError **error)
{
	g_autofree char *path = g_build_filename(index->folder, shard, NULL);
	guint kept = checkpoint->tensors->len, tied = checkpoint->tied->len;

	if (!checkpoint_read_file(checkpoint, path, error))
		return FALSE;
	for (guint i = kept; i < checkpoint->tensors->len; i++) {
		Tensor *tensor = &g_array_index(checkpoint->tensors, Tensor, i);
		if (skip_unmapped(checkpoint, index, tensor->name, shard))
			continue;
		Tensor *to = &g_array_index(checkpoint->tensors, Tensor, kept++);
		Tensor swap = *to;
		*to = *tensor;
		*tensor = swap;
	}
	g_array_set_size(checkpoint->tensors, kept);
	drop_aliases(checkpoint, index, shard, tied);
	return TRUE;
}

/* Whether each tensor of the index was in its shard; names the first that was not. */
static gboolean check_mapped(const Checkpoint *checkpoint, const ShardIndex *index, GError **error)
{
	const char *first = NULL;
	GHashTableIter iterator;
	gpointer name;

	g_hash_table_iter_init(&iterator, index->shard_of);
	while (g_hash_table_iter_next(&iterator, &name, NULL))
		if (checkpoint_find(checkpoint, name) < 0 &&
			(first == NULL || text_natural_compare(name, first) < 0))
			first = name;
	if (first == NULL)
		return TRUE;
	const char *shard = g_hash_table_lookup(index->shard_of, first);
	return fail_at(error, ERROR_INPUT, (Place){.file = index->path, .tensor = first},
		"the index says it is in %.100s, but it is not", shard);
}

Checkpoint *directory_open_index(const char *path, GError **error)
{
	g_autoptr(ShardIndex) index = shard_index_read(path, error);

	if (index == NULL || !shard_index_complete(index, error))
		return NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_new(path, NULL);
	checkpoint->directory = g_strdup(index->folder);
	for (guint i = 0; i < index->shards->len; i++)
		if (!read_shard(checkpoint, index, g_ptr_array_index(index->shards, i), error))
			return NULL;
	if (!checkpoint_seal(checkpoint, error) || !check_mapped(checkpoint, index, error))
		return NULL;
	return g_steal_pointer(&checkpoint);
}

/* An index that cannot be read lists nothing: the file is then opened for itself. */
static gboolean index_lists(const char *path, const char *shard)
{
	g_autoptr(ShardIndex) index = shard_index_read(path, NULL);
	return index != NULL && g_hash_table_contains(index->names, shard);
}

char *directory_index_of(const char *shard)
{
	g_autofree char *folder = g_path_get_dirname(shard);
	g_autofree char *name = g_path_get_basename(shard);
	g_autoptr(GPtrArray) names = folder_names(folder, NULL);

	for (guint i = 0; names != NULL && i < names->len; i++) {
		const char *index = g_ptr_array_index(names, i);
		if (!folder_is_index(index))
			continue;
		g_autofree char *path = g_build_filename(folder, index, NULL);
		if (index_lists(path, name))
			return g_steal_pointer(&path);
	}
	return NULL;
}

static void run_step_clear(gpointer step)
{
	g_free(((RunStep *)step)->path);
}

static int run_step_compare(gconstpointer a, gconstpointer b)
{
	gint64 left = ((const RunStep *)a)->step, right = ((const RunStep *)b)->step;
	return (left > right) - (left < right);
}

/* The step of the final checkpoint, as the trainer wrote it down.  The file is walked unchecked: a
 * trainer writes NaN among its losses, which is no JSON, and all that is wanted is one number. */
static gint64 global_step(const char *path)
{
	g_autofree char *state = g_build_filename(path, "trainer_state.json", NULL);
	Cursor cursor;
	g_autofree char *text = cursor_read_file(&cursor, state, STATE_MOST, NULL);
	guint64 step;

	for (gboolean more = text != NULL && cursor_take(&cursor, '{'); more;) {
		g_autofree char *key = cursor_member(&cursor);
		more = key != NULL;
		if (more && strcmp(key, "global_step") == 0)
			return cursor_uint(&cursor, &step) && step <= G_MAXINT64 ? (gint64)step
										 : -1;
		cursor_skip(&cursor);
	}
	return -1;
}

static gboolean check_steps(const char *path, const GArray *steps, GError **error)
{
	if (steps->len == 0)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = path, .remedy = "give the folder that holds the steps"},
			"there is no " STEP_PREFIX "N folder in it, so it is no training run");
	for (guint i = 1; i < steps->len; i++) {
		gint64 step = g_array_index(steps, RunStep, i).step;
		if (step == g_array_index(steps, RunStep, i - 1).step)
			return fail_at(error, ERROR_INPUT, (Place){.file = path},
				"two of its folders are step %" PRId64, step);
	}
	return TRUE;
}

GArray *directory_run(const char *path, char **final, gint64 *final_step, GError **error)
{
	g_autoptr(GPtrArray) names = folder_names(path, error);
	g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(RunStep));

	if (names == NULL)
		return NULL;
	g_array_set_clear_func(steps, run_step_clear);
	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		if (!is_step(path, name))
			continue;
		RunStep step = {step_number(name), g_build_filename(path, name, NULL)};
		g_array_append_val(steps, step);
	}
	g_array_sort(steps, run_step_compare);
	if (!check_steps(path, steps, error))
		return NULL;
	gboolean has_final = folder_weights(path, names).kind != FOLDER_NONE;
	*final = has_final ? g_strdup(path) : NULL;
	*final_step = has_final ? global_step(path) : -1;
	return g_steal_pointer(&steps);
}

gboolean directory_is_run(const char *path)
{
	g_autoptr(GPtrArray) names = folder_names(path, NULL);
	return names != NULL && holds_step(path, names);
}
