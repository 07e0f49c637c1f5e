/* file.c - inputs: opened read-only, read at checked positions, and remembered by fingerprint. */
#include "core/file.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#define READ_MOST (1u << 30) /* of one system call; Linux stops below 2 GiB */

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

static gint64 nanoseconds(struct timespec time)
{
	return (gint64)time.tv_sec * 1000000000 + time.tv_nsec;
}

static gboolean take_stat(File *file, GError **error)
{
	struct stat status;
	if (fstat(file->fd, &status))
		return fail_system(error, file->path, "cannot look at it", errno);
	if (!S_ISREG(status.st_mode)) {
		Place place = {.file = file->path, .remedy = "name a regular file"};
		return fail_at(
			error, ERROR_IO, place, "is %s, not a file", kind_of(status.st_mode));
	}
	file->size = (guint64)status.st_size;
	file->mtime_ns = nanoseconds(status.st_mtim);
	file->ctime_ns = nanoseconds(status.st_ctim);
	file->inode = status.st_ino;
	file->device = status.st_dev;
	return TRUE;
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer; it means nothing to a regular file.
 * Several files are read in turns, each from front to back: of a file that is said to be read so,
 * Linux reads twice as far ahead. */
File *file_open(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		fail_system(error, path, "cannot open", errno);
		return NULL;
	}
	g_autoptr(File) file = g_new0(File, 1);
	file->path = g_strdup(path);
	file->fd = fd;
	file->references = 1;
	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return take_stat(file, error) ? g_steal_pointer(&file) : NULL;
}

File *file_ref(File *file)
{
	g_atomic_int_inc(&file->references);
	return file;
}

void file_close(File *file)
{
	if (!file || !g_atomic_int_dec_and_test(&file->references))
		return;
	close(file->fd);
	g_free(file->path);
	g_free(file);
}

gboolean span_within(guint64 offset, guint64 length, guint64 total)
{
	return offset <= total && length <= total - offset;
}

static gboolean fail_short(
	const File *file, guint64 offset, guint64 length, guint64 end, GError **error)
{
	Place place = {.file = file->path,
		.remedy = "it is cut short or is being written: copy or download it again"};
	return fail_at(error, ERROR_INPUT, place,
		"%" PRIu64 " bytes are needed from byte %" PRIu64
		" on, but the file ends at byte %" PRIu64,
		length, offset, end);
}

gboolean file_read(const File *file, guint64 offset, guint64 length, void *out, GError **error)
{
	if (!span_within(offset, length, file->size))
		return fail_short(file, offset, length, file->size, error);
	for (guint64 done = 0; done < length;) {
		size_t want = (size_t)MIN(length - done, READ_MOST);
		ssize_t got = pread(file->fd, (char *)out + done, want, (off_t)(offset + done));
		if (got > 0)
			done += (guint64)got;
		else if (got == 0)
			return fail_short(file, offset, length, offset + done, error);
		else if (errno != EINTR)
			return fail_system(error, file->path, "cannot read", errno);
	}
	return TRUE;
}

char *file_read_text(const char *path, gsize most, gsize *length, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	if (!file)
		return NULL;
	if (file->size > most) {
		fail_at(error, ERROR_INPUT, (Place){.file = path},
			"has %" PRIu64 " bytes, where at most %zu are expected", file->size, most);
		return NULL;
	}
	g_autofree char *text = g_try_malloc0(file->size + 1);
	if (!text) {
		fail_at(error, ERROR_IO, (Place){.file = path},
			"there is not enough memory to read its %" PRIu64 " bytes", file->size);
		return NULL;
	}
	if (!file_read(file, 0, file->size, text, error))
		return NULL;
	if (length)
		*length = file->size;
	return g_steal_pointer(&text);
}

#define HEAD_BYTES 65536
#define BLOCK_BYTES 4096
#define BLOCKS 64

G_DEFINE_AUTOPTR_CLEANUP_FUNC(XXH3_state_t, XXH3_freeState)

static gboolean hash_span(
	const File *file, guint64 offset, guint64 length, XXH3_state_t *state, GError **error)
{
	guint8 bytes[BLOCK_BYTES];
	while (length) {
		guint64 part = MIN(length, sizeof bytes);
		if (!file_read(file, offset, part, bytes, error))
			return FALSE;
		XXH3_128bits_update(state, bytes, (size_t)part);
		offset += part;
		length -= part;
	}
	return TRUE;
}

/* Blocks spread evenly over the file, the last one at its end; the head alone covers a small file.
 */
static gboolean hash_blocks(const File *file, XXH3_state_t *state, GError **error)
{
	if (file->size <= HEAD_BYTES)
		return TRUE;
	guint64 room = file->size - BLOCK_BYTES, stride = room / (BLOCKS - 1);
	for (guint i = 0; i < BLOCKS; i++) {
		guint64 offset = i < BLOCKS - 1 ? i * stride : room;
		if (!hash_span(file, offset, BLOCK_BYTES, state, error))
			return FALSE;
	}
	return TRUE;
}

static void finish_sample(const XXH3_state_t *state, char sample[33])
{
	XXH128_canonical_t canonical;
	XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
	for (guint i = 0; i < 16; i++)
		g_snprintf(sample + 2 * i, 3, "%02x", canonical.digest[i]);
}

gboolean file_fingerprint(const File *file, Fingerprint *fingerprint, GError **error)
{
	g_autoptr(XXH3_state_t) state = XXH3_createState();
	XXH3_128bits_reset(state);
	guint64 size = GUINT64_TO_LE(file->size);
	XXH3_128bits_update(state, &size, sizeof size);
	if (!hash_span(file, 0, MIN(file->size, HEAD_BYTES), state, error) ||
		!hash_blocks(file, state, error))
		return FALSE;
	*fingerprint = (Fingerprint){.size = file->size,
		.inode = file->inode,
		.mtime_ns = file->mtime_ns,
		.ctime_ns = file->ctime_ns};
	finish_sample(state, fingerprint->sample);
	return TRUE;
}

gboolean fingerprint_same_stat(const Fingerprint *a, const Fingerprint *b)
{
	return a->size == b->size && a->inode == b->inode && a->mtime_ns == b->mtime_ns &&
	       a->ctime_ns == b->ctime_ns;
}

gboolean fingerprint_same_content(const Fingerprint *a, const Fingerprint *b)
{
	return a->size == b->size && g_str_equal(a->sample, b->sample);
}
