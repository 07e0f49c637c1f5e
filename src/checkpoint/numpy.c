/* numpy.c - arrays of NumPy: one in a .npy, many in a .npz, which is a ZIP archive of them.
 *
 * Elements lie behind the header in C or Fortran order and either byte order, so each array is a
 * view.  A pickle of objects in place of elements is refused by its type, unseen. */
#include "checkpoint/numpy.h"

#include "checkpoint/archive.h"
#include "checkpoint/numpy_header.h"
#include "checkpoint/view.h"

#include <inttypes.h>
#include <string.h>

#define SUFFIX ".npy"
/* What an array is called whose file has a name that cannot be one. */
#define ARRAY "array"

/* Strides in which the first index runs fastest; the elements were counted, so none overflows. */
static void fortran_strides(const NumpyHeader *header, guint64 *strides)
{
	guint64 stride = 1;
	for (guint i = 0; i < header->rank; i++) {
		strides[i] = stride;
		stride *= header->shape[i];
	}
}

/* What follows the header must be the elements, and nothing more. */
static gboolean check_size(const NumpyHeader *header, guint64 held, Place place, GError **error)
{
	guint64 elements, wanted;
	if (!shape_elements(header->shape, header->rank, &elements) ||
		!dtype_bytes(header->dtype, elements, &wanted))
		return fail_at(
			error, ERROR_INPUT, place, "the number of its elements overflows 64 bits");
	if (held < wanted) {
		place.remedy = "it is cut short: copy or download it again";
		return fail_at(error, ERROR_INPUT, place,
			"its elements take %" PRIu64 " bytes from byte %" PRIu64 " on, but %" PRIu64
			" are there",
			wanted, header->length, held);
	}
	if (held > wanted) {
		place.remedy = "save each array to a file of its own, or all to a .npz";
		return fail_at(error, ERROR_INPUT, place,
			"%" PRIu64 " bytes follow its elements, from byte %" PRIu64 " on",
			held - wanted, header->length + wanted);
	}
	return TRUE;
}

/* Adds the array whose elements follow the header in the bytes. */
static gboolean add_array(Checkpoint *checkpoint, guint file, const char *name,
	const NumpyHeader *header, Bytes *bytes, GError **error)
{
	const CheckpointFile *source = checkpoint->files->pdata[file];
	Place place = {.file = source->path, .tensor = name};
	guint64 held = bytes_length(bytes) - header->length, strides[TENSOR_RANK_MOST];

	if (!check_size(header, held, place, error))
		return FALSE;
	g_autoptr(Bytes) elements = bytes_part(bytes, header->length, held);
	View view = {.name = name,
		.dtype = header->dtype,
		.swapped = header->swapped,
		.bytes = elements,
		.file = file,
		.rank = header->rank,
		.shape = header->shape};
	if (header->fortran) {
		fortran_strides(header, strides);
		view.strides = strides;
	}
	return checkpoint_add_view(checkpoint, &view, error);
}

static gboolean npy_detect(const guint8 *head, gsize length, G_GNUC_UNUSED guint64 file_size)
{
	return length >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

static char *array_name(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	if (g_str_has_suffix(name, SUFFIX))
		name[strlen(name) - strlen(SUFFIX)] = '\0';
	gboolean usable = *name != '\0' && g_utf8_validate(name, -1, NULL);
	return usable ? g_steal_pointer(&name) : g_strdup(ARRAY);
}

static gboolean npy_read(Checkpoint *checkpoint, File *file, GError **error)
{
	guint number = checkpoint_add_file(checkpoint, file->path, file);
	g_autoptr(Bytes) bytes = bytes_span(file, 0, file->size);
	Place place = {.file = file->path};
	NumpyHeader header;

	if (!numpy_header_read(bytes, place, &header, error))
		return FALSE;
	if (header.text) {
		place.remedy = "save an array of numbers";
		return fail_at(error, ERROR_INPUT, place, "its elements are text or dates");
	}
	g_autofree char *name = array_name(file->path);
	return add_array(checkpoint, number, name, &header, bytes, error);
}

const CheckpointFormat npy_format = {
	.name = "npy",
	.detect = npy_detect,
	.read = npy_read,
};

static gboolean is_array(const ZipEntry *entry)
{
	return g_str_has_suffix(entry->name, SUFFIX);
}

static gboolean npz_holds(const Zip *zip)
{
	for (guint i = 0; i < zip_count(zip); i++)
		if (is_array(zip_entry(zip, i)))
			return TRUE;
	return FALSE;
}

/* The header is read through bytes of its own: what unpacks a deflated entry keeps some 50 KB from
 * its first read on, and thousands of entries may never be read again. */
static gboolean read_member_header(
	const Zip *zip, const ZipEntry *entry, Place place, NumpyHeader *header, GError **error)
{
	g_autoptr(Bytes) bytes = zip_bytes(zip, entry);
	return numpy_header_read(bytes, place, header, error);
}

static gboolean read_member(
	Checkpoint *checkpoint, guint file, const Zip *zip, const ZipEntry *entry, GError **error)
{
	const CheckpointFile *source = checkpoint->files->pdata[file];
	g_autofree char *name = g_strndup(entry->name, strlen(entry->name) - strlen(SUFFIX));
	NumpyHeader header;

	if (!read_member_header(
		    zip, entry, (Place){.file = source->path, .tensor = name}, &header, error))
		return FALSE;
	if (header.text) {
		checkpoint_skip(checkpoint, name, "its elements are text or dates");
		return TRUE;
	}
	g_autoptr(Bytes) bytes = zip_bytes(zip, entry);
	return add_array(checkpoint, file, name, &header, bytes, error);
}

static gboolean npz_read(Checkpoint *checkpoint, guint file, const Zip *zip, GError **error)
{
	for (guint i = 0; i < zip_count(zip); i++) {
		const ZipEntry *entry = zip_entry(zip, i);
		if (!is_array(entry)) {
			if (!g_str_has_suffix(entry->name, "/"))
				checkpoint_skip(checkpoint, entry->name, "it is no .npy array");
		} else if (!read_member(checkpoint, file, zip, entry, error))
			return FALSE;
	}
	if (checkpoint_count(checkpoint) > 0)
		return TRUE;
	const CheckpointFile *source = checkpoint->files->pdata[file];
	return fail_at(error, ERROR_INPUT, (Place){.file = source->path},
		"there is no array of numbers in this .npz");
}

const ArchiveKind npz_kind = {
	.name = "npz",
	.holds = npz_holds,
	.read = npz_read,
};
