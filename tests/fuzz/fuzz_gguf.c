/* fuzz_gguf.c - any bytes as a GGUF file: refused with a sentence, or tensors that can be read. */
#include "fuzz.h"

#include "checkpoint/gguf.h"

int LLVMFuzzerTestOneInput(const guint8 *bytes, size_t size)
{
	fuzz_read(&gguf_format, bytes, size);
	return 0;
}
