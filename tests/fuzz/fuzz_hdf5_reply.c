/* fuzz_hdf5_reply.c - any bytes as what a child says of an HDF5 file, and any as the file: told to
 * be nonsense, or tensors that can be read or say why not.
 *
 * The length of what is said, in 4 bytes, comes first, then that, then the file. */
#include "checkpoint/hdf5_dataset.h"
#include "core/error.h"
#include "fuzz.h"

#include <string.h>

static void read_ends(const Checkpoint *checkpoint, guint number)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, number);
	guint64 n = MIN(tensor->elements, 1000), first = tensor->elements - n;
	guint8 block[8000];
	g_autoptr(GError) error = NULL;

	if (!checkpoint_read_raw(checkpoint, number, 0, n, block, &error))
		fuzz_check(error != NULL && *error->message != '\0');
	g_clear_error(&error);
	if (!checkpoint_read_raw(checkpoint, number, first, n, block, &error))
		fuzz_check(error != NULL && *error->message != '\0');
}

static void read_rows(const GArray *rows, File *file)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("fuzz", "hdf5");
	g_autoptr(Bytes) whole = bytes_span(file, 0, file->size);

	checkpoint_add_file(checkpoint, "fuzz", file_ref(file));
	for (guint i = 0; i < rows->len && i < 16; i++) {
		const Hdf5Row *row = &g_array_index(rows, Hdf5Row, i);
		g_autoptr(GError) error = NULL;
		if (row->dataset == NULL)
			continue;
		if (!hdf5_add_dataset(checkpoint, 0, whole, row->name, row, &error))
			fuzz_check(error->code == ERROR_INPUT && *error->message != '\0');
	}
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		read_ends(checkpoint, i);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	guint32 length;
	g_autoptr(GError) error = NULL;

	if (size < sizeof length)
		return 0;
	memcpy(&length, bytes, sizeof length);
	bytes += sizeof length;
	size -= sizeof length;
	length = (guint32)MIN(GUINT32_FROM_LE(length), size);
	g_autofree guint8 *reply = g_malloc(length + 1);
	memcpy(reply, bytes, length);
	g_autoptr(GArray) rows = hdf5_reply_read(reply, length, "fuzz", &error);
	if (rows == NULL) {
		fuzz_check(error->code == ERROR_INPUT && g_utf8_validate(error->message, -1, NULL));
		return 0;
	}
	g_autoptr(File) file = fuzz_file(bytes + length, size - length);
	read_rows(rows, file);
	return 0;
}
