/* sealed.c - see sealed.h. */
#include "store/sealed.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static char *hash_text(const void *bytes, gsize length)
{
	XXH128_hash_t hash = XXH3_128bits(bytes, length);
	return g_strdup_printf(
		"%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", hash.high64, hash.low64);
}

Hid sealed_create(Output *output, const SealKind *kind, GError **error)
{
	hdf5_quiet();
	g_auto(Hid) creation = H5Pcreate(H5P_FILE_CREATE);
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_userblock(creation, SEAL_BYTES);
	H5Pset_file_locking(access, FALSE, TRUE);
	const char *path = output_temporary(output);
	g_auto(Hid) file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
	if (file < 0) {
		hdf5_fail(error, ERROR_IO, "cannot create", path);
		return H5I_INVALID_HID;
	}
	g_autofree char *format = g_strdup_printf("tauscope %s", kind->name);
	if (!hdf5_put_text(file, "format", format, error) ||
		!hdf5_put_integer(file, "layout", kind->version, error) ||
		!hdf5_put_text(file, "program", TAUSCOPE_VERSION, error))
		return H5I_INVALID_HID;
	return hid_steal(&file);
}

static guint8 *read_whole(const char *path, gsize *length, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	if (!file)
		return NULL;
	if (file->size > SEALED_FILE_MOST) {
		fail_at(error, ERROR_INPUT, (Place){.file = path},
			"%" G_GUINT64_FORMAT " bytes are more than a file of this kind can have",
			file->size);
		return NULL;
	}
	g_autofree guint8 *bytes = g_malloc(MAX(file->size, 1));
	if (!file_read(file, 0, file->size, bytes, error))
		return NULL;
	*length = file->size;
	return g_steal_pointer(&bytes);
}

gboolean sealed_commit(Hid file, Output *output, const SealKind *kind, GError **error)
{
	if (H5Fclose(file) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot finish", output_temporary(output));
	gsize length = 0;
	g_autofree guint8 *bytes = read_whole(output_temporary(output), &length, error);
	if (!bytes)
		return FALSE;
	g_autofree char *hash = hash_text(bytes + SEAL_BYTES, length - SEAL_BYTES);
	char block[SEAL_BYTES + 1];
	g_snprintf(block, sizeof block, "tauscope %s %u\nxxh3-128 %s\n%*s", kind->name,
		kind->version, hash, (int)SEAL_BYTES, "");
	block[SEAL_BYTES - 1] = '\n';
	return output_write(output, 0, block, SEAL_BYTES, error) && output_commit(output, error);
}

static gboolean check_seal(
	const char *path, const SealKind *kind, const guint8 *bytes, gsize length, GError **error)
{
	Place place = {.file = path};
	g_autofree char *start = g_strdup_printf("tauscope %s ", kind->name);
	char block[SEAL_BYTES + 1] = {0}, hash[33] = {0};
	guint version = 0;
	memcpy(block, bytes, MIN(length, SEAL_BYTES));
	if (!g_str_has_prefix(block, start))
		return fail_at(error, ERROR_INPUT, place, "this is not a tauscope %s", kind->name);
	if (sscanf(block + strlen(start), "%9u\nxxh3-128 %32[0-9a-f]\n", &version, hash) < 1)
		return fail_at(error, ERROR_INPUT, place, "the first line is damaged");
	if (version > kind->version)
		return fail_at(error, ERROR_INPUT, place,
			"written by a newer tauscope: layout %u, and this program reads %u",
			version, kind->version);
	place.remedy = "restore it from a copy, or load the checkpoints into a new store";
	g_autofree char *found =
		length > SEAL_BYTES ? hash_text(bytes + SEAL_BYTES, length - SEAL_BYTES) : NULL;
	if (g_strcmp0(found, hash) != 0)
		return fail_at(error, ERROR_INPUT, place,
			"damaged: the contents do not match their checksum");
	return TRUE;
}

/* The library wants a name that no file has, and that no other open image has: nothing can lie
 * below a device. */
static Hid open_image(const char *path, guint8 *bytes, gsize length, GError **error)
{
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_fapl_core(access, 65536, FALSE);
	if (H5Pset_file_image(access, bytes, length) < 0) {
		hdf5_fail(error, ERROR_INPUT, "cannot take into memory", path);
		return H5I_INVALID_HID;
	}
	g_autofree char *name = g_strdup_printf("/dev/null/%s", path);
	Hid file = H5Fopen(name, H5F_ACC_RDONLY, access);
	if (file < 0)
		hdf5_fail(error, ERROR_INPUT, "cannot open", path);
	return file;
}

Hid sealed_open(const char *path, const SealKind *kind, GError **error)
{
	gsize length = 0;
	hdf5_quiet();
	g_autofree guint8 *bytes = read_whole(path, &length, error);
	if (!bytes || !check_seal(path, kind, bytes, length, error))
		return H5I_INVALID_HID;
	return open_image(path, bytes, length, error);
}

gboolean sealed_is(const char *path, const SealKind *kind)
{
	g_autoptr(File) file = file_open(path, NULL);
	g_autofree char *start = g_strdup_printf("tauscope %s ", kind->name);
	char head[64] = {0};
	return file && file->size >= sizeof head &&
	       file_read(file, 0, sizeof head - 1, head, NULL) && g_str_has_prefix(head, start);
}
