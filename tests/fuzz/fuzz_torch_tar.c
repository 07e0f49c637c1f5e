/* fuzz_torch_tar.c - any bytes as what torch wrote before 0.2, a tar archive. */
#include "checkpoint/torch.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	torch_tar_format.detect(bytes, MIN(size, 4096), size);
	fuzz_read(&torch_tar_format, bytes, size);
	return 0;
}
