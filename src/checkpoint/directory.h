/* directory.h - checkpoints that are more than one file: sharded sets, Hugging Face directories,
 * and runs of checkpoint-N directories. */
#ifndef TAUSCOPE_DIRECTORY_H
#define TAUSCOPE_DIRECTORY_H

#include "checkpoint/checkpoint.h"

/* A directory: the weights that folder_weights chooses in it. */
Checkpoint *directory_open(const char *path, GError **error);
/* A sharded set through its index.json.  No shard may lie outside the index's own directory. */
Checkpoint *directory_open_index(const char *path, GError **error);
/* The index.json that lists this file as a shard, or NULL; free with g_free. */
char *directory_index_of(const char *shard);

/* One step of a run. */
typedef struct {
	gint64 step;
	char *path;
} RunStep;

/* The steps of a run: its checkpoint-N directories by N as numbers (array of RunStep, owned), at
 * least one; ERROR_INPUT where there is none.
 * *final is the checkpoint that lies beside the steps (the directory itself), or NULL; free it.
 * *final_step is trainer_state.json's global_step there, or -1. */
GArray *directory_run(const char *path, char **final, gint64 *final_step, GError **error);
/* Whether the directory holds at least one checkpoint-N. */
gboolean directory_is_run(const char *path);

#endif
