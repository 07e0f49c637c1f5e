/* model_folder.h - a folder that is not there until it is committed, as Output is for a file. */
#ifndef TAUSCOPE_MODEL_FOLDER_H
#define TAUSCOPE_MODEL_FOLDER_H

#include <glib.h>

typedef struct {
	char *path, *temporary;
	int slot; /* in the register of temporaries, or -1 */
	gboolean committed;
} NewFolder;

/* Makes the folder as PATH.tmp.PID beside its place. */
NewFolder *new_folder_create(const char *path, GError **error);
/* Renames it into place, where nothing may be, and syncs the parent. */
gboolean new_folder_commit(NewFolder *folder, GError **error);
/* Frees; removes the folder and its files unless committed. */
void new_folder_free(NewFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NewFolder, new_folder_free)

#endif
