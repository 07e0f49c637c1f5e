/* sealed.c - see sealed.h. */
#include "store/sealed.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define MEMORY_STEP 65536

static char *hash_of(const void *bytes, gsize length)
{
	XXH128_hash_t hash = XXH3_128bits(bytes, length);
	return text_hash(hash.high64, hash.low64);
}

/* The library tells open files in memory apart by their names, and reads one only where no such
 * file lies on the disk: nothing can lie below a device. */
static char *memory_name(const char *name)
{
	return g_strdup_printf("/dev/null/%s", name);
}

Hid sealed_create(const SealKind *kind, GError **error)
{
	hdf5_quiet();
	g_auto(Hid) creation = H5Pcreate(H5P_FILE_CREATE);
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_userblock(creation, SEAL_BYTES);
	H5Pset_fapl_core(access, MEMORY_STEP, FALSE);
	g_autofree char *name = memory_name(kind->name);
	g_auto(Hid) file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
	if (file < 0) {
		hdf5_fail(error, ERROR_IO, "cannot create a", kind->name);
		return H5I_INVALID_HID;
	}
	g_autofree char *format = g_strdup_printf("tauscope %s", kind->name);
	if (!hdf5_put_text(file, "format", format, error) ||
		!hdf5_put_integer(file, "layout", kind->version, error) ||
		!hdf5_put_text(file, "program", TAUSCOPE_VERSION, error))
		return H5I_INVALID_HID;
	return hid_steal(&file);
}

/* The file as it will lie on the disk; the library leaves its user block out. */
static guint8 *image_of(Hid file, gsize *length, GError **error)
{
	ssize_t bytes =
		H5Fflush(file, H5F_SCOPE_GLOBAL) < 0 ? -1 : H5Fget_file_image(file, NULL, 0);
	g_autofree guint8 *image = bytes < 0 ? NULL : g_malloc(SEAL_BYTES + (gsize)bytes);
	if (!image || H5Fget_file_image(file, image + SEAL_BYTES, (gsize)bytes) != bytes) {
		hdf5_fail(error, ERROR_IO, "cannot finish", "a file in memory");
		return NULL;
	}
	*length = SEAL_BYTES + (gsize)bytes;
	return g_steal_pointer(&image);
}

static void seal(guint8 *image, gsize length, const SealKind *kind)
{
	g_autofree char *hash = hash_of(image + SEAL_BYTES, length - SEAL_BYTES);
	g_autofree char *text =
		g_strdup_printf("tauscope %s %u\nxxh3-128 %s\n", kind->name, kind->version, hash);
	memset(image, ' ', SEAL_BYTES);
	memcpy(image, text, strlen(text));
	image[SEAL_BYTES - 1] = '\n';
}

static Output *write_image(const char *path, const guint8 *image, gsize length, GError **error)
{
	g_autoptr(Output) output = output_create(path, TRUE, error);
	gboolean ok = output && output_write(output, 0, image, length, error) &&
		      output_sync(output, error);
	return ok ? g_steal_pointer(&output) : NULL;
}

Output *sealed_write(Hid file, const char *path, const SealKind *kind, GError **error)
{
	gsize length = 0;
	g_auto(Hid) open = file;
	g_autofree guint8 *image = image_of(open, &length, error);
	if (!image)
		return NULL;
	if (length > SEALED_FILE_MOST) {
		fail_at(error, ERROR_IO, (Place){.file = path},
			"a %s of %" G_GSIZE_FORMAT " bytes is more than can be read again",
			kind->name, length);
		return NULL;
	}
	seal(image, length, kind);
	return write_image(path, image, length, error);
}

/* What the block that a file begins with says of the rest: hash[33]. */
static gboolean read_block(
	File *file, const char *path, const SealKind *kind, char *hash, GError **error)
{
	Place place = {.file = path};
	g_autofree char *start = g_strdup_printf("tauscope %s ", kind->name);
	char block[SEAL_BYTES + 1] = {0};
	guint version = 0;
	if (!file_read(file, 0, MIN(file->size, SEAL_BYTES), block, error))
		return FALSE;
	if (!g_str_has_prefix(block, start)) {
		place.remedy = "bring checkpoints into a store with tauscope load";
		return fail_at(error, ERROR_INPUT, place, "this is not a tauscope %s", kind->name);
	}
	if (sscanf(block + strlen(start), "%9u\nxxh3-128 %32[0-9a-f]\n", &version, hash) < 1)
		return fail_at(error, ERROR_INPUT, place, "the first line is damaged");
	if (version > kind->version)
		return fail_at(error, ERROR_INPUT, place,
			"written by a newer tauscope: layout %u, and this program reads %u",
			version, kind->version);
	return TRUE;
}

/* Piece by piece: the pages of a buffer for all of it would take longer than its hash. */
static char *hash_of_rest(File *file, GError **error)
{
	g_autofree guint8 *piece = g_malloc(MEMORY_STEP);
	XXH3_state_t *state = XXH3_createState();
	XXH3_128bits_reset(state);
	gboolean read = TRUE;
	for (guint64 at = SEAL_BYTES, n; read && at < file->size; at += n) {
		n = MIN(file->size - at, MEMORY_STEP);
		read = file_read(file, at, n, piece, error);
		XXH3_128bits_update(state, piece, read ? n : 0);
	}
	XXH128_hash_t hash = XXH3_128bits_digest(state);
	XXH3_freeState(state);
	return read ? text_hash(hash.high64, hash.low64) : NULL;
}

static gboolean check_file(const char *path, const SealKind *kind, GError **error)
{
	Place place = {.file = path};
	char hash[33] = {0};
	g_autoptr(File) file = file_open(path, error);
	if (!file || !read_block(file, path, kind, hash, error))
		return FALSE;
	if (file->size > SEALED_FILE_MOST)
		return fail_at(error, ERROR_INPUT, place,
			"%" G_GUINT64_FORMAT " bytes are more than a file of this kind can have",
			file->size);
	g_autofree char *found = hash_of_rest(file, error);
	place.remedy = "restore it from a copy, or load the checkpoints into a new store";
	return found && (g_str_equal(found, hash) ||
				fail_at(error, ERROR_INPUT, place,
					"damaged: the contents do not match their checksum"));
}

/* By its name, so that the library reads large arrays into their place and not by way of an image
 * of the whole. */
static Hid open_checked(const char *path, GError **error)
{
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_file_locking(access, FALSE, TRUE);
	Hid file = H5Fopen(path, H5F_ACC_RDONLY, access);
	if (file < 0)
		hdf5_fail(error, ERROR_INPUT, "cannot open", path);
	return file;
}

Hid sealed_open(const char *path, const SealKind *kind, GError **error)
{
	hdf5_quiet();
	if (!check_file(path, kind, error))
		return H5I_INVALID_HID;
	return open_checked(path, error);
}

gboolean sealed_is(const char *path, const SealKind *kind)
{
	g_autoptr(File) file = file_open(path, NULL);
	g_autofree char *start = g_strdup_printf("tauscope %s ", kind->name);
	char head[64] = {0};
	return file && file->size >= sizeof head &&
	       file_read(file, 0, sizeof head - 1, head, NULL) && g_str_has_prefix(head, start);
}
