/* kernel.c - what the instruction sets share: the choice among them, made when the program runs. */
#include "analysis/kernel.h"

void coding_init(Coding *coding, Dtype dtype)
{
	guint8 codes[256];
	coding->dtype = dtype;
	if (dtype_info(dtype)->bits != 8)
		return;
	for (guint i = 0; i < 256; i++)
		codes[i] = (guint8)i;
	dtype_decode_double(dtype, codes, 256, coding->value);
}

void kernel_list(const Kernel *kernels[4])
{
	guint count = 0;
#ifdef __x86_64__
	__builtin_cpu_init();
	gboolean avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl"))
		kernels[count++] = &kernel_avx512;
	if (avx2)
		kernels[count++] = &kernel_avx2;
#endif
	kernels[count++] = &kernel_plain;
	kernels[count] = NULL;
}

const Kernel *kernel_choose(void)
{
	const Kernel *kernels[4];
	kernel_list(kernels);
	return kernels[0];
}
