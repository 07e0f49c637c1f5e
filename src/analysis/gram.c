/* gram.c - what inner products alone can tell about task vectors.
 *
 * Every norm, cosine and linear preview is a function of these small tables, so the weights are
 * read once and never again. */
#include "analysis/gram.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

#define CELLS_MOST (G_GUINT64_CONSTANT(1) << 33)

gsize gram_packed(guint i, guint j)
{
	gsize high = MAX(i, j), low = MIN(i, j);
	return high * (high + 1) / 2 + low;
}

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

static double *table_of(const Gram *gram, guint tensor)
{
	return gram->products + tensor * packed_cells(gram->vectors);
}

double *gram_cell(const Gram *gram, guint tensor, guint i, guint j)
{
	return table_of(gram, tensor) + gram_packed(i, j);
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
		const double *table = table_of(gram, g_array_index(scope->tensors, guint, t));
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
		const double *table = table_of(gram, g_array_index(scope->tensors, guint, t));
		for (gsize i = 0; i < cells; i++)
			out[i] += table[cell[i]];
	}
}

/* Rows are walked once: ⟨vᵢ, vⱼ⟩ serves row i and column j.  What has coefficient 0 is left out
 * and not multiplied, since an unknown product is NaN. */
double gram_linear(const Gram *gram, guint tensor, const double *c, double *products)
{
	const double *row = table_of(gram, tensor);
	double square = 0;
	for (guint i = 0; i < gram->vectors; row += ++i) {
		double before = 0;
		for (guint j = 0; j < i; j++)
			if (c[j] != 0)
				before += c[j] * row[j];
		products[i] += before;
		if (c[i] == 0)
			continue;
		for (guint j = 0; j <= i; j++)
			products[j] += c[i] * row[j];
		square += c[i] * (2 * before + c[i] * row[i]);
	}
	return square;
}
