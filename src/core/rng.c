/* rng.c - SplitMix64 read at any place: Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014; the constants of its finaliser are David Stafford's "Mix13". */
#include "core/rng.h"

#include "core/variants.h"

#include <sys/random.h>

#define GOLDEN_GAMMA G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)

static guint64 mix(guint64 z)
{
	z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* FNV-1a, 64 bits. */
static guint64 hash_name(const char *name)
{
	guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
	for (; *name; name++)
		hash = (hash ^ (guchar)*name) * G_GUINT64_CONSTANT(0x100000001b3);
	return hash;
}

guint64 rng_key(guint64 seed, const char *tensor)
{
	return mix(mix(seed + GOLDEN_GAMMA) ^ hash_name(tensor));
}

guint64 rng_bits(guint64 key, guint64 index)
{
	return mix(key + (index + 1) * GOLDEN_GAMMA);
}

double rng_uniform(guint64 key, guint64 index)
{
	return (double)(rng_bits(key, index) >> 11) * 0x1p-53;
}

CPU_VARIANTS void rng_uniforms(guint64 key, guint64 index, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] =
			(double)(gint64)(mix(key + (index + i + 1) * GOLDEN_GAMMA) >> 11) * 0x1p-53;
}

guint64 rng_unforeseen(void)
{
	guint64 number = 0;
	if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
		number = mix((guint64)g_get_monotonic_time() ^ (guint64)(gsize)&number);
	return number;
}
