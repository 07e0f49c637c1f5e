/* torches.h - checkpoints that tests write as PyTorch would, from the notation of pickles, and what
 * is asked of them when they are open. */
#ifndef TAUSCOPE_TEST_TORCHES_H
#define TAUSCOPE_TEST_TORCHES_H

#include "checkpoint/checkpoint.h"
#include "notation.h"

#define T0 FLOATS("0", "4", "1")
#define T1 FLOATS("1", "4", "1")
#define T2 FLOATS("2", "4", "1")
#define STORAGES 4

/* Element i of storage k is 100 k + i: floats in storages 0, 1 and 2, bfloat16 in storage 3. */
static inline GByteArray *make_storage(guint k, gboolean swapped)
{
	GByteArray *bytes = g_byte_array_new();

	for (guint i = 0; i < 16; i++) {
		float value = (float)(100 * k + i);
		guint32 bits;
		memcpy(&bits, &value, sizeof bits);
		if (k == 3)
			put16(bytes, bits >> 16);
		else
			put32(bytes, swapped ? GUINT32_SWAP_LE_BE(bits) : bits);
	}
	return bytes;
}

static inline GByteArray *make_archive(const char *notation, const char *byte_order)
{
	g_autoptr(GByteArray) pickle = test_pickle(notation);
	GByteArray *storages[STORAGES];

	for (guint k = 0; k < STORAGES; k++)
		storages[k] = make_storage(k, strcmp(byte_order, "big") == 0);
	GByteArray *archive = test_torch_archive(pickle, byte_order, storages, STORAGES);
	for (guint k = 0; k < STORAGES; k++)
		g_byte_array_unref(storages[k]);
	return archive;
}

static inline Checkpoint *open_bytes(const GByteArray *bytes, GError **error)
{
	char *folder = test_folder();
	g_autofree char *path = g_build_filename(folder, "model.pt", NULL);

	test_write(path, bytes->data, bytes->len);
	Checkpoint *checkpoint = checkpoint_open(path, error);
	test_folder_remove(folder);
	return checkpoint;
}

static inline Checkpoint *open_notation(const char *notation, GError **error)
{
	g_autoptr(GByteArray) archive = make_archive(notation, "little");
	return open_bytes(archive, error);
}

static inline Checkpoint *open_well(const char *notation)
{
	g_autoptr(GError) error = NULL;
	Checkpoint *checkpoint = open_notation(notation, &error);
	g_assert_no_error(error);
	return checkpoint;
}

static inline char *list_tensors(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		g_string_append_printf(list, " %s", checkpoint_tensor(checkpoint, i)->name);
	return g_string_free(list, FALSE);
}

static inline char *list_tied(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		const char *of = g_hash_table_lookup(checkpoint->aliases, name);
		g_string_append_printf(list, " %s=%s", name, of);
	}
	return g_string_free(list, FALSE);
}

static inline char *list_skipped(const Checkpoint *checkpoint)
{
	GString *list = g_string_new(NULL);
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		g_assert_cmpuint(strlen(skipped->reason), >, 4);
		g_string_append_printf(list, " %s", skipped->name);
	}
	return g_string_free(list, FALSE);
}

static inline void check_told(const Checkpoint *checkpoint, const char *key, const char *wanted)
{
	const char *told = g_hash_table_lookup(checkpoint->about, key);
	g_assert_cmpstr(told != NULL ? told : "", ==, wanted);
}

static inline void check_refused(const GError *error, const char *says)
{
	test_error(error, ERROR_INPUT, says);
	g_assert_nonnull(strstr(error->message, "model.pt: "));
	g_assert_cmpuint(strlen(error->message), <, 1000);
}

#endif
