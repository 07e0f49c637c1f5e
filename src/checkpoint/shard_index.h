/* shard_index.h - the index.json of a sharded set: which shard each tensor is taken from. */
#ifndef TAUSCOPE_SHARD_INDEX_H
#define TAUSCOPE_SHARD_INDEX_H

#include <glib.h>

typedef struct {
	char *path, *folder;
	GHashTable *shard_of; /* tensor → shard */
	GHashTable *names;    /* the distinct shards, which own their names */
	GPtrArray *shards;    /* the same in natural order, borrowed */
} ShardIndex;

/* Reads and checks an index; each shard it names is one path component, so it lies in the index's
 * own folder.  ERROR_INPUT where it is no index, or breaks a rule; ERROR_IO where it cannot be
 * read. */
ShardIndex *shard_index_read(const char *path, GError **error);
void shard_index_free(ShardIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ShardIndex, shard_index_free)

/* Whether all shards are there.  Where they are not, the first and the count say enough. */
gboolean shard_index_complete(const ShardIndex *index, GError **error);

#endif
