/* model_folder.c - a folder that is not there until it is committed, as Output is for a file. */
#include "export/model_folder.h"

#include "core/error.h"
#include "core/file.h"
#include "core/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* The name of a new folder, or NULL with errno set. */
static char *make_temporary(const char *path)
{
	for (guint attempt = 0; attempt < TEMPORARY_NAMES_MOST; attempt++) {
		g_autofree char *temporary = temporary_name(path, attempt);
		if (mkdir(temporary, 0777) == 0)
			return g_steal_pointer(&temporary);
		if (errno != EEXIST)
			return NULL;
	}
	return NULL;
}

NewFolder *new_folder_create(const char *path, GError **error)
{
	char *temporary = make_temporary(path);
	if (!temporary) {
		fail_system(error, path, "cannot make the folder", errno);
		return NULL;
	}
	NewFolder *folder = g_new0(NewFolder, 1);
	folder->path = g_strdup(path);
	folder->temporary = temporary;
	folder->slot = temporary_register(temporary);
	return folder;
}

/* Some file systems cannot refuse to replace; a plain rename replaces an empty folder at most. */
static int rename_to_new(const char *from, const char *to)
{
	int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
	return result && errno == EINVAL ? rename(from, to) : result;
}

gboolean new_folder_commit(NewFolder *folder, GError **error)
{
	if (rename_to_new(folder->temporary, folder->path))
		return fail_system(error, folder->path, "cannot rename the folder to it", errno);
	folder->committed = TRUE;
	temporary_forget(folder->slot);
	g_autofree char *parent = g_path_get_dirname(folder->path);
	return file_sync_folder(parent, error);
}

void new_folder_free(NewFolder *folder)
{
	if (!folder)
		return;
	if (!folder->committed) {
		file_remove_folder(folder->temporary);
		temporary_forget(folder->slot);
	}
	g_free(folder->path);
	g_free(folder->temporary);
	g_free(folder);
}
