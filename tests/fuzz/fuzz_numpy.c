/* fuzz_numpy.c - any bytes as a .npy, or as a .npz where they begin as one. */
#include "fuzz.h"

#include "checkpoint/archive.h"
#include "checkpoint/numpy.h"

static gboolean read_npz(Checkpoint *checkpoint, File *file, GError **error)
{
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	g_autoptr(Zip) zip = zip_open(file, error);
	return zip != NULL && npz_kind.read(checkpoint, number, zip, error);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	const CheckpointFormat npz_format = {.name = "npz", .read = read_npz};
	fuzz_read(size > 0 && *bytes == 'P' ? &npz_format : &npy_format, bytes, size);
	return 0;
}
