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

/* Floats are hashed as float32; what is no float, as it is. */
static void add_block(Reading *reading, Dtype dtype, gsize n, gsize bytes)
{
	DtypeClass class = dtype_info(dtype)->class;
	const void *hashed = reading->raw;
	if (class != CLASS_OPAQUE) {
		dtype_decode_double(dtype, reading->raw, n, reading->numbers);
		add_numbers(reading, n);
	}
	if (class == CLASS_FLOAT) {
		dtype_decode_float(dtype, reading->raw, n, reading->floats);
		hashed = reading->floats;
		bytes = n * sizeof *reading->floats;
	}
	g_checksum_update(reading->checksum, hashed, (gssize)bytes);
}

static gboolean read_blocks(
	const Checkpoint *checkpoint, guint tensor, Reading *reading, Job *job, GError **error)
{
	const Tensor *row = checkpoint_tensor(checkpoint, tensor);
	for (guint64 first = 0; first < row->elements; first += VALUES_BLOCK) {
		guint64 n = MIN(VALUES_BLOCK, row->elements - first), bytes = 0;
		if (!job_check(job, error) ||
			!checkpoint_read_raw(checkpoint, tensor, first, n, reading->raw, error))
			return FALSE;
		dtype_bytes(row->dtype, n, &bytes);
		add_block(reading, row->dtype, n, bytes);
		job_advance(job, bytes);
	}
	return TRUE;
}

static double norm_of(const Reading *reading, Dtype dtype)
{
	gboolean known = dtype_info(dtype)->class != CLASS_OPAQUE && !reading->values->nonfinite;
	return known ? sqrt(reading->squares) : NAN;
}

gboolean tensor_values_read(
	const Checkpoint *checkpoint, guint tensor, TensorValues *values, Job *job, GError **error)
{
	*values = (TensorValues){.l2 = NAN, .minimum = NAN, .maximum = NAN};
	const Tensor *row = checkpoint_tensor(checkpoint, tensor);
	g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
	/* Not zeroed: it is big, and a small tensor touches little of it. */
	g_autofree Reading *reading = g_new(Reading, 1);
	reading->checksum = checksum;
	reading->squares = 0;
	reading->values = values;
	if (!read_blocks(checkpoint, tensor, reading, job, error))
		return FALSE;
	values->l2 = norm_of(reading, row->dtype);
	g_strlcpy(values->sha256, g_checksum_get_string(checksum), sizeof values->sha256);
	return TRUE;
}
