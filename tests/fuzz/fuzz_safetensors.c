/* fuzz_safetensors.c - any bytes as a safetensors file: refused with a sentence, or tensors whose
 * spans tile the data. */
#include "checkpoint/safetensors.h"
#include "core/error.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size);

static void check(gboolean holds)
{
	if (!holds)
		abort();
}

static void check_tensors(const Checkpoint *checkpoint, guint64 data_start, guint64 data_bytes)
{
	check(checkpoint_bytes(checkpoint) == data_bytes);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		guint64 bytes;
		check(dtype_bytes(tensor->dtype, tensor->elements, &bytes));
		check(bytes == tensor->bytes && tensor->offset >= data_start);
		check(span_within(tensor->offset - data_start, tensor->bytes, data_bytes));
		check(checkpoint_find(checkpoint, tensor->name) == (gint)i);
	}
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	guint64 length;

	if (size < sizeof length)
		return 0;
	memcpy(&length, bytes, sizeof length);
	length = MIN(GUINT64_FROM_LE(length), size - sizeof length);
	guint64 data_start = sizeof length + length, data_bytes = size - data_start;
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("fuzz", "safetensors");
	g_autoptr(GError) error = NULL;
	checkpoint_add_file(checkpoint, "fuzz", NULL);
	if (safetensors_parse(checkpoint, 0, (const char *)bytes + sizeof length, length,
		    data_start, data_bytes, &error)) {
		check(checkpoint_seal(checkpoint, NULL));
		check_tensors(checkpoint, data_start, data_bytes);
	} else
		check(error != NULL && error->code == ERROR_INPUT &&
			g_utf8_validate(error->message, -1, NULL));
	return 0;
}
