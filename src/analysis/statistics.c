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

void sample_forget(float *sample, guint64 from, guint64 to)
{
	for (guint64 i = from; i < to; i++)
		sample[i] = NAN;
}

Statistics *statistics_new(guint tensors, guint64 sampled)
{
	Statistics *statistics = g_new0(Statistics, 1);
	statistics->minimum = unknowns(tensors);
	statistics->maximum = unknowns(tensors);
	statistics->largest_change = g_new0(double, MAX(tensors, 1));
	statistics->nonfinite = g_new0(guint64, MAX(tensors, 1));
	statistics->hash = g_new0(guint64, MAX(tensors, 1));
	statistics->sample = sampled > 0 ? g_new(float, sampled) : NULL;
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
