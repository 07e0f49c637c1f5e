/* shard_index.c - reads the index of a sharded set, a file from elsewhere that names other files.
 *
 * Its total_size is informative and often wrong: nothing is made of it. */
#include "checkpoint/shard_index.h"

#include "checkpoint/checkpoint.h"
#include "checkpoint/cursor.h"
#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define INDEX_MOST (64u << 20)

void shard_index_free(ShardIndex *index)
{
	if (index == NULL)
		return;
	g_ptr_array_unref(index->shards);
	g_hash_table_unref(index->shard_of);
	g_hash_table_unref(index->names);
	g_free(index->folder);
	g_free(index->path);
	g_free(index);
}

/* One path component that stays in the folder. */
static gboolean is_plain_name(const char *name)
{
	return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

/* The index's own copy of a shard's name; takes `shard`. */
static char *intern_shard(ShardIndex *index, char *shard)
{
	char *known = g_hash_table_lookup(index->names, shard);

	if (known != NULL) {
		g_free(shard);
		return known;
	}
	g_hash_table_add(index->names, shard);
	g_ptr_array_add(index->shards, shard);
	return shard;
}

/* Takes the tensor's name. */
static gboolean add_tensor(ShardIndex *index, char *name, Cursor *cursor, GError **error)
{
	g_autofree char *tensor = name;
	g_autofree char *shard = cursor_string(cursor);
	Place place = {.file = index->path, .tensor = tensor};

	if (strlen(tensor) > TENSOR_NAME_MOST || g_hash_table_size(index->shard_of) == TENSORS_MOST)
		return fail_at(error, ERROR_INPUT, (Place){.file = index->path},
			"it lists more than %d tensors, or a name of more than %d bytes",
			TENSORS_MOST, TENSOR_NAME_MOST);
	if (shard == NULL)
		return fail_at(error, ERROR_INPUT, place, "its shard is not a string");
	if (!is_plain_name(shard))
		return fail_at(error, ERROR_INPUT, place,
			"its shard is called %.100s, but must lie in the index's own folder",
			shard);
	g_hash_table_insert(index->shard_of, g_steal_pointer(&tensor),
		intern_shard(index, g_steal_pointer(&shard)));
	return TRUE;
}

static gboolean read_map(ShardIndex *index, Cursor *cursor, GError **error)
{
	if (!cursor_take(cursor, '{'))
		return fail_at(error, ERROR_INPUT, (Place){.file = index->path},
			"byte %zu: weight_map is not an object", cursor->at);
	for (;;) {
		char *tensor = cursor_member(cursor);
		if (tensor == NULL)
			return TRUE;
		if (!add_tensor(index, tensor, cursor, error))
			return FALSE;
	}
}

static gboolean read_members(ShardIndex *index, Cursor *cursor, GError **error)
{
	for (gboolean more = cursor_take(cursor, '{'); more;) {
		g_autofree char *key = cursor_member(cursor);
		more = key != NULL;
		if (more && strcmp(key, "weight_map") == 0) {
			if (!read_map(index, cursor, error))
				return FALSE;
		} else if (more)
			cursor_skip(cursor);
	}
	if (index->shards->len > 0)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = index->path, .remedy = "name the weights, or their folder"},
		"this is no index of shards: it has no weight_map that names any");
}

ShardIndex *shard_index_read(const char *path, GError **error)
{
	g_autoptr(ShardIndex) index = g_new0(ShardIndex, 1);
	g_autoptr(GError) cause = NULL;
	Cursor cursor;

	index->path = g_strdup(path);
	index->folder = g_path_get_dirname(path);
	index->names = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
	index->shard_of = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, NULL);
	index->shards = g_ptr_array_new();
	g_autofree char *text = cursor_read_file(&cursor, path, INDEX_MOST, error);
	if (text == NULL)
		return NULL;
	if (!json_check(text, cursor.length, &cause)) {
		fail_at(error, ERROR_INPUT, (Place){.file = path}, "%s", cause->message);
		return NULL;
	}
	if (!read_members(index, &cursor, error))
		return NULL;
	text_natural_sort(index->shards);
	return g_steal_pointer(&index);
}

gboolean shard_index_complete(const ShardIndex *index, GError **error)
{
	const char *first = NULL;
	guint missing = 0;

	for (guint i = 0; i < index->shards->len; i++) {
		const char *shard = g_ptr_array_index(index->shards, i);
		g_autofree char *path = g_build_filename(index->folder, shard, NULL);
		if (!g_file_test(path, G_FILE_TEST_EXISTS) && missing++ == 0)
			first = shard;
	}
	if (missing == 0)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.file = index->path, .remedy = "download what is missing"},
		"%u of %u shards are missing, the first is %.100s", missing, index->shards->len,
		first);
}
