/* checkpoint.h - an open checkpoint: named tensors in natural order, any block of them as numbers.
 *
 * A checkpoint is a file, a sharded set or a directory.  Opening reads headers alone; weights are
 * read in positioned blocks, by any number of threads. */
#ifndef TAUSCOPE_CHECKPOINT_H
#define TAUSCOPE_CHECKPOINT_H

#include "core/dtype.h"
#include "core/file.h"

#include <glib.h>

#define TENSOR_RANK_MOST 32
#define TENSOR_NAME_MOST 4096
#define TENSORS_MOST 1000000

/* One named array, and the span where its raw bytes lie: C order, little-endian. */
typedef struct {
	char *name;
	Dtype dtype;
	guint rank;
	guint64 *shape;   /* [rank]; NULL for a scalar */
	guint64 elements; /* product of the shape; 1 for a scalar */
	guint file;       /* index into the checkpoint's files */
	guint64 offset, bytes;
	/* Where it lay when the checkpoint was opened: index into the shards, and offset there.  The
	 * same as file and offset but where the weights were copied. */
	guint shard;
	guint64 shard_offset;
} Tensor;

/* A source file of a checkpoint.  `file` is NULL where it could not be opened when the checkpoint
 * came out of a store; reading from it then fails with a sentence. */
typedef struct {
	char *path;
	File *file;
} CheckpointFile;

typedef struct {
	char *name, *reason;
} Skipped;

typedef struct {
	char *path;         /* as it was named */
	char *directory;    /* of a directory checkpoint: where config and tokenizer lie; or NULL */
	const char *format; /* the name of its row in the table of formats */
	GPtrArray *files;   /* of CheckpointFile */
	GPtrArray *shards;  /* of char *: the paths of the files that it was opened from */
	GArray *tensors;    /* of Tensor, in natural order of names */
	GHashTable *index;  /* name → position + 1 */
	GHashTable *metadata; /* string → string */
	GPtrArray *skipped;   /* of Skipped: what is in the files but not read, and why */
} Checkpoint;

/* Opens what `path` names: detected by content, not by name (a file), or by what lies in it (a
 * directory, index.json, or a shard of a set).  NULL with *error set: ERROR_INPUT where a rule of
 * the format is broken, ERROR_IO where it cannot be read. */
Checkpoint *checkpoint_open(const char *path, GError **error);
void checkpoint_free(Checkpoint *checkpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Checkpoint, checkpoint_free)

/* An empty checkpoint for readers and the store to fill: add files and tensors, then seal, which
 * sorts and indexes (FALSE on a duplicate name).  Where no shards were added, its files are. */
Checkpoint *checkpoint_new(const char *path, const char *format);
/* Takes `file` (may be NULL); returns its index. */
guint checkpoint_add_file(Checkpoint *checkpoint, const char *path, File *file);
void checkpoint_add_shard(Checkpoint *checkpoint, const char *path);
/* Takes the tensor's name and shape. */
void checkpoint_add_tensor(Checkpoint *checkpoint, Tensor tensor);
void checkpoint_skip(Checkpoint *checkpoint, const char *name, const char *reason);
gboolean checkpoint_seal(Checkpoint *checkpoint, GError **error);
/* Opens one file, finds its format by content, and adds its tensors and metadata. */
gboolean checkpoint_read_file(Checkpoint *checkpoint, const char *path, GError **error);

guint checkpoint_count(const Checkpoint *checkpoint);
const Tensor *checkpoint_tensor(const Checkpoint *checkpoint, guint tensor);
/* The position of a name, or -1. */
gint checkpoint_find(const Checkpoint *checkpoint, const char *name);
/* Bytes of all tensors; elements of all float tensors. */
guint64 checkpoint_bytes(const Checkpoint *checkpoint);
guint64 checkpoint_elements(const Checkpoint *checkpoint);

/* Elements [first, first+count) of a tensor, as raw bytes, which they must begin and end on.
 * Errors name the file, the tensor and the byte. */
gboolean checkpoint_read_raw(const Checkpoint *checkpoint, guint tensor, guint64 first,
	guint64 count, void *raw, GError **error);

/* Frees a tensor's name and shape, not the tensor. */
void tensor_clear(Tensor *tensor);
gboolean tensor_same_shape(const Tensor *a, const Tensor *b);
/* "48 x 96", "scalar"; free with g_free. */
char *tensor_shape_text(const Tensor *tensor);

/* One row of the table of formats. */
typedef struct {
	const char *name;
	/* Whether the first bytes look like it; `length` is at most 4096. */
	gboolean (*detect)(const guint8 *head, gsize length, guint64 file_size);
	/* Adds the file's tensors and metadata; takes the file. */
	gboolean (*read)(Checkpoint *checkpoint, File *file, GError **error);
} CheckpointFormat;

#endif
