/* checkpoint_read.c - elements of a checkpoint's tensors, as bytes and as numbers.
 *
 * A format's reader checks every length when it adds a tensor.  Each read checks again, against
 * the file as it is open now: a store may bring spans of a file that has changed since. */
#include "checkpoint/checkpoint.h"

#include "core/error.h"
#include "core/text.h"

#include <inttypes.h>

#define CHUNK 4096u

/* Where elements [first, first+count) lie within the tensor's bytes.  Elements below a byte can
 * only be read where they begin and end on one. */
static gboolean locate(
	const Tensor *tensor, guint64 first, guint64 count, guint64 *begin, guint64 *length)
{
	return span_within(first, count, tensor->elements) &&
	       dtype_bytes(tensor->dtype, first, begin) &&
	       dtype_bytes(tensor->dtype, count, length) &&
	       span_within(*begin, *length, tensor->bytes);
}

static gboolean name_tensor(const Tensor *tensor, GError **error)
{
	g_autofree char *name = text_safe(tensor->name);
	g_prefix_error(error, "tensor %s: ", name);
	return FALSE;
}

/* Bytes [begin, begin+length) of a tensor's span. */
static gboolean read_span(const CheckpointFile *source, const Tensor *tensor, guint64 begin,
	guint64 length, void *raw, GError **error)
{
	Place place = {.file = source->path, .tensor = tensor->name};

	if (source->file == NULL) {
		place.remedy = "put it back, or load it again from where it is now";
		return fail_at(error, ERROR_IO, place, "the file could not be opened");
	}
	if (!span_within(tensor->offset, tensor->bytes, source->file->size)) {
		place.remedy = "put the old file back, or load it again";
		return fail_at(error, ERROR_IO, place,
			"its data should end at byte %" PRIu64 ", the file ends at %" PRIu64,
			tensor->offset + tensor->bytes, source->file->size);
	}
	return file_read(source->file, tensor->offset + begin, length, raw, error) ||
	       name_tensor(tensor, error);
}

gboolean checkpoint_read_raw(const Checkpoint *checkpoint, guint tensor_number, guint64 first,
	guint64 count, void *raw, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, tensor_number);
	const CheckpointFile *file = g_ptr_array_index(checkpoint->files, tensor->file);
	guint64 begin, length;

	if (!locate(tensor, first, count, &begin, &length))
		return fail_at(error, ERROR_INPUT,
			(Place){.file = file->path, .tensor = tensor->name},
			"elements from %" PRIu64 " on, %" PRIu64
			" of them, cannot be read of %" PRIu64,
			first, count, tensor->elements);
	if (length == 0)
		return TRUE;
	if (tensor->source == NULL)
		return read_span(file, tensor, begin, length, raw, error);
	return source_read(tensor->source, first, count, raw, error) || name_tensor(tensor, error);
}

gboolean checkpoint_read_double(const Checkpoint *checkpoint, guint tensor, guint64 first,
	guint64 count, double *out, GError **error)
{
	Dtype dtype = checkpoint_tensor(checkpoint, tensor)->dtype;
	guint8 raw[CHUNK * sizeof(double)];

	for (guint64 done = 0, n; done < count; done += n) {
		n = MIN(count - done, CHUNK);
		if (!checkpoint_read_raw(checkpoint, tensor, first + done, n, raw, error))
			return FALSE;
		dtype_decode_double(dtype, raw, n, out + done);
	}
	return TRUE;
}
