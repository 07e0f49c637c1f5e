/* torch_table.h - the storages of PyTorch's formats before ZIP, which follow one another in the
 * file. */
#ifndef TAUSCOPE_TORCH_TABLE_H
#define TAUSCOPE_TORCH_TABLE_H

#include "checkpoint/pickle_run.h"
#include "checkpoint/torch.h"

typedef struct {
	char *key;
	guint64 elements, bytes_wanted;
	Bytes *bytes; /* NULL until they were found in the file */
} TorchRow;

/* What torch_collect asks comes first, so that a table is one. */
typedef struct {
	TorchStorages storages;
	File *source;     /* borrowed */
	GHashTable *rows; /* key → TorchRow */
} TorchTable;

void torch_table_init(TorchTable *table, File *source, guint file);
void torch_table_clear(TorchTable *table);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TorchTable, torch_table_clear)

/* Many tensors may lie in one storage, and each of them adds it: ERROR_INPUT where they differ. */
gboolean torch_table_add(
	TorchTable *table, const char *key, guint64 elements, guint64 bytes, GError **error);
/* NULL where there is none. */
TorchRow *torch_table_find(const TorchTable *table, const char *key);
/* The bytes of a row begin at `at` of the file and lie before `end`; ERROR_INPUT where they do not,
 * or the file has another number of elements than the row, or the row has bytes already. */
gboolean torch_table_place(const TorchTable *table, TorchRow *row, gint64 elements, guint64 at,
	guint64 end, GError **error);
/* The pickle of facts about the machine that wrote the file: only its byte order matters, which is
 * little-endian where nothing is said.  Big-endian is refused: torch wrote elements of this format
 * little-endian on such machines too, but not in every version. */
gboolean torch_read_byte_order(Checkpoint *checkpoint, PickleRun *run, GError **error);

#endif
