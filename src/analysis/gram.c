/* gram.c - what inner products alone can tell about task vectors.
 *
 * Every norm, cosine and linear preview is a function of these small tables, so the weights are
 * read once and never again. */
#include "analysis/gram.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

#define CELLS_MOST (G_GUINT64_CONSTANT(1) << 33)

static gsize packed_cells(guint vectors)
{
	return (gsize)vectors * ((gsize)vectors + 1) / 2;
}

/* Takes the products. */
static Gram *gram_with(guint tensors, guint vectors, double *products)
{
	Gram *gram = g_new0(Gram, 1);
	gsize cells = tensors * packed_cells(vectors);
	gram->tensors = tensors;
	gram->vectors = vectors;
	gram->products = products;
	for (gsize i = 0; i < cells; i++)
		gram->products[i] = NAN;
	return gram;
}

Gram *gram_new(guint tensors, guint vectors)
{
	gsize cells = tensors * packed_cells(vectors);
	return gram_with(tensors, vectors, g_new(double, MAX(cells, 1)));
}

Gram *gram_try_new(guint tensors, guint vectors, GError **error)
{
	guint64 cells;
	double *products = NULL;
	if (g_uint64_checked_mul(&cells, packed_cells(vectors), tensors) && cells <= CELLS_MOST)
		products = g_try_new(double, MAX(cells, 1));
	if (products != NULL)
		return gram_with(tensors, vectors, products);
	fail(error, ERROR_INPUT,
		"the inner products of %u vectors on %u tensors do not fit into memory", vectors,
		tensors);
	return NULL;
}

void gram_free(Gram *gram)
{
	if (gram == NULL)
		return;
	g_free(gram->products);
	g_free(gram);
}

double gram_product(const Gram *gram, const Scope *scope, guint i, guint j)
{
	double sum = 0;
	for (guint t = 0; t < scope->tensors->len; t++)
		sum += *gram_cell(gram, g_array_index(scope->tensors, guint, t), i, j);
	return sum;
}

double gram_norm(const Gram *gram, const Scope *scope, guint i)
{
	return sqrt(gram_product(gram, scope, i, i));
}

double cosine_of(double product, double norm_a, double norm_b)
{
	if (!(norm_a > 0 && norm_b > 0))
		return NAN;
	return CLAMP(product / norm_a / norm_b, -1.0, 1.0);
}

void gram_sum(const Gram *gram, const Scope *scope, double *out)
{
	gsize cells = packed_cells(gram->vectors);
	memset(out, 0, cells * sizeof *out);
	for (guint t = 0; t < scope->tensors->len; t++) {
		const double *table = gram_table(gram, g_array_index(scope->tensors, guint, t));
		for (gsize i = 0; i < cells; i++)
			out[i] += table[i];
	}
}

void gram_sum_of(const Gram *gram, const Scope *scope, const guint *member, guint n, double *out)
{
	gsize cells = packed_cells(n);
	g_autofree gsize *cell = g_new(gsize, cells + 1);
	for (guint i = 0; i < n; i++)
		for (guint j = 0; j <= i; j++)
			cell[gram_packed(i, j)] = gram_packed(member[i], member[j]);
	memset(out, 0, cells * sizeof *out);
	for (guint t = 0; t < scope->tensors->len; t++) {
		const double *table = gram_table(gram, g_array_index(scope->tensors, guint, t));
		for (gsize i = 0; i < cells; i++)
			out[i] += table[cell[i]];
	}
}

/* Rows whose sums go on side by side, for each waits for its last summand. */
#define ROWS 4u

/* Σ c·⟨v, ·⟩ over the vectors before each of ROWS rows from k on; of those beyond n nothing. */
static void sum_before(const double *table, const double *c, const guint *vector, guint n, guint k,
	double sum[ROWS])
{
	const double *a = table + gram_packed(vector[k], 0);
	const double *b = table + gram_packed(vector[MIN(k + 1, n - 1)], 0);
	const double *d = table + gram_packed(vector[MIN(k + 2, n - 1)], 0);
	const double *e = table + gram_packed(vector[MIN(k + 3, n - 1)], 0);
	double of_a = 0, of_b = 0, of_d = 0, of_e = 0;
	for (guint l = 0; l < k; l++) {
		guint at = vector[l];
		double by = c[at];
		if (by == 0)
			continue;
		of_a += by * a[at];
		of_b += by * b[at];
		of_d += by * d[at];
		of_e += by * e[at];
	}
	memcpy(sum, (const double[]){of_a, of_b, of_d, of_e}, ROWS * sizeof *sum);
	for (guint r = 1; r < ROWS && k + r < n; r++)
		for (guint l = k; l < k + r; l++)
			if (c[vector[l]] != 0)
				sum[r] +=
					c[vector[l]] * table[gram_packed(vector[k + r], vector[l])];
}

/* Adds what the row of one vector says, for which the sum before its own cell is known. */
static double add_row(const double *row, const double *c, const guint *vector, guint k,
	double before, double *products)
{
	double by = c[vector[k]];
	products[vector[k]] += before;
	if (by == 0)
		return 0;
	for (guint l = 0; l <= k; l++)
		products[vector[l]] += by * row[vector[l]];
	return by * (2 * before + by * row[vector[k]]);
}

/* Rows are walked once: ⟨vᵢ, vⱼ⟩ serves row i and column j.  What has coefficient 0 is left out
 * and not multiplied, since an unknown product is NaN. */
double gram_linear_of(const Gram *gram, guint tensor, const double *c, const guint *vector, guint n,
	double *products)
{
	const double *table = gram_table(gram, tensor);
	double square = 0, before[ROWS];
	for (guint k = 0; k < n; k++) {
		if (k % ROWS == 0)
			sum_before(table, c, vector, n, k, before);
		square += add_row(table + gram_packed(vector[k], 0), c, vector, k, before[k % ROWS],
			products);
	}
	return square;
}

double gram_linear(const Gram *gram, guint tensor, const double *c, double *products)
{
	g_autofree guint *all = g_new(guint, gram->vectors);
	for (guint i = 0; i < gram->vectors; i++)
		all[i] = i;
	return gram_linear_of(gram, tensor, c, all, gram->vectors, products);
}
