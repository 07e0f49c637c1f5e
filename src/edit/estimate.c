/* estimate.c - what a sample says of an edit that nothing else is known of. */
#include "edit/estimate.h"

#include "edit/method.h"
#include "edit/node.h"

#include <gsl/gsl_linalg.h>
#include <math.h>

/* Products that finding the nearby linear edit may take: beyond that, of every so many elements. */
#define FIT_PRODUCTS (4u << 20)
/* What is added to a diagonal of 1, so that tasks that are alike do not matter. */
#define RIDGE 1e-9

typedef struct {
	const Collection *collection;
	const Gram *gram;
	const Node *edit;
	const guint *task; /* [tasks] */
	guint tasks, vectors;
	GArray *members; /* of guint: what the linear edit is made of; θ₀ (0) last, if at all */
	double *c;       /* [tensors][vectors]: its coefficients */
} Estimator;

double *estimate_values(
	const Collection *collection, const Node *edit, const PrepareSample *sample, GError **error)
{
	g_autoptr(Prepared) prepared = prepare_sample(collection, edit, sample, error);
	if (!prepared)
		return NULL;
	guint tensors = collection_tensors(collection);
	const guint64 *first = sample->plan->first;
	guint64 most = 1;
	for (guint t = 0; t < tensors; t++)
		most = MAX(most, first[t + 1] - first[t]);
	double *out = g_new(double, first[tensors] + 1);
	g_autofree gpointer scratch = g_malloc(evaluate_scratch_bytes(edit, most));
	g_autofree double **task = g_new0(double *, collection_members(collection));
	for (guint t = 0; t < tensors; t++) {
		Values values = prepare_sample_values(collection, sample, t, task);
		if (values.count)
			evaluate(prepared, &values, edit, 0, values.count, out + first[t], scratch);
	}
	return out;
}

static const double *values_of(const PrepareSample *sample, guint member, guint tensor)
{
	return member ? sample->task[member][tensor] : sample->base[tensor];
}

static double *coefficients_on(const Estimator *estimator, guint tensor)
{
	return estimator->c + (gsize)tensor * estimator->vectors;
}

static guint member_at(const Estimator *estimator, guint i)
{
	return g_array_index(estimator->members, guint, i);
}

/* The value of each member on an element, times what its coefficient is expected to be like; their
 * squares without θ₀'s. */
static double gather(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	guint64 element, double *z)
{
	double square = 0;
	for (guint i = 0; i < estimator->members->len; i++) {
		guint member = member_at(estimator, i);
		const double *value = values_of(sample, member, tensor);
		z[i] = value ? coefficients_on(estimator, tensor)[member] * value[element] : 0;
		square += member ? z[i] * z[i] : 0;
	}
	return square;
}

/* Adds one element to the normal equations. */
static void add_element(
	gsl_matrix *matrix, gsl_vector *right, const double *z, double y, double weight)
{
	for (gsize i = 0; i < right->size; i++) {
		*gsl_vector_ptr(right, i) += weight * z[i] * y;
		for (gsize j = 0; j <= i; j++)
			*gsl_matrix_ptr(matrix, i, j) += weight * z[i] * z[j];
	}
}

/* Large changes count more than by their squares: what differs there is what makes a sum of squares
 * uncertain. */
static void add_tensor(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	const double *y, guint64 stride, gsl_matrix *matrix, gsl_vector *right)
{
	guint64 count = sample->plan->first[tensor + 1] - sample->plan->first[tensor];
	guint64 elements = collection_tensor(estimator->collection, tensor)->elements;
	double stands_for = (double)elements / (double)MAX(count, 1);
	g_autofree double *z = g_new(double, right->size);
	for (guint64 i = 0; i < count; i += stride) {
		double square = gather(estimator, sample, tensor, i, z);
		if (isfinite(square * y[i]))
			add_element(matrix, right, z, y[i], stands_for * square);
	}
}

/* Solves in units in which the diagonal is 1; a member that is 0 gets the factor 0. */
static void solve(gsl_matrix *matrix, gsl_vector *right)
{
	g_autofree double *unit = g_new(double, right->size);
	for (gsize i = 0; i < right->size; i++) {
		double diagonal = gsl_matrix_get(matrix, i, i);
		unit[i] = diagonal > 0 ? 1 / sqrt(diagonal) : 0;
		*gsl_vector_ptr(right, i) *= unit[i];
		for (gsize j = 0; j < i; j++)
			*gsl_matrix_ptr(matrix, i, j) *= unit[i] * unit[j];
		gsl_matrix_set(matrix, i, i, 1 + RIDGE);
	}
	for (gsize i = 0; i < right->size; i++)
		for (gsize j = i + 1; j < right->size; j++)
			gsl_matrix_set(matrix, i, j, gsl_matrix_get(matrix, j, i));
	if (gsl_linalg_cholesky_decomp1(matrix) || gsl_linalg_cholesky_svx(matrix, right))
		gsl_vector_set_zero(right);
	for (gsize i = 0; i < right->size; i++)
		*gsl_vector_ptr(right, i) *= unit[i];
}

/* Scales the coefficients to those of the linear edit; unknown products are kept out of it. */
static void set_coefficients(const Estimator *estimator, const gsl_vector *factor)
{
	for (guint t = 0; t < collection_tensors(estimator->collection); t++) {
		double *c = coefficients_on(estimator, t);
		for (guint i = 0; i < estimator->members->len; i++) {
			guint member = member_at(estimator, i);
			gboolean known = isfinite(*gram_cell(estimator->gram, t, member, member));
			c[member] = known ? c[member] * gsl_vector_get(factor, i) : 0;
		}
	}
}

static void fit(const Estimator *estimator, const PrepareSample *sample, const double *values)
{
	gsize size = estimator->members->len;
	guint tensors = collection_tensors(estimator->collection);
	guint64 products = sample->plan->first[tensors] * size * size;
	gsl_matrix *matrix = gsl_matrix_calloc(size, size);
	gsl_vector *right = gsl_vector_calloc(size);
	for (guint t = 0; t < tensors; t++)
		add_tensor(estimator, sample, t, values + sample->plan->first[t],
			1 + products / FIT_PRODUCTS, matrix, right);
	solve(matrix, right);
	set_coefficients(estimator, right);
	gsl_matrix_free(matrix);
	gsl_vector_free(right);
}

/* Whether a value may hold some of θ₀. */
static gboolean is_of_weights(const Node *node)
{
	const Method *method = node->kind == NODE_CALL ? node->method : NULL;
	if (method && ((method->mix && method->wants_products) ||
			      (method->on_weights && method->on_weights(node))))
		return TRUE;
	for (guint i = 0; i < node->children->len; i++)
		if (is_of_weights(node_child(node, i)))
			return TRUE;
	return FALSE;
}

static void choose_members(Estimator *estimator)
{
	estimator->members = expression_members(estimator->edit);
	estimator->c = closed_inputs(estimator->collection, estimator->edit);
	if (!is_of_weights(estimator->edit))
		return;
	g_array_append_val(estimator->members, (guint){0});
	for (guint t = 0; t < collection_tensors(estimator->collection); t++)
		coefficients_on(estimator, t)[0] = 1;
}

/* u on a tensor's sampled elements. */
static void linear_values(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	guint64 count, double *u)
{
	const double *c = coefficients_on(estimator, tensor);
	for (guint64 k = 0; k < count; k++)
		u[k] = 0;
	for (guint i = 0; i < estimator->members->len; i++) {
		guint member = member_at(estimator, i);
		const double *value = values_of(sample, member, tensor);
		for (guint64 k = 0; value && c[member] != 0 && k < count; k++)
			u[k] += c[member] * value[k];
	}
}

static double sum_of_products(const double *a, const double *b, guint64 n)
{
	double sum = 0;
	for (guint64 i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Adds what y has that u has not, as the sample's elements stand for all: y² − u² and (y − u)·τ. */
static void add_difference(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	const double *y, SumRows *rows)
{
	guint64 count = sample->plan->first[tensor + 1] - sample->plan->first[tensor];
	guint64 elements = collection_tensor(estimator->collection, tensor)->elements;
	if (!count)
		return;
	double stands_for = (double)elements / (double)count;
	g_autofree double *less = g_new(double, count), *more = g_new(double, count);
	linear_values(estimator, sample, tensor, count, more);
	for (guint64 k = 0; k < count; k++) {
		less[k] = y[k] - more[k];
		more[k] = y[k] + more[k];
	}
	rows->square[tensor] += stands_for * sum_of_products(less, more, count);
	for (guint i = 0; i < estimator->tasks; i++) {
		const double *value = values_of(sample, estimator->task[i], tensor);
		if (value)
			rows->product[(gsize)tensor * estimator->tasks + i] +=
				stands_for * sum_of_products(less, value, count);
	}
}

/* ‖u‖² and ⟨u, τ⟩ of a tensor. */
static void add_linear(const Estimator *estimator, guint tensor, SumRows *rows)
{
	g_autofree double *products = g_new0(double, estimator->vectors);
	rows->square[tensor] +=
		gram_linear(estimator->gram, tensor, coefficients_on(estimator, tensor), products);
	for (guint i = 0; i < estimator->tasks; i++)
		rows->product[(gsize)tensor * estimator->tasks + i] += products[estimator->task[i]];
}

/* Turns what a part says of a tensor into how far that is from the whole.  Where only some of the
 * elements are sampled a part is off by more than the sample would be: of what is unknown to a
 * part, the share that is sampled is known to the whole. */
static void leave_error(const Estimator *estimator, const PreviewSample *sample, guint tensor,
	const SumRows *whole, SumRows *part)
{
	double weight = preview_sample_weight(sample, tensor);
	double share = preview_sample_has_all(sample, tensor) ? 1 : sqrt(1 - 1 / weight);
	gsize row = (gsize)tensor * estimator->tasks;
	part->square[tensor] = share * (part->square[tensor] - whole->square[tensor]);
	for (guint i = 0; i < estimator->tasks; i++)
		part->product[row + i] = share * (part->product[row + i] - whole->product[row + i]);
}

static gboolean add_part(
	const Estimator *estimator, PreviewSample *sample, guint number, Sums *sums, GError **error)
{
	const PrepareSample *slice = preview_sample_part(sample, number);
	g_autofree double *values =
		estimate_values(estimator->collection, estimator->edit, slice, error);
	if (!values)
		return FALSE;
	SumRows *part = sums_add_part(sums);
	for (guint t = 0; t < sums->tensors; t++) {
		if (!preview_sample_count(sample, t))
			continue;
		add_difference(estimator, slice, t, values + slice->plan->first[t], part);
		leave_error(estimator, sample, t, &sums->value, part);
	}
	return TRUE;
}

/* A sample of everything has no error. */
static gboolean add_parts(
	const Estimator *estimator, PreviewSample *sample, Sums *sums, GError **error)
{
	if (preview_sample_is_everything(sample))
		return TRUE;
	for (guint i = 0; i < SAMPLE_PARTS; i++)
		if (!add_part(estimator, sample, i, sums, error))
			return FALSE;
	return TRUE;
}

/* Of the products with a task without a sample nothing is known. */
static void forget(Sums *sums, guint task)
{
	for (guint t = 0; t < sums->tensors; t++)
		sums->value.product[(gsize)t * sums->tasks + task] = NAN;
}

static void estimator_clear(Estimator *estimator)
{
	g_array_unref(estimator->members);
	g_free(estimator->c);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Estimator, estimator_clear)

Sums *estimate_sums(PreviewSample *sample, const Gram *gram, const Node *edit, const double *values,
	const guint *task, guint tasks, GError **error)
{
	const Collection *collection = preview_sample_collection(sample);
	g_auto(Estimator) estimator = {.collection = collection,
		.gram = gram,
		.edit = edit,
		.task = task,
		.tasks = tasks,
		.vectors = collection_members(collection)};
	const PrepareSample *whole = preview_sample_whole(sample);
	choose_members(&estimator);
	fit(&estimator, whole, values);
	g_autoptr(Sums) sums = sums_new(collection_tensors(collection), tasks);
	for (guint i = 0; i < tasks; i++)
		if (!preview_sample_take(sample, task[i]))
			forget(sums, i);
	for (guint t = 0; t < sums->tensors; t++)
		add_difference(&estimator, whole, t, values + whole->plan->first[t], &sums->value);
	if (!add_parts(&estimator, sample, sums, error))
		return NULL;
	for (guint t = 0; t < sums->tensors; t++)
		add_linear(&estimator, t, &sums->value);
	return g_steal_pointer(&sums);
}
