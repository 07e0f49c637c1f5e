/* strands.c - the vectors of one tensor, worked on block by block: decode, subtract, multiply.
 *
 * Most pairs are multiplied in single precision.  A pair goes the wide way in a block where one of
 * the two does not fit, and always where both are wide; so its bits depend on its two alone. */
#include "analysis/strands.h"

#include <string.h>

#define ALIGNMENT 64u

static gsize cells_of(guint rows)
{
	return (gsize)rows * (rows + 1) / 2;
}

gsize strands_bytes(guint vectors, gsize cells)
{
	gsize numbers = KERNEL_BLOCK * sizeof(float) + KERNEL_BLOCK_WIDE * sizeof(double);
	return vectors * numbers + cells * (KERNEL_LANES + 2) * sizeof(double);
}

void strands_init(Strands *strands, guint vectors, gsize cells)
{
	*strands = (Strands){0};
	strands->memory = g_aligned_alloc(1, strands_bytes(vectors, cells), ALIGNMENT);
	strands->strand = g_new0(Strand, vectors);
	strands->vector = g_new(float *, vectors);
	strands->wide = g_new(double *, vectors);
	strands->chosen = g_new(double *, vectors);
	strands->place = g_new(guint, vectors);
	double *wide = strands->memory;
	float *vector = (float *)(wide + (gsize)vectors * KERNEL_BLOCK_WIDE);
	for (guint v = 0; v < vectors; v++) {
		strands->wide[v] = wide + (gsize)v * KERNEL_BLOCK_WIDE;
		strands->vector[v] = vector + (gsize)v * KERNEL_BLOCK;
		strands->strand[v].state = XXH3_createState();
	}
	strands->lanes = (double *)(vector + (gsize)vectors * KERNEL_BLOCK);
	strands->sums = strands->lanes + cells * KERNEL_LANES;
	strands->products = strands->sums + cells;
}

void strands_clear(Strands *strands, guint vectors)
{
	for (guint v = 0; v < vectors; v++)
		XXH3_freeState(strands->strand[v].state);
	g_free(strands->strand);
	g_free(strands->vector);
	g_free(strands->wide);
	g_free(strands->chosen);
	g_free(strands->place);
	g_aligned_free(strands->memory);
}

static gsize cells(const Strands *strands)
{
	return cells_of(strands->count) - cells_of(strands->first);
}

static void strand_begin(Strand *strand)
{
	strand->extremes = EXTREMES_NONE;
	XXH3_64bits_reset(strand->state);
}

void strands_begin(Strands *strands)
{
	memset(strands->lanes, 0, cells(strands) * KERNEL_LANES * sizeof *strands->lanes);
	memset(strands->sums, 0, cells(strands) * sizeof *strands->sums);
	for (guint v = 0; v < strands->count; v++)
		strand_begin(&strands->strand[v]);
}

/* Whether the vector's extremes are found in double. */
static gboolean is_bounded_wide(const Strand *strand)
{
	return strand->wide || strand->difference || !strand->fits;
}

static gsize held_of(const Strand *strand, gsize offset, gsize n)
{
	return strand->held > offset ? MIN(n, strand->held - offset) : 0;
}

static gboolean is_subtracted(const Strands *strands, guint v)
{
	return v != strands->base && !strands->strand[v].difference;
}

/* Right before its bytes are decoded, so that they are read into the nearest cache once. */
static void take_hash(Strands *strands, const Kernel *kernel, guint v, gsize offset, gsize n)
{
	Strand *strand = &strands->strand[v];
	gsize held = held_of(strand, offset, n);
	if (v >= strands->first)
		kernel->hash(
			strand->state, strand->raw + offset * strand->size, held * strand->size);
}

static void load(Strands *strands, const Kernel *kernel, guint v, gsize offset, gsize n)
{
	Strand *strand = &strands->strand[v];
	const float *base = is_subtracted(strands, v) ? strands->vector[strands->base] : NULL;
	gsize held = held_of(strand, offset, n);
	float *out = strands->vector[v];
	Extremes found = strand->extremes;
	strand->fits = kernel->change(
		&strand->coding, strand->raw + offset * strand->size, base, held, out, &found);
	memset(out + held, 0, (KERNEL_BLOCK - held) * sizeof *out);
	if (!is_bounded_wide(strand))
		strand->extremes = found;
}

/* The elements are τ themselves; θ is made for its extremes. */
static void bound_difference(
	Extremes *extremes, const Extremes *own, const double *base, const double *change, gsize n)
{
	extremes->nonfinite += own->nonfinite;
	for (gsize i = 0; i < n; i++) {
		double theta = base[i] + change[i];
		if (!isfinite(theta))
			continue;
		extremes->minimum = MIN(extremes->minimum, theta);
		extremes->maximum = MAX(extremes->maximum, theta);
		extremes->largest_change = MAX(extremes->largest_change, fabs(change[i]));
	}
}

static void load_wide(Strands *strands, const Kernel *kernel, guint v, gsize offset, gsize n)
{
	Strand *strand = &strands->strand[v];
	const double *theta = strands->wide[strands->base];
	gsize held = held_of(strand, offset, n);
	double *out = strands->wide[v];
	Extremes found = strand->difference ? EXTREMES_NONE : strand->extremes;
	kernel->change_wide(&strand->coding, strand->raw + offset * strand->size,
		is_subtracted(strands, v) ? theta : NULL, held, out, &found);
	memset(out + held, 0, (KERNEL_BLOCK_WIDE - held) * sizeof *out);
	if (strand->difference)
		bound_difference(&strand->extremes, &found, theta, out, held);
	else if (is_bounded_wide(strand))
		strand->extremes = found;
}

/* Nothing fits beside a base that does not. */
static void load_beside(Strands *strands, const Kernel *kernel, guint v, gsize offset, gsize n)
{
	if (strands->strand[strands->base].fits) {
		load(strands, kernel, v, offset, n);
	} else {
		strands->strand[v].fits = FALSE;
		memset(strands->vector[v], 0, KERNEL_BLOCK * sizeof *strands->vector[v]);
	}
}

/* The block of all vectors in single precision; returns how many fit. */
static guint load_all(Strands *strands, const Kernel *kernel, gsize offset, gsize n)
{
	guint fit = 0;
	load(strands, kernel, strands->base, offset, n);
	for (guint v = 0; v < strands->count; v++) {
		take_hash(strands, kernel, v, offset, n);
		if (v != strands->base)
			load_beside(strands, kernel, v, offset, n);
		fit += strands->strand[v].fits ? 1 : 0;
	}
	return fit;
}

/* Loads the base and what is wanted of it in double: the vectors that are wide, or all of them, to
 * be multiplied, and differences for their extremes.  Returns how many are to be multiplied, and
 * the first of them that is fresh. */
static guint load_chosen(
	Strands *strands, const Kernel *kernel, gsize offset, gsize n, gboolean all, guint *first)
{
	guint chosen = 0;
	*first = 0;
	load_wide(strands, kernel, strands->base, offset, n);
	for (guint v = 0; v < strands->count; v++) {
		gboolean wanted = all || strands->strand[v].wide;
		if (v != strands->base && (wanted || strands->strand[v].difference))
			load_wide(strands, kernel, v, offset, n);
		if (!wanted)
			continue;
		strands->chosen[chosen] = strands->wide[v];
		strands->place[chosen++] = v;
		*first += v < strands->first ? 1 : 0;
	}
	return chosen;
}

static gboolean are_wide(const Strands *strands, guint i, guint j)
{
	return strands->strand[i].wide && strands->strand[j].wide;
}

static gboolean do_fit(const Strands *strands, guint i, guint j)
{
	return strands->strand[i].fits && strands->strand[j].fits;
}

static void add_wide(Strands *strands, guint first, guint chosen)
{
	const double *product = strands->products;
	for (guint a = first; a < chosen; a++) {
		guint i = strands->place[a];
		for (guint b = 0; b <= a; b++, product++) {
			guint j = strands->place[b];
			gsize cell = cells_of(i) + j - cells_of(strands->first);
			if (are_wide(strands, i, j) || !do_fit(strands, i, j))
				strands->sums[cell] += *product;
		}
	}
}

static void work_wide(Strands *strands, const Kernel *kernel, gsize offset, gsize n, gboolean all)
{
	guint first, chosen = load_chosen(strands, kernel, offset, n, all, &first);
	gsize pairs = cells_of(chosen) - cells_of(first);
	memset(strands->products, 0, pairs * sizeof *strands->products);
	kernel->products_wide(strands->chosen, first, chosen, n, strands->products);
	add_wide(strands, first, chosen);
}

/* How many vectors must be looked at in double whatever the block holds. */
static guint count_wide(const Strands *strands, guint *differences)
{
	guint wide = 0;
	*differences = 0;
	for (guint v = 0; v < strands->count; v++) {
		wide += strands->strand[v].wide ? 1 : 0;
		*differences += strands->strand[v].difference ? 1 : 0;
	}
	return wide;
}

static void hash_all(Strands *strands, const Kernel *kernel, gsize offset, gsize n)
{
	for (guint v = strands->first; v < strands->count; v++)
		take_hash(strands, kernel, v, offset, n);
}

void strands_work(Strands *strands, const Kernel *kernel, gsize offset, gsize n)
{
	guint differences, wide = count_wide(strands, &differences), fit = strands->count;
	if (wide < strands->count)
		fit = load_all(strands, kernel, offset, n);
	else
		hash_all(strands, kernel, offset, n);
	if (wide < strands->count && fit > 0)
		kernel->products(
			strands->vector, strands->first, strands->count, n, strands->lanes);
	if (wide > 0 || differences > 0 || fit < strands->count)
		for (gsize at = 0; at < n; at += KERNEL_BLOCK_WIDE)
			work_wide(strands, kernel, offset + at, MIN(KERNEL_BLOCK_WIDE, n - at),
				fit < strands->count);
}

static double total_of(const double lanes[KERNEL_LANES])
{
	double total = 0;
	for (guint i = 0; i < KERNEL_LANES; i++)
		total += lanes[i];
	return total;
}

void strands_total(const Strands *strands, double *sums)
{
	const double *wide = strands->sums, *lanes = strands->lanes;
	for (guint i = strands->first; i < strands->count; i++) {
		for (guint j = 0; j <= i; j++, lanes += KERNEL_LANES) {
			double single = are_wide(strands, i, j) ? 0 : total_of(lanes);
			*sums++ = single + *wide++;
		}
	}
}
