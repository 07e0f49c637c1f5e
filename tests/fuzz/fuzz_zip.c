/* fuzz_zip.c - any bytes as a ZIP archive: refused with a sentence, or entries that lie in the
 * file, apart from each other, and are found by their names. */
#include "fuzz.h"

#include "checkpoint/zip.h"

#define READ_MOST (1u << 20)

static void check_entry(const Zip *zip, const File *file, const ZipEntry *entry)
{
	g_autoptr(GError) error = NULL;
	gsize length = 0;

	fuzz_check(g_utf8_validate(entry->name, -1, NULL) && *entry->name);
	fuzz_check(zip_find(zip, entry->name) == entry);
	fuzz_check(entry->header < entry->offset);
	fuzz_check(span_within(entry->offset, entry->stored, file->size));
	fuzz_check(entry->deflated || entry->stored == entry->size);
	g_autofree char *bytes = zip_read(zip, entry, READ_MOST, &length, &error);
	fuzz_check((bytes != NULL) == (error == NULL));
	fuzz_check(bytes == NULL || length == entry->size);
	if (bytes != NULL)
		fuzz_check(zip_check(zip, entry, NULL));
}

static void check_apart(const ZipEntry *a, const ZipEntry *b)
{
	fuzz_check(a->offset + a->stored <= b->header || b->offset + b->stored <= a->header);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	g_autoptr(File) file = fuzz_file(bytes, size);
	g_autoptr(GError) error = NULL;
	g_autoptr(Zip) zip = zip_open(file, &error);

	if (zip == NULL) {
		fuzz_check(error != NULL && *error->message);
		return 0;
	}
	for (guint i = 0; i < zip_count(zip) && i < 64; i++) {
		check_entry(zip, file, zip_entry(zip, i));
		for (guint j = 0; j < i; j++)
			check_apart(zip_entry(zip, i), zip_entry(zip, j));
	}
	return 0;
}
