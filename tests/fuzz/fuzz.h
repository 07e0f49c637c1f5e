/* fuzz.h - what the fuzz targets share: bytes as a file that a reader can open. */
#ifndef TAUSCOPE_FUZZ_H
#define TAUSCOPE_FUZZ_H

#include "checkpoint/checkpoint.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size);

/* What must hold whatever the input is. */
static inline void fuzz_check(gboolean holds)
{
	if (!holds)
		abort();
}

/* The bytes as a regular file in memory, opened; file_close it. */
static inline File *fuzz_file(const guint8 *bytes, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	fuzz_check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	File *file = file_open(path, NULL);
	fuzz_check(file != NULL);
	close(fd);
	return file;
}

/* Reads the bytes with one format's reader, and every tensor that it finds through; what it refuses
 * it must refuse with a reason. */
static inline void fuzz_read(const CheckpointFormat *format, const guint8 *bytes, size_t size)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_new("input", format->name);
	guint8 block[4096 * 8];
	if (!format->read(checkpoint, fuzz_file(bytes, size), &error) ||
		!checkpoint_seal(checkpoint, &error)) {
		fuzz_check(error != NULL && *error->message);
		return;
	}
	for (guint i = 0; i < checkpoint_count(checkpoint) && i < 64; i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		guint64 bytes_wanted = 0;
		fuzz_check(dtype_bytes(tensor->dtype, tensor->elements, &bytes_wanted) &&
			   bytes_wanted == tensor->bytes);
		guint64 n = MIN(tensor->elements, 4096);
		if (dtype_info(tensor->dtype)->bits < 8)
			continue;
		if (!checkpoint_read_raw(checkpoint, i, 0, n, block, &error) ||
			!checkpoint_read_raw(
				checkpoint, i, tensor->elements - n, n, block, &error))
			g_clear_error(&error);
	}
}

#endif
