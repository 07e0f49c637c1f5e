/* folder.h - what a folder's weights are opened by, from the names of what lies in it. */
#ifndef TAUSCOPE_FOLDER_H
#define TAUSCOPE_FOLDER_H

#include <glib.h>

typedef enum {
	FOLDER_NONE,    /* no weights, or no way to choose */
	FOLDER_FILE,    /* one file */
	FOLDER_INDEX,   /* the index of a sharded set */
	FOLDER_ADAPTER, /* a PEFT adapter */
} FolderKind;

typedef struct {
	FolderKind kind;
	const char *name; /* of the file or index, borrowed from the names */
} FolderWeights;

/* The names in a folder, in natural order; NULL with ERROR_IO. */
GPtrArray *folder_names(const char *path, GError **error);

/* In this order: model.safetensors; its index, or the only index of safetensors; the only
 * safetensors file; pytorch_model.bin; its index, or the only one of .bin files; an adapter; the
 * only file that is named as weights are.  What trainers save beside weights does not count. */
FolderWeights folder_weights(const char *path, const GPtrArray *names);
/* Whether a configuration or weights of an adapter are among the names. */
gboolean folder_has_adapter(const GPtrArray *names);
/* Whether a file's name is that of an index of shards. */
gboolean folder_is_index(const char *name);

/* Why there is no way to choose, from what lies there instead.  Always FALSE. */
gboolean folder_refuse(const char *path, const GPtrArray *names, GError **error);

#endif
