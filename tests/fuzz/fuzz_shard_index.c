/* fuzz_shard_index.c - any text as the index of a sharded set: refused with a sentence, or shards
 * that all lie in the index's own folder. */
#include "checkpoint/shard_index.h"
#include "fuzz.h"

#include <string.h>

static void check_shard(const char *shard)
{
	fuzz_check(*shard != '\0' && strchr(shard, '/') == NULL && strcmp(shard, ".") != 0 &&
		   strcmp(shard, "..") != 0);
}

static void check_index(const ShardIndex *index)
{
	GHashTableIter iterator;
	gpointer tensor, shard;

	fuzz_check(index->shards->len > 0);
	fuzz_check(index->shards->len == g_hash_table_size(index->names));
	for (guint i = 0; i < index->shards->len; i++)
		check_shard(g_ptr_array_index(index->shards, i));
	g_hash_table_iter_init(&iterator, index->shard_of);
	while (g_hash_table_iter_next(&iterator, &tensor, &shard))
		fuzz_check(g_hash_table_contains(index->names, shard));
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	g_autoptr(File) file = fuzz_file(bytes, size);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", file->fd);
	g_autoptr(GError) error = NULL;
	g_autoptr(ShardIndex) index = shard_index_read(path, &error);

	fuzz_check((index == NULL) == (error != NULL));
	if (index != NULL)
		check_index(index);
	return 0;
}
