/* checkpoint.h - an open checkpoint: named tensors in natural order, any block of them as numbers.
 *
 * A checkpoint is a file, a sharded set or a directory.  Opening reads headers alone; weights are
 * read in positioned blocks, by any number of threads. */
#ifndef TAUSCOPE_CHECKPOINT_H
#define TAUSCOPE_CHECKPOINT_H

#include "checkpoint/tensor.h"
#include "core/file.h"

#define TENSORS_MOST 1000000

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
	gint references;    /* atomic */
	char *path;         /* as it was named */
	char *directory;    /* of a directory checkpoint: where config and tokenizer lie; or NULL */
	const char *format; /* the name of its row in the table of formats */
	GPtrArray *files;   /* of CheckpointFile */
	GPtrArray *shards;  /* of char *: the paths of the files that it was opened from */
	GArray *tensors;    /* of Tensor, in natural order of names */
	GHashTable *index;  /* name → position + 1 */
	GHashTable *metadata; /* string → string */
	GHashTable *about; /* string → string: what the reader tells of the file ("root", "class",
			      "byte order"); never exported */
	GHashTable *aliases; /* name → name of the tensor that it is tied to; in index too */
	GPtrArray *tied;     /* of char *: the keys of aliases, in order of the file; borrowed */
	Cache *cache;        /* of what its sources make */
	GPtrArray *skipped;  /* of Skipped: what is in the files but not read, and why */
} Checkpoint;

/* Opens what `path` names: detected by content, not by name (a file), or by what lies in it (a
 * directory, index.json, or a shard of a set).  NULL with *error set: ERROR_INPUT where a rule of
 * the format is broken, ERROR_IO where it cannot be read. */
Checkpoint *checkpoint_open(const char *path, GError **error);
Checkpoint *checkpoint_ref(Checkpoint *checkpoint);
/* Drops a reference. */
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
/* Another name for a tensor that was or will be added: weights that are tied are listed once, under
 * their first name.  ERROR_INPUT at the seal where the name is taken. */
void checkpoint_add_alias(Checkpoint *checkpoint, const char *name, const char *of);
/* Says something of the file ("root", "class"). */
void checkpoint_tell(Checkpoint *checkpoint, const char *key, const char *text);
gboolean checkpoint_seal(Checkpoint *checkpoint, GError **error);
/* Opens one file, finds its format by content, and adds its tensors and metadata. */
gboolean checkpoint_read_file(Checkpoint *checkpoint, const char *path, GError **error);

/* Whether some of its tensors are made by a source. */
gboolean checkpoint_has_sources(const Checkpoint *checkpoint);
guint checkpoint_count(const Checkpoint *checkpoint);
const Tensor *checkpoint_tensor(const Checkpoint *checkpoint, guint tensor);
/* The position of a name, or of what it is an alias of; or -1. */
gint checkpoint_find(const Checkpoint *checkpoint, const char *name);
/* Bytes of all tensors; elements of all float tensors. */
guint64 checkpoint_bytes(const Checkpoint *checkpoint);
/* Bytes of all tensors as the files have them; of an adapter's files, where a base's tensors are
 * changed by what is made of them. */
guint64 checkpoint_stored_bytes(const Checkpoint *checkpoint);
guint64 checkpoint_elements(const Checkpoint *checkpoint);

/* Elements [first, first+count) of a tensor as raw bytes, little-endian, which they must begin and
 * end on: from its span or its source.  Errors name the file, the tensor and the byte. */
gboolean checkpoint_read_raw(const Checkpoint *checkpoint, guint tensor, guint64 first,
	guint64 count, void *raw, GError **error);

/* Elements of a float tensor as double, any run of them. */
gboolean checkpoint_read_double(const Checkpoint *checkpoint, guint tensor, guint64 first,
	guint64 count, double *out, GError **error);

/* One row of the table of formats. */
typedef struct {
	const char *name;
	/* Whether the first bytes look like it; `length` is at most 4096. */
	gboolean (*detect)(const guint8 *head, gsize length, guint64 file_size);
	/* Adds the file's tensors and metadata; takes the file.  May set checkpoint->format to a
	 * more particular name. */
	gboolean (*read)(Checkpoint *checkpoint, File *file, GError **error);
} CheckpointFormat;

#endif
