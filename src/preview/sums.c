/* sums.c - what is known of an edit on each tensor, without λ: sums that groups of tensors add up.
 */
#include "preview/sums.h"

#include "analysis/pass.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

/* The upper end of the middle 95 %.  Of few parts, where few large changes matter most, the middle
 * 99 % that normal errors would have holds 95 % (tests/unit/test_estimate.c). */
#define UPPER 0.975
#define UPPER_OF_PARTS 0.995

static SumRows rows_new(guint tensors, guint tasks)
{
	return (SumRows){
		g_new0(double, (gsize)tensors + 1), g_new0(double, (gsize)tensors *tasks + 1)};
}

static void rows_clear(SumRows *rows)
{
	g_free(rows->square);
	g_free(rows->product);
}

Sums *sums_new(guint tensors, guint tasks)
{
	Sums *sums = g_new0(Sums, 1);
	sums->tensors = tensors;
	sums->tasks = tasks;
	sums->value = rows_new(tensors, tasks);
	return sums;
}

void sums_add_spread(Sums *sums)
{
	sums->spread = g_new0(SumSpread, 1);
	sums->spread->variance = rows_new(sums->tensors, sums->tasks);
	sums->spread->covariance = g_new0(double, (gsize)sums->tensors * sums->tasks + 1);
}

SumRows *sums_add_part(Sums *sums)
{
	SumRows part = rows_new(sums->tensors, sums->tasks);
	if (!sums->parts) {
		sums->parts = g_array_new(FALSE, FALSE, sizeof(SumRows));
		g_array_set_clear_func(sums->parts, (GDestroyNotify)rows_clear);
	}
	g_array_append_val(sums->parts, part);
	return &g_array_index(sums->parts, SumRows, sums->parts->len - 1);
}

void sums_free(Sums *sums)
{
	if (!sums)
		return;
	rows_clear(&sums->value);
	if (sums->spread) {
		rows_clear(&sums->spread->variance);
		g_free(sums->spread->covariance);
	}
	g_free(sums->spread);
	g_clear_pointer(&sums->parts, g_array_unref);
	g_free(sums->bound);
	g_free(sums);
}

/* The vectors that take part or are shown, in ascending order: of a long run few do. */
static GArray *vectors_of(const Closed *closed, const guint *task, guint tasks)
{
	g_autofree gboolean *wanted = g_new0(gboolean, closed->vectors);
	GArray *vectors = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < tasks; i++)
		wanted[task[i]] = TRUE;
	for (guint t = 0; t < closed->tensors; t++)
		for (guint v = 0; v < closed->vectors; v++)
			wanted[v] |= closed->c[(gsize)t * closed->vectors + v] != 0;
	for (guint v = 0; v < closed->vectors; v++)
		if (wanted[v])
			g_array_append_val(vectors, v);
	return vectors;
}

Sums *sums_closed(const Closed *closed, const Gram *gram, const guint *task, guint tasks)
{
	Sums *sums = sums_new(closed->tensors, tasks);
	g_autoptr(GArray) vectors = vectors_of(closed, task, tasks);
	g_autofree double *products = g_new(double, closed->vectors);
	for (guint t = 0; t < closed->tensors; t++) {
		memset(products, 0, closed->vectors * sizeof *products);
		sums->value.square[t] =
			gram_linear_of(gram, t, closed->c + (gsize)t * closed->vectors,
				(const guint *)(gpointer)vectors->data, vectors->len, products);
		for (guint i = 0; i < tasks; i++)
			sums->value.product[(gsize)t * tasks + i] = products[task[i]];
	}
	return sums;
}

/* Σ‖c v‖ of the members on one tensor, and of those whose products are wide. */
static double term_sizes(const Collection *collection, const Closed *closed, const Gram *gram,
	guint tensor, double *wide)
{
	const double *c = closed->c + (gsize)tensor * closed->vectors;
	double all = 0;
	*wide = 0;
	for (guint i = 0; i < closed->vectors; i++) {
		if (c[i] == 0)
			continue;
		double size = fabs(c[i]) * sqrt(*gram_cell(gram, tensor, i, i));
		all += size;
		*wide += pass_is_wide(collection, i, tensor) ? size : 0;
	}
	return all;
}

double sums_rounding(const Collection *collection, const Closed *closed, const Gram *gram)
{
	double wide, sum = 0;
	for (guint t = 0; t < closed->tensors; t++) {
		double all = term_sizes(collection, closed, gram, t, &wide);
		sum += isfinite(all) ? all * all - wide * wide : 0;
	}
	return PASS_ERROR * sum;
}

Sums *sums_measured(const Measure *measure, const guint *task, guint tasks)
{
	Sums *sums = sums_new(measure->tensors, tasks);
	memcpy(sums->value.square, measure->square, measure->tensors * sizeof(double));
	for (guint t = 0; t < measure->tensors; t++)
		for (guint i = 0; i < tasks; i++)
			sums->value.product[(gsize)t * tasks + i] =
				measure->products[(gsize)t * measure->members + task[i]];
	return sums;
}

static guint tensor_at(const Scope *scope, guint n)
{
	return g_array_index(scope->tensors, guint, n);
}

/* Variances of independent tensors add up. */
static void add_spread(Total *total, const SumSpread *spread, const Scope *scope)
{
	for (guint n = 0; n < scope->tensors->len; n++) {
		gsize row = (gsize)tensor_at(scope, n) * total->tasks;
		total->square_variance += spread->variance.square[tensor_at(scope, n)];
		for (guint i = 0; i < total->tasks; i++) {
			total->product_variance[i] += spread->variance.product[row + i];
			total->covariance[i] += spread->covariance[row + i];
		}
	}
}

/* What one part says differently of all the tensors together: product[tasks]. */
static double part_error(const SumRows *part, guint tasks, const Scope *scope, double *product)
{
	double square = 0;
	memset(product, 0, tasks * sizeof *product);
	for (guint n = 0; n < scope->tensors->len; n++) {
		gsize row = (gsize)tensor_at(scope, n) * tasks;
		square += part->square[tensor_at(scope, n)];
		for (guint i = 0; i < tasks; i++)
			product[i] += part->product[row + i];
	}
	return square;
}

/* The whole is their mean: its variance is theirs by their number. */
static void add_parts(Total *total, const GArray *parts, const Scope *scope)
{
	g_autofree double *product = g_new(double, total->tasks + 1);
	double by = (double)parts->len * (parts->len - 1);
	for (guint p = 0; p < parts->len; p++) {
		double square =
			part_error(&g_array_index(parts, SumRows, p), total->tasks, scope, product);
		total->square_variance += square * square / by;
		for (guint i = 0; i < total->tasks; i++) {
			total->product_variance[i] += product[i] * product[i] / by;
			total->covariance[i] += product[i] * square / by;
		}
	}
	total->reach = gsl_cdf_tdist_Pinv(UPPER_OF_PARTS, parts->len - 1);
}

static void add_values(
	Total *total, const Sums *sums, const Gram *gram, const guint *task, const Scope *scope)
{
	for (guint n = 0; n < scope->tensors->len; n++) {
		guint t = tensor_at(scope, n);
		const double *table = gram_table(gram, t);
		const double *product = sums->value.product + (gsize)t * sums->tasks;
		total->square += sums->value.square[t];
		total->base_square += table[0];
		for (guint i = 0; i < sums->tasks; i++) {
			total->product[i] += product[i];
			total->task_square[i] += table[gram_packed(task[i], task[i])];
		}
	}
}

/* The product with a task, whose norm it is, is at most that of the norms. */
static void add_product_bound(Total *total, guint task, double value, double bound, double norm)
{
	double most = norm > 0 ? bound * norm : 0;
	total->product_below[task] += fmax(most + value, 0);
	total->product_above[task] += fmax(most - value, 0);
}

/* Where there is a bound, the edit may be 0, or as long as that. */
static void add_bounds(
	Total *total, const Sums *sums, const Gram *gram, const guint *task, const Scope *scope)
{
	for (guint n = 0; n < scope->tensors->len; n++) {
		guint t = tensor_at(scope, n);
		double bound = sums->bound[t], square = sums->value.square[t];
		if (isnan(bound))
			continue;
		total->bounded = TRUE;
		total->square_below += fmax(square, 0);
		total->square_above += fmax(bound * bound - square, 0);
		for (guint i = 0; i < total->tasks; i++)
			add_product_bound(total, i,
				sums->value.product[(gsize)t * total->tasks + i], bound,
				sqrt(*gram_cell(gram, t, task[i], task[i])));
	}
}

Total *total_new(const Sums *sums, const Gram *gram, const guint *task, const Scope *scope)
{
	Total *total = g_new0(Total, 1);
	total->tasks = sums->tasks;
	total->product = g_new0(double, sums->tasks + 1);
	total->task_square = g_new0(double, sums->tasks + 1);
	total->product_variance = g_new0(double, sums->tasks + 1);
	total->covariance = g_new0(double, sums->tasks + 1);
	total->product_below = g_new0(double, sums->tasks + 1);
	total->product_above = g_new0(double, sums->tasks + 1);
	total->reach = gsl_cdf_ugaussian_Pinv(UPPER);
	add_values(total, sums, gram, task, scope);
	if (sums->spread)
		add_spread(total, sums->spread, scope);
	if (sums->parts)
		add_parts(total, sums->parts, scope);
	if (sums->bound)
		add_bounds(total, sums, gram, task, scope);
	return total;
}

void total_free(Total *total)
{
	if (!total)
		return;
	g_free(total->product);
	g_free(total->product_below);
	g_free(total->product_above);
	g_free(total->task_square);
	g_free(total->product_variance);
	g_free(total->covariance);
	g_free(total);
}
