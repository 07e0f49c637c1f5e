/* bytes.c - one way to read what lies in a file, in a deflated stream, in memory, or in a part of
 * any of these. */
#include "checkpoint/bytes.h"

#include "checkpoint/inflate.h"
#include "core/error.h"

#include <pthread.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define UNPACK_BYTES (256u << 10)

typedef enum { BYTES_SPAN, BYTES_DEFLATED, BYTES_MEMORY, BYTES_PART } BytesKind;

struct Bytes {
	gint references;
	BytesKind kind;
	guint64 offset, length; /* in the file, or in the whole */
	File *file;
	Inflate *inflate;
	guint8 *memory;
	Bytes *whole;
	/* Of what is deflated. */
	gboolean any_order;
	pthread_mutex_t lock; /* guards the next */
	int unpacked;         /* a descriptor; -1 where it is not unpacked */
};

static Bytes *bytes_new(BytesKind kind, guint64 offset, guint64 length)
{
	Bytes *bytes = g_new0(Bytes, 1);
	bytes->references = 1;
	bytes->kind = kind;
	bytes->offset = offset;
	bytes->length = length;
	bytes->unpacked = -1;
	return bytes;
}

Bytes *bytes_span(File *file, guint64 offset, guint64 length)
{
	Bytes *bytes = bytes_new(BYTES_SPAN, offset, length);
	bytes->file = file_ref(file);
	return bytes;
}

Bytes *bytes_deflated(File *file, guint64 offset, guint64 stored, guint64 length)
{
	Bytes *bytes = bytes_new(BYTES_DEFLATED, 0, length);
	bytes->inflate = inflate_new(file, offset, stored, length);
	pthread_mutex_init(&bytes->lock, NULL);
	return bytes;
}

Bytes *bytes_memory(void *memory, gsize length)
{
	Bytes *bytes = bytes_new(BYTES_MEMORY, 0, length);
	bytes->memory = memory;
	return bytes;
}

Bytes *bytes_part(Bytes *whole, guint64 offset, guint64 length)
{
	if (whole->kind == BYTES_SPAN)
		return bytes_span(whole->file, whole->offset + offset, length);
	Bytes *bytes = bytes_new(BYTES_PART, offset, length);
	bytes->whole = bytes_ref(whole);
	return bytes;
}

void bytes_in_any_order(Bytes *bytes)
{
	while (bytes->kind == BYTES_PART)
		bytes = bytes->whole;
	bytes->any_order = TRUE;
}

Bytes *bytes_ref(Bytes *bytes)
{
	g_atomic_int_inc(&bytes->references);
	return bytes;
}

void bytes_unref(Bytes *bytes)
{
	if (bytes == NULL || !g_atomic_int_dec_and_test(&bytes->references))
		return;
	file_close(bytes->file);
	g_clear_pointer(&bytes->inflate, inflate_free);
	g_free(bytes->memory);
	bytes_unref(bytes->whole);
	if (bytes->unpacked >= 0)
		close(bytes->unpacked);
	if (bytes->kind == BYTES_DEFLATED)
		pthread_mutex_destroy(&bytes->lock);
	g_free(bytes);
}

guint64 bytes_length(const Bytes *bytes)
{
	return bytes->length;
}

gboolean bytes_is_span(const Bytes *bytes, File **file, guint64 *offset)
{
	if (bytes->kind != BYTES_SPAN)
		return FALSE;
	*file = bytes->file;
	*offset = bytes->offset;
	return TRUE;
}

static gboolean write_whole(int fd, const guint8 *block, gsize length, GError **error)
{
	for (gsize done = 0; done < length;) {
		gssize n = write(fd, block + done, length - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_system(error, g_get_tmp_dir(),
				"cannot unpack a compressed tensor there", errno);
		done += (gsize)n;
	}
	return TRUE;
}

static gboolean unpack_to(Bytes *bytes, int fd, GError **error)
{
	g_autofree guint8 *block = g_malloc(UNPACK_BYTES);
	for (guint64 done = 0; done < bytes->length; done += UNPACK_BYTES) {
		gsize n = (gsize)MIN(UNPACK_BYTES, bytes->length - done);
		if (!inflate_read_at(bytes->inflate, done, n, block, error) ||
			!write_whole(fd, block, n, error))
			return FALSE;
	}
	return TRUE;
}

/* Some file systems know no files without a name: there it loses it at once. */
static int open_unnamed(void)
{
	const char *folder = g_get_tmp_dir();
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	g_autofree char *path = g_build_filename(folder, "tauscope-XXXXXX", NULL);
	fd = g_mkstemp_full(path, O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0)
		unlink(path);
	return fd;
}

static int unpack(Bytes *bytes, GError **error)
{
	int fd = open_unnamed();
	if (fd < 0) {
		fail_system(
			error, g_get_tmp_dir(), "cannot unpack a compressed tensor there", errno);
		return -1;
	}
	if (unpack_to(bytes, fd, error))
		return fd;
	close(fd);
	return -1;
}

static gboolean read_unpacked(Bytes *bytes, guint64 at, guint64 length, guint8 *out, GError **error)
{
	pthread_mutex_lock(&bytes->lock);
	if (bytes->unpacked < 0)
		bytes->unpacked = unpack(bytes, error);
	int fd = bytes->unpacked;
	pthread_mutex_unlock(&bytes->lock);
	for (guint64 done = 0; fd >= 0 && done < length;) {
		gssize n = pread(fd, out + done, length - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_system(error, g_get_tmp_dir(),
				"cannot read what was unpacked there", n < 0 ? errno : EIO);
		done += (guint64)n;
	}
	return fd >= 0;
}

gboolean bytes_read(Bytes *bytes, guint64 at, guint64 length, void *out, GError **error)
{
	if (!span_within(at, length, bytes->length))
		return fail(error, ERROR_INPUT,
			"%" PRIu64 " bytes from %" PRIu64 " on reach beyond the %" PRIu64
			" that there are",
			length, at, bytes->length);
	switch (bytes->kind) {
	case BYTES_SPAN:
		return file_read(bytes->file, bytes->offset + at, length, out, error);
	case BYTES_DEFLATED:
		return bytes->any_order ? read_unpacked(bytes, at, length, out, error)
					: inflate_read_at(bytes->inflate, at, length, out, error);
	case BYTES_MEMORY:
		memcpy(out, bytes->memory + at, length);
		return TRUE;
	case BYTES_PART:
		return bytes_read(bytes->whole, bytes->offset + at, length, out, error);
	}
	g_assert_not_reached();
}
