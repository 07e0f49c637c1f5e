/* fuzz_torch_legacy.c - any bytes as what torch wrote before its ZIP format: pickles in a row, then
 * the storages. */
#include "checkpoint/torch.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	torch_legacy_format.detect(bytes, MIN(size, 4096), size);
	fuzz_read(&torch_legacy_format, bytes, size);
	return 0;
}
