/* noise.c - weights whose task vectors have known cosines. */
#include "noise.h"

#include "core/rng.h"

#include <math.h>

#define GROUP 4u
/* The deviation of a sum of two whole numbers from 0 to 65535. */
#define LANES_DEVIATION 26754.9596

const char *const noise_pattern_names[NOISE_PATTERNS] = {"equal", "groups", "opposed"};

guint noise_group(const Noise *noise, guint task)
{
	return noise->pattern == NOISE_GROUPS ? (task - 1) / GROUP : 0;
}

static double sign_of(const Noise *noise, guint task)
{
	return noise->pattern == NOISE_OPPOSED && task % 2 == 0 ? -1 : 1;
}

double noise_cosine(const Noise *noise, guint i, guint j)
{
	if (i == j)
		return 1;
	if (noise_group(noise, i) != noise_group(noise, j))
		return 0;
	return noise->rho * sign_of(noise, i) * sign_of(noise, j);
}

double noise_rounding(Dtype dtype)
{
	int bits = dtype == DTYPE_BF16 ? 7 : dtype == DTYPE_F16 ? 10 : 23;
	double spacing = ldexp(1, -bits);
	double base = NOISE_BASE / NOISE_TASK;
	return spacing * spacing / 12 * (base * base + 1);
}

guint64 noise_base(void)
{
	return 0;
}

guint64 noise_own(guint task)
{
	return task;
}

guint64 noise_shared(guint group)
{
	return (guint64)1 << 32 | group;
}

static double sum_lanes(guint64 bits)
{
	gint sum = (gint)((bits & 0xffff) + (bits >> 16 & 0xffff));
	return (double)(sum - 65535) * (1 / LANES_DEVIATION);
}

/* Of 64 random bits, half for an element and half for the next. */
void noise_draw(guint64 stream, const char *tensor, guint64 first, gsize n, double *out)
{
	guint64 key = rng_key(stream, tensor);
	g_assert(first % 2 == 0);
	for (gsize i = 0; i < n; i += 2) {
		guint64 bits = rng_bits(key, (first + i) / 2);
		out[i] = sum_lanes(bits);
		if (i + 1 < n)
			out[i + 1] = sum_lanes(bits >> 32);
	}
}

void noise_add(const Noise *noise, guint task, const double *base, const double *shared, gsize n,
	double *own)
{
	double common = NOISE_TASK * sign_of(noise, task) * sqrt(noise->rho);
	double alone = NOISE_TASK * sqrt(1 - noise->rho);
	for (gsize i = 0; i < n; i++)
		own[i] = base[i] + common * shared[i] + alone * own[i];
}
