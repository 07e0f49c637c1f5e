/* hdf5_driver.c - see hdf5_driver.h.  Runs in the child: no GLib functions, no locks. */
#include "checkpoint/hdf5_driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BEYOND_MOST 1024

/* What the property list carries to driver_open. */
typedef struct {
	const Hdf5Image *image;
	Hdf5Notes *notes;
} Access;

typedef struct {
	H5FD_t library; /* the library's own part comes first */
	Access access;
	haddr_t end; /* of what is allocated, which the library keeps here */
} Driver;

static H5FD_t *driver_open(
	G_GNUC_UNUSED const char *name, unsigned flags, hid_t list, G_GNUC_UNUSED haddr_t most)
{
	const Access *access = H5Pget_driver_info(list);
	if (access == NULL || access->notes->opened || (flags & H5F_ACC_RDWR))
		return NULL;
	Driver *driver = calloc(1, sizeof *driver);
	if (driver == NULL)
		return NULL;
	driver->access = *access;
	access->notes->opened = TRUE;
	return &driver->library;
}

static herr_t driver_close(H5FD_t *file)
{
	free(file);
	return 0;
}

static haddr_t driver_get_end(const H5FD_t *file, G_GNUC_UNUSED H5FD_mem_t kind)
{
	return ((const Driver *)file)->end;
}

static herr_t driver_set_end(H5FD_t *file, G_GNUC_UNUSED H5FD_mem_t kind, haddr_t end)
{
	((Driver *)file)->end = end;
	return 0;
}

static haddr_t driver_get_length(const H5FD_t *file, G_GNUC_UNUSED H5FD_mem_t kind)
{
	return ((const Driver *)file)->access.image->length;
}

static gboolean read_fd(int fd, guint64 offset, size_t length, guint8 *out)
{
	while (length > 0) {
		ssize_t n = pread(fd, out, length, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return FALSE;
		out += n;
		offset += (guint64)n;
		length -= (size_t)n;
	}
	return TRUE;
}

/* What lies beyond the end reads as zeros, as with the library's own drivers, which it relies on
 * for the first block of a short file; but it is not given much of that. */
static herr_t driver_read(H5FD_t *file, H5FD_mem_t kind, G_GNUC_UNUSED hid_t list, haddr_t at,
	size_t length, void *out)
{
	const Driver *driver = (const Driver *)file;
	const Hdf5Image *image = driver->access.image;
	Hdf5Notes *notes = driver->access.notes;

	if (notes->noting && kind == H5FD_MEM_DRAW) {
		notes->reads++;
		notes->offset = at;
		notes->length = length;
		return 0;
	}
	size_t there = at < image->length ? MIN(length, image->length - at) : 0;
	if (length - there > BEYOND_MOST)
		return -1;
	memset((guint8 *)out + there, 0, length - there);
	if (image->memory == NULL)
		return read_fd(image->fd, image->base + at, there, out) ? 0 : -1;
	if (there > 0)
		memcpy(out, image->memory + at, there);
	return 0;
}

static herr_t driver_write(G_GNUC_UNUSED H5FD_t *file, G_GNUC_UNUSED H5FD_mem_t kind,
	G_GNUC_UNUSED hid_t list, G_GNUC_UNUSED haddr_t at, G_GNUC_UNUSED size_t length,
	G_GNUC_UNUSED const void *bytes)
{
	return -1;
}

static const H5FD_class_t driver_class = {
	.name = "tauscope",
	.maxaddr = G_MAXINT64,
	.fc_degree = H5F_CLOSE_WEAK,
	.fapl_size = sizeof(Access),
	.open = driver_open,
	.close = driver_close,
	.get_eoa = driver_get_end,
	.set_eoa = driver_set_end,
	.get_eof = driver_get_length,
	.read = driver_read,
	.write = driver_write,
	.fl_map = H5FD_FLMAP_SINGLE,
};

hid_t hdf5_driver_open(const Hdf5Image *image, Hdf5Notes *notes)
{
	Access access = {image, notes};
	hid_t driver = H5FDregister(&driver_class);
	hid_t list = H5Pcreate(H5P_FILE_ACCESS);
	if (driver < 0 || list < 0 || H5Pset_driver(list, driver, &access) < 0)
		return H5I_INVALID_HID;
	return H5Fopen("checkpoint", H5F_ACC_RDONLY, list);
}
