/* fuzz_torch.c - any bytes as an archive of PyTorch, or, where they are no ZIP, as the pickle of
 * one, so that what is altered reaches the walk over its values. */
#include "fuzz.h"

#include "../unit/archives.h"
#include "checkpoint/archive.h"

/* An archive around a pickle; which byte order, and whether TorchScript, depends on its length. */
static GByteArray *pack(const guint8 *pickle, size_t size)
{
	static const guint8 storage[4096] = {1, 2, 3, 4, 5, 6, 7, 8};
	const char *order = size % 2 == 0 ? "little" : "big";
	const TestEntry entries[] = {
		{.name = "a/data.pkl", .data = pickle, .length = size},
		{.name = "a/byteorder", .data = order, .length = strlen(order)},
		{.name = "a/data/0", .data = storage, .length = sizeof storage},
		{.name = "a/data/1", .data = storage, .length = sizeof storage, .deflate = TRUE},
		{.name = "a/data/2", .data = storage, .length = 64},
		{.name = "a/data/3", .data = "", .length = 0},
		{.name = "a/constants.pkl", .data = "", .length = 0},
	};
	guint count = size % 3 == 0 ? G_N_ELEMENTS(entries) : G_N_ELEMENTS(entries) - 1;
	return test_zip(entries, count);
}

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	if (size >= 2 && memcmp(bytes, "PK", 2) == 0) {
		fuzz_read(&archive_format, bytes, size);
		return 0;
	}
	g_autoptr(GByteArray) archive = pack(bytes, size);
	fuzz_read(&archive_format, archive->data, archive->len);
	return 0;
}
