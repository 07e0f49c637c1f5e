/* values.c - what the values of a checkpoint's tensors are, found by reading all of them. */
#include "cli/values.h"

#include <math.h>
#include <string.h>

#define VALUES_BLOCK 65536u

/* What a pass over one tensor carries from block to block. */
typedef struct {
	GChecksum *checksum;
	double squares;
	TensorValues *values;
	guint8 raw[VALUES_BLOCK * 8];
	double numbers[VALUES_BLOCK];
	float floats[VALUES_BLOCK];
} Reading;

static void add_numbers(Reading *reading, gsize n)
{
	TensorValues *values = reading->values;
	for (gsize i = 0; i < n; i++) {
		double number = reading->numbers[i];
		reading->squares += number * number;
		if (!isfinite(number)) {
			values->nonfinite++;
			continue;
		}
		values->minimum = fmin(values->minimum, number);
		values->maximum = fmax(values->maximum, number);
	}
}

static void add_block(Reading *reading, const Tensor *tensor, gsize n)
{
	dtype_decode_double(tensor->dtype, reading->raw, n, reading->numbers);
	add_numbers(reading, n);
	if (dtype_info(tensor->dtype)->class == CLASS_INTEGER) {
		g_checksum_update(reading->checksum, reading->raw,
			(gssize)(n * dtype_info(tensor->dtype)->bits / 8));
		return;
	}
	dtype_decode_float(tensor->dtype, reading->raw, n, reading->floats);
	g_checksum_update(
		reading->checksum, (const guchar *)reading->floats, (gssize)(n * sizeof(float)));
}

static gboolean read_numbers(
	const Checkpoint *checkpoint, guint tensor, Reading *reading, Job *job, GError **error)
{
	const Tensor *row = checkpoint_tensor(checkpoint, tensor);
	for (guint64 first = 0; first < row->elements; first += VALUES_BLOCK) {
		gsize n = (gsize)MIN(VALUES_BLOCK, row->elements - first);
		if (!job_check(job, error) ||
			!checkpoint_read_raw(checkpoint, tensor, first, n, reading->raw, error))
			return FALSE;
		add_block(reading, row, n);
		job_advance(job, n * dtype_info(row->dtype)->bits / 8);
	}
	reading->values->l2 = reading->values->nonfinite ? NAN : sqrt(reading->squares);
	return TRUE;
}

static gboolean read_opaque(const Checkpoint *checkpoint, const Tensor *tensor, Reading *reading,
	Job *job, GError **error)
{
	const CheckpointFile *file = checkpoint->files->pdata[tensor->file];
	for (guint64 done = 0; done < tensor->bytes; done += sizeof reading->raw) {
		gsize n = (gsize)MIN(sizeof reading->raw, tensor->bytes - done);
		if (!job_check(job, error) ||
			!file_read(file->file, tensor->offset + done, n, reading->raw, error))
			return FALSE;
		g_checksum_update(reading->checksum, reading->raw, (gssize)n);
		job_advance(job, n);
	}
	return TRUE;
}

gboolean values_read(
	const Checkpoint *checkpoint, guint tensor, TensorValues *values, Job *job, GError **error)
{
	*values = (TensorValues){.l2 = NAN, .minimum = NAN, .maximum = NAN};
	const Tensor *row = checkpoint_tensor(checkpoint, tensor);
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	g_autofree Reading *reading = g_new0(Reading, 1);
	reading->checksum = checksum;
	reading->values = values;
	gboolean opaque = dtype_info(row->dtype)->class == CLASS_OPAQUE;
	if (!(opaque ? read_opaque(checkpoint, row, reading, job, error)
		     : read_numbers(checkpoint, tensor, reading, job, error)))
		return FALSE;
	g_strlcpy(values->sha256, g_checksum_get_string(checksum), sizeof values->sha256);
	return TRUE;
}
