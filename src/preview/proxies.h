/* proxies.h - what an edit that is not linear is likely made of: a few vectors z whose inner
 * products with each other and with the tasks are exact from the Gram tables.
 *
 * Each of the tasks that take part, with its coefficients were every method the sum of its inputs;
 * of many tasks the largest, and the sum of the others. */
#ifndef TAUSCOPE_PROXIES_H
#define TAUSCOPE_PROXIES_H

#include "preview/preview_sample.h"

#define PROXIES_MOST 4u

typedef struct {
	const Collection *collection;
	const Gram *gram;
	guint vectors, count;
	gint *proxy;          /* [vectors]: which proxy a vector is in, or -1 */
	double *coefficients; /* [tensors][vectors] */
	gint base;            /* the proxy of θ₀, or -1 */
	double mean_square;   /* Σ z² of an element on average, without θ₀'s */
} Proxies;

Proxies *proxies_new(const Collection *collection, const Gram *gram, const Node *edit);
void proxies_free(Proxies *proxies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Proxies, proxies_free)

/* The proxies' values on the n elements of a sample on one tensor: z[count][n]. */
void proxies_values(
	const Proxies *proxies, const PrepareSample *sample, guint tensor, guint64 n, double *z);
/* Σ z² of each of the n elements, without θ₀'s. */
void proxies_sizes(const Proxies *proxies, const double *z, guint64 n, double *size);
/* The largest z² of an element of a tensor, of all that are not θ₀'s. */
double proxies_largest(const Proxies *proxies, const PreviewSample *sample, guint tensor);
/* On a whole tensor: pairs, packed as gram_packed gives it, and products[count][tasks]; FALSE where
 * they are not known. */
gboolean proxies_products(const Proxies *proxies, guint tensor, const guint *task, guint tasks,
	double *pairs, double *products);

#endif
