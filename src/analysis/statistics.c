/* statistics.c - what the pass keeps of one member's tensors beside its inner products. */
#include "analysis/pass.h"

#include <math.h>

static double *unknowns(guint count)
{
	double *values = g_new(double, MAX(count, 1));
	for (guint i = 0; i < count; i++)
		values[i] = NAN;
	return values;
}

static float *unknown_sample(guint64 count)
{
	float *sample = g_new(float, count);
	for (guint64 i = 0; i < count; i++)
		sample[i] = NAN;
	return sample;
}

Statistics *statistics_new(guint tensors, guint64 sampled)
{
	Statistics *statistics = g_new0(Statistics, 1);
	statistics->minimum = unknowns(tensors);
	statistics->maximum = unknowns(tensors);
	statistics->largest_change = g_new0(double, MAX(tensors, 1));
	statistics->nonfinite = g_new0(guint64, MAX(tensors, 1));
	statistics->hash = g_new0(guint64, MAX(tensors, 1));
	statistics->sample = sampled > 0 ? unknown_sample(sampled) : NULL;
	return statistics;
}

void statistics_free(Statistics *statistics)
{
	if (statistics == NULL)
		return;
	g_free(statistics->minimum);
	g_free(statistics->maximum);
	g_free(statistics->largest_change);
	g_free(statistics->nonfinite);
	g_free(statistics->hash);
	g_free(statistics->sample);
	g_free(statistics);
}
