/* hdf5_filter.c - see hdf5_filter.h. */
#include "checkpoint/hdf5_filter.h"

#include <string.h>
#include <zlib.h>

#define CHECKSUM_BYTES 4
/* Deflate does no better than this. */
#define DEFLATE_RATIO 1032
/* Words that can be summed before a sum of sums leaves 64 bits, and many more. */
#define WORDS_BETWEEN (1u << 16)

/* Bytes on their way back through the filters. */
typedef struct {
	const guint8 *bytes;
	gsize length;
	guint8 *own; /* g_free; or NULL while they are the stored ones */
} Run;

static gboolean is_used(const Hdf5Pipeline *pipeline, guint32 mask, guint filter)
{
	return filter < pipeline->n && (mask >> filter & 1) == 0;
}

/* The bytes that filter `filter` was given. */
static gsize length_before(const Hdf5Pipeline *pipeline, guint32 mask, guint filter)
{
	gsize length = pipeline->bytes;
	for (guint i = 0; i < filter; i++)
		if (is_used(pipeline, mask, i) && pipeline->filter[i] == HDF5_FLETCHER32)
			length += CHECKSUM_BYTES;
	return length;
}

gboolean hdf5_stored_fits(const Hdf5Pipeline *pipeline, guint32 mask, guint64 stored)
{
	for (guint i = 0; i < pipeline->n; i++)
		if (is_used(pipeline, mask, i) && pipeline->filter[i] == HDF5_DEFLATE)
			return pipeline->bytes / DEFLATE_RATIO <= stored;
	return stored == length_before(pipeline, mask, pipeline->n);
}

static void become(Run *run, guint8 *bytes, gsize length)
{
	g_free(run->own);
	*run = (Run){bytes, length, bytes};
}

static const char *undo_deflate(Run *run, gsize length)
{
	z_stream stream = {.next_in = (Bytef *)run->bytes, .avail_in = (uInt)run->length};
	if (inflateInit(&stream) != Z_OK)
		return "there is no memory to inflate it";
	guint8 *out = g_malloc(length);
	stream.next_out = out;
	stream.avail_out = (uInt)length;
	int end = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	become(run, out, length);
	return end == Z_STREAM_END && stream.avail_out == 0
		       ? NULL
		       : "its deflated bytes are damaged, or not those of a whole chunk";
}

/* Byte b of every element lies in the b-th part; what does not fill an element comes last. */
static void undo_shuffle(Run *run, gsize unit)
{
	gsize elements = run->length / unit, whole = elements * unit;
	guint8 *out = g_malloc(run->length);
	for (gsize b = 0; b < unit; b++)
		for (gsize i = 0; i < elements; i++)
			out[i * unit + b] = run->bytes[b * elements + i];
	memcpy(out + whole, run->bytes + whole, run->length - whole);
	become(run, out, run->length);
}

/* Sums modulo 65535, with 65535 for what is 0 but had terms. */
static guint32 fold(guint64 sum)
{
	return sum == 0 ? 0 : (guint32)((sum - 1) % 65535 + 1);
}

/* Fletcher's checksum over big-endian words of 16 bits; a last odd byte is a word's first. */
static guint32 fletcher32(const guint8 *bytes, gsize length)
{
	guint64 sum = 0, sums = 0;
	for (gsize at = 0, words = 1; at < length; at += 2, words++) {
		guint low = at + 1 < length ? bytes[at + 1] : 0;
		sum += (guint)bytes[at] << 8 | low;
		sums += sum;
		if (words % WORDS_BETWEEN == 0) {
			sum = fold(sum);
			sums = fold(sums);
		}
	}
	return fold(sums) << 16 | fold(sum);
}

/* HDF5 before 1.6.3 wrote the bytes of each half the other way round. */
static const char *undo_fletcher32(Run *run)
{
	guint32 stored;
	if (run->length < CHECKSUM_BYTES)
		return "it is too short for its checksum";
	run->length -= CHECKSUM_BYTES;
	memcpy(&stored, run->bytes + run->length, sizeof stored);
	stored = GUINT32_FROM_LE(stored);
	guint32 turned = (stored & 0x00ff00ffu) << 8 | (stored >> 8 & 0x00ff00ffu);
	guint32 sum = fletcher32(run->bytes, run->length);
	return sum == stored || sum == turned ? NULL : "it does not match its checksum";
}

static const char *undo(const Hdf5Pipeline *pipeline, guint32 mask, guint filter, Run *run)
{
	switch (pipeline->filter[filter]) {
	case HDF5_DEFLATE:
		return undo_deflate(run, length_before(pipeline, mask, filter));
	case HDF5_FLETCHER32:
		return undo_fletcher32(run);
	default:
		undo_shuffle(run, pipeline->unit);
		return NULL;
	}
}

const char *hdf5_unpack(
	const Hdf5Pipeline *pipeline, guint32 mask, const guint8 *stored, gsize length, guint8 *out)
{
	Run run = {.bytes = stored, .length = length};
	const char *fault = NULL;

	for (guint i = pipeline->n; fault == NULL && i-- > 0;)
		if (is_used(pipeline, mask, i))
			fault = undo(pipeline, mask, i, &run);
	if (fault == NULL && run.length != pipeline->bytes)
		fault = "it has not the bytes of a chunk";
	if (fault == NULL)
		memcpy(out, run.bytes, run.length);
	g_free(run.own);
	return fault;
}
