/* output.c - outputs that are not there until they are whole: written under a temporary name,
 * synced, renamed, and the folder synced. */
#include "core/file.h"

#include "core/error.h"
#include "core/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the disk is given at once. */
#define PUSH_BYTES (4u << 20)

struct Output {
	char *path, *temporary;
	int fd;
	guint64 pushed; /* all before it was given to the disk */
	int slot;       /* in the register of temporaries, or -1 */
	gboolean replace, committed;
};

static gboolean fail_exists(const char *path, GError **error)
{
	Place place = {.file = path, .remedy = "say --overwrite to replace it"};
	return fail_at(error, ERROR_IO, place, "exists");
}

/* A link is judged by what it leads to, so that nothing is renamed over a device. */
static gboolean check_target(const char *path, gboolean replace, GError **error)
{
	struct stat status;
	gboolean exists = lstat(path, &status) == 0;
	if (exists && !stat(path, &status) && !S_ISREG(status.st_mode)) {
		Place place = {.file = path, .remedy = "name a file to write"};
		return fail_at(error, ERROR_IO, place, "is %s",
			S_ISDIR(status.st_mode) ? "a directory" : "a device, not a file");
	}
	return !exists || replace || fail_exists(path, error);
}

/* Registers the name before the file exists, so that no signal falls between the two. */
static gboolean open_temporary(Output *output, char *temporary)
{
	int slot = temporary_register(temporary);
	int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0) {
		int reason = errno;
		temporary_forget(slot);
		g_free(temporary);
		errno = reason;
		return FALSE;
	}
	output->temporary = temporary;
	output->slot = slot;
	output->fd = fd;
	return TRUE;
}

static gboolean open_any_temporary(Output *output)
{
	for (guint attempt = 0; attempt < TEMPORARY_NAMES_MOST; attempt++) {
		if (open_temporary(output, temporary_name(output->path, attempt)))
			return TRUE;
		if (errno != EEXIST)
			return FALSE;
	}
	return FALSE;
}

Output *output_create(const char *path, gboolean replace, GError **error)
{
	if (!check_target(path, replace, error))
		return NULL;
	g_autoptr(Output) output = g_new0(Output, 1);
	output->path = g_strdup(path);
	output->replace = replace;
	output->fd = output->slot = -1;
	if (!open_any_temporary(output)) {
		fail_system(error, path, "cannot create", errno);
		return NULL;
	}
	return g_steal_pointer(&output);
}

gboolean output_write(
	Output *output, guint64 offset, const void *bytes, gsize length, GError **error)
{
	if (!span_within(offset, length, G_MAXINT64))
		return fail_system(error, output->path, "cannot write", EFBIG);
	for (gsize done = 0; done < length;) {
		size_t want = MIN(length - done, (gsize)1 << 30);
		ssize_t put = pwrite(
			output->fd, (const char *)bytes + done, want, (off_t)(offset + done));
		if (put > 0)
			done += (gsize)put;
		else if (put == 0)
			return fail_system(error, output->path, "cannot write", ENOSPC);
		else if (errno != EINTR)
			return fail_system(error, output->path, "cannot write", errno);
	}
	return TRUE;
}

int output_reserve(const Output *output, guint64 bytes)
{
	int result = 0;
	if (bytes == 0 || bytes > G_MAXINT64)
		return bytes ? EFBIG : 0;
	do
		result = fallocate(output->fd, 0, 0, (off_t)bytes);
	while (result && errno == EINTR);
	return !result || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
}

void output_send(const Output *output, guint64 offset, guint64 length)
{
	sync_file_range(output->fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
}

void output_push(Output *output, guint64 end)
{
	guint64 whole = end - end % PUSH_BYTES;
	if (whole <= output->pushed)
		return;
	output_send(output, output->pushed, whole - output->pushed);
	output->pushed = whole;
}

int output_fd(const Output *output)
{
	return output->fd;
}

void output_set_path(Output *output, const char *path)
{
	g_free(output->path);
	output->path = g_strdup(path);
}

const char *output_temporary(const Output *output)
{
	return output->temporary;
}

/* EINVAL: some file systems cannot sync this; then there is nothing to wait for. */
static gboolean sync_fd(int fd, const char *path, GError **error)
{
	if (!fsync(fd) || errno == EINVAL)
		return TRUE;
	return fail_system(error, path, "cannot bring it to the disk", errno);
}

gboolean file_sync_folder(const char *folder, GError **error)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES || fail_system(error, folder, "cannot open", errno);
	gboolean ok = sync_fd(fd, folder, error);
	close(fd);
	return ok;
}

/* link(2) never replaces.  Where a file system has no hard links, a rename that refuses to replace
 * does the same. */
static int rename_to_new(const char *from, const char *to)
{
	if (link(from, to) == 0) {
		unlink(from);
		return 0;
	}
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK)
		return -1;
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

static gboolean take_final_name(Output *output, GError **error)
{
	int result = output->replace ? rename(output->temporary, output->path)
				     : rename_to_new(output->temporary, output->path);
	if (result == 0)
		return TRUE;
	return errno == EEXIST ? fail_exists(output->path, error)
			       : fail_system(error, output->path, "cannot rename to it", errno);
}

static gboolean close_fd(Output *output, GError **error)
{
	int fd = output->fd;
	output->fd = -1;
	return !close(fd) || errno == EINTR ||
	       fail_system(error, output->path, "cannot finish writing", errno);
}

gboolean output_sync(Output *output, GError **error)
{
	return output->fd < 0 ||
	       (sync_fd(output->fd, output->path, error) && close_fd(output, error));
}

gboolean output_rename(Output *output, GError **error)
{
	output->committed = output_sync(output, error) && take_final_name(output, error);
	return output->committed;
}

gboolean output_commit(Output *output, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(output->path);
	return output_rename(output, error) && file_sync_folder(folder, error);
}

void output_free(Output *output)
{
	if (!output)
		return;
	if (output->fd >= 0)
		close(output->fd);
	if (output->temporary && !output->committed)
		unlink(output->temporary);
	temporary_forget(output->slot);
	g_free(output->temporary);
	g_free(output->path);
	g_free(output);
}

gboolean file_write_all(
	const char *path, const void *bytes, gsize length, gboolean replace, GError **error)
{
	g_autoptr(Output) output = output_create(path, replace, error);
	return output && output_write(output, 0, bytes, length, error) &&
	       output_commit(output, error);
}
