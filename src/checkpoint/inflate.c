/* inflate.c - reads a deflated stream at any place: on from the nearest place before it at which
 * somebody left off, else from the beginning.
 *
 * Reads of one stream wait for each other.  Threads that share the blocks of a tensor ask for them
 * nearly in order, so each goes on where another stopped, and the stream is unpacked about once. */
#include "checkpoint/inflate.h"

#include "core/error.h"

#include <pthread.h>
#include <inttypes.h>
#include <zlib.h>

#define POSITIONS 4
#define INPUT_BYTES 8192u
#define SKIP_BYTES 16384u
#define OUTPUT_MOST (1u << 30) /* of one call: zlib counts in 32 bits */
#define RAW_WINDOW (-15)       /* 32 KiB of window, and no header around the stream */

/* A place in the stream, with all that zlib needs to go on from there. */
typedef struct {
	z_stream z;
	guint64 fed;  /* bytes of the stream that were read from the file */
	guint64 made; /* bytes that came out */
	guint64 used; /* the number of the last read from here */
	guint8 input[INPUT_BYTES];
} Position;

struct Inflate {
	pthread_mutex_t mutex;
	File *file;
	guint64 offset, stored, length;
	guint64 reads;
	Position *positions[POSITIONS];
};

static void position_free(Position *position)
{
	inflateEnd(&position->z);
	g_free(position);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Position, position_free)

Inflate *inflate_new(File *file, guint64 offset, guint64 stored, guint64 length)
{
	Inflate *deflated = g_new0(Inflate, 1);
	pthread_mutex_init(&deflated->mutex, NULL);
	deflated->file = file_ref(file);
	deflated->offset = offset;
	deflated->stored = stored;
	deflated->length = length;
	return deflated;
}

void inflate_free(Inflate *deflated)
{
	for (guint i = 0; i < POSITIONS; i++)
		g_clear_pointer(&deflated->positions[i], position_free);
	file_close(deflated->file);
	pthread_mutex_destroy(&deflated->mutex);
	g_free(deflated);
}

G_GNUC_PRINTF(3, 4)
static gboolean refuse(const Inflate *deflated, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *reason = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	Place place = {.file = deflated->file->path, .remedy = "copy or download it again"};
	return fail_at(error, ERROR_INPUT, place,
		"the %" PRIu64 " deflated bytes from byte %" PRIu64 " on %s", deflated->stored,
		deflated->offset, reason);
}

/* What is wrong when zlib can or will not go on. */
static gboolean refuse_status(
	const Inflate *deflated, const Position *position, int status, GError **error)
{
	if (status == Z_STREAM_END)
		return refuse(deflated, error,
			"unpack to %" PRIu64 " bytes, where %" PRIu64 " are promised",
			position->made, deflated->length);
	if (status == Z_BUF_ERROR)
		return refuse(deflated, error, "are cut short");
	return refuse(deflated, error, "are damaged: %s",
		position->z.msg ? position->z.msg : zError(status));
}

static gboolean refill(Inflate *deflated, Position *position, GError **error)
{
	guint64 bytes = MIN(deflated->stored - position->fed, INPUT_BYTES);
	if (position->z.avail_in > 0 || bytes == 0)
		return TRUE;
	if (!file_read(deflated->file, deflated->offset + position->fed, bytes, position->input,
		    error))
		return FALSE;
	position->fed += bytes;
	position->z.next_in = position->input;
	position->z.avail_in = (uInt)bytes;
	return TRUE;
}

/* The next `length` bytes. */
static gboolean advance(
	Inflate *deflated, Position *position, guint8 *out, guint64 length, GError **error)
{
	z_stream *z = &position->z;
	for (guint64 done = 0; done < length;) {
		uInt room = (uInt)MIN(length - done, OUTPUT_MOST);
		if (!refill(deflated, position, error))
			return FALSE;
		z->next_out = out + done;
		z->avail_out = room;
		int status = inflate(z, Z_NO_FLUSH);
		done += room - z->avail_out;
		position->made += room - z->avail_out;
		if (status != Z_OK && (status != Z_STREAM_END || done < length))
			return refuse_status(deflated, position, status, error);
	}
	return TRUE;
}

static gboolean skip(Inflate *deflated, Position *position, guint64 to, GError **error)
{
	guint8 skipped[SKIP_BYTES];
	while (position->made < to)
		if (!advance(deflated, position, skipped, MIN(to - position->made, SKIP_BYTES),
			    error))
			return FALSE;
	return TRUE;
}

/* After the last byte the stream must end, and with it what is stored. */
static gboolean finish(Inflate *deflated, Position *position, GError **error)
{
	z_stream *z = &position->z;
	guint8 beyond;
	int status;
	do {
		if (!refill(deflated, position, error))
			return FALSE;
		z->next_out = &beyond;
		z->avail_out = 1;
		status = inflate(z, Z_NO_FLUSH);
	} while (status == Z_OK && z->avail_out == 1);
	if (z->avail_out == 0)
		return refuse(deflated, error, "unpack to more than the %" PRIu64 " promised",
			deflated->length);
	if (status != Z_STREAM_END)
		return refuse_status(deflated, position, status, error);
	guint64 left = deflated->stored - position->fed + z->avail_in;
	if (left > 0)
		return refuse(deflated, error, "end %" PRIu64 " bytes before they should", left);
	return TRUE;
}

static Position *position_new(const Inflate *deflated, GError **error)
{
	Position *position = g_new0(Position, 1);
	if (inflateInit2(&position->z, RAW_WINDOW) == Z_OK)
		return position;
	g_free(position);
	fail_at(error, ERROR_IO, (Place){.file = deflated->file->path},
		"there is no memory to unpack what is deflated in it");
	return NULL;
}

/* The nearest position that is not beyond `at`, out of the pool; else the beginning. */
static Position *take_position(Inflate *deflated, guint64 at, GError **error)
{
	Position **best = NULL;
	for (guint i = 0; i < POSITIONS; i++) {
		Position **slot = &deflated->positions[i];
		if (*slot && (*slot)->made <= at && (!best || (*slot)->made > (*best)->made))
			best = slot;
	}
	return best ? g_steal_pointer(best) : position_new(deflated, error);
}

/* Puts a position in a free slot, or in that of the one used longest ago. */
static void give_position(Inflate *deflated, Position *position)
{
	Position **slot = &deflated->positions[0];
	for (guint i = 1; i < POSITIONS && *slot != NULL; i++) {
		Position **other = &deflated->positions[i];
		if (*other == NULL || (*other)->used < (*slot)->used)
			slot = other;
	}
	g_clear_pointer(slot, position_free);
	position->used = ++deflated->reads;
	*slot = position;
}

/* With the lock held. */
static gboolean read_on(Inflate *deflated, guint64 at, guint64 length, void *out, GError **error)
{
	g_autoptr(Position) position = take_position(deflated, at, error);

	if (position == NULL || !skip(deflated, position, at, error) ||
		!advance(deflated, position, out, length, error))
		return FALSE;
	if (position->made == deflated->length)
		return finish(deflated, position, error);
	give_position(deflated, g_steal_pointer(&position));
	return TRUE;
}

gboolean inflate_read_at(Inflate *deflated, guint64 at, guint64 length, void *out, GError **error)
{
	pthread_mutex_lock(&deflated->mutex);
	gboolean read = read_on(deflated, at, length, out, error);
	pthread_mutex_unlock(&deflated->mutex);
	return read;
}
