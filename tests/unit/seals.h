/* seals.h - stores as someone would change them who knows the seal and wants to be believed. */
#ifndef TAUSCOPE_TEST_SEALS_H
#define TAUSCOPE_TEST_SEALS_H

#include "store/sealed.h"
#include "stores.h"

#include <xxhash.h>

/* Writes the checksum of what is there now. */
static inline void seal_bytes(char *bytes, gsize length, guint version)
{
	XXH128_hash_t hash = XXH3_128bits(bytes + SEAL_BYTES, length - SEAL_BYTES);
	char *end = bytes + g_snprintf(bytes, SEAL_BYTES,
				    "tauscope store %u\nxxh3-128 %016" G_GINT64_MODIFIER
				    "x%016" G_GINT64_MODIFIER "x\n",
				    version, hash.high64, hash.low64);
	*end = ' ';
}

static inline void seal_file(const char *path)
{
	g_autofree char *bytes = NULL;
	gsize length = 0;
	g_assert_true(g_file_get_contents(path, &bytes, &length, NULL));
	seal_bytes(bytes, length, 1);
	test_write(path, bytes, length);
}

/* Changes one field of the first row of a table, and seals the store again. */
static inline void rewrite_field(
	const char *path, const char *dataset, const char *field, Hid type, const void *value)
{
	hdf5_quiet();
	{
		g_auto(Hid) file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
		g_auto(Hid) table = H5Dopen2(file, dataset, H5P_DEFAULT);
		g_auto(Hid) space = H5Dget_space(table);
		g_auto(Hid) memory = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
		H5Tinsert(memory, field, 0, type);
		hsize_t first = 0, one = 1;
		g_auto(Hid) row = H5Screate_simple(1, &one, NULL);
		H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &one, NULL);
		g_assert_cmpint(H5Dwrite(table, memory, row, space, H5P_DEFAULT, value), >=, 0);
	}
	seal_file(path);
}

static inline void rewrite_number(
	const char *path, const char *dataset, const char *field, guint64 number)
{
	rewrite_field(path, dataset, field, H5T_NATIVE_UINT64, &number);
}

static inline void rewrite_text(
	const char *path, const char *dataset, const char *field, const char *text)
{
	g_auto(Hid) type = H5Tcopy(H5T_C_S1);
	H5Tset_size(type, strlen(text) + 1);
	H5Tset_cset(type, H5T_CSET_UTF8);
	rewrite_field(path, dataset, field, type, text);
}

static inline void assert_not_opened(const char *path, int code, const char *text)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(Store) store = store_open(path, &error);
	g_assert_null(store);
	test_error(error, code, text);
}

#endif
