/* model_folder.c - a folder that is not there until it is committed, as Output is for a file. */
#include "export/model_folder.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

NewFolder *new_folder_create(const char *path, GError **error)
{
	g_autofree char *temporary = g_strdup_printf("%s.tmp.%d", path, (int)getpid());
	if (mkdir(temporary, 0777)) {
		fail_system(error, temporary, "cannot make the folder", errno);
		return NULL;
	}
	NewFolder *folder = g_new0(NewFolder, 1);
	folder->path = g_strdup(path);
	folder->temporary = g_steal_pointer(&temporary);
	return folder;
}

static gboolean sync_folder(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	gboolean synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	int reason = errno;
	if (fd >= 0)
		close(fd);
	return synced || fail_system(error, path, "cannot bring it to the disk", reason);
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
	g_autofree char *parent = g_path_get_dirname(folder->path);
	return sync_folder(parent, error);
}

/* What is written into it is flat. */
static void remove_folder(const char *path)
{
	g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
	const char *name;
	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *file = g_build_filename(path, name, NULL);
		unlink(file);
	}
	rmdir(path);
}

void new_folder_free(NewFolder *folder)
{
	if (!folder)
		return;
	if (!folder->committed)
		remove_folder(folder->temporary);
	g_free(folder->path);
	g_free(folder->temporary);
	g_free(folder);
}
