/* estimate.c - what a sample says of an edit that nothing else is known of.
 *
 * Figure 0 is ‖y‖², whose summands are compared with the pairs of proxies; figure 1 + j is ⟨y, τⱼ⟩,
 * compared with the proxies times τⱼ. */
#include "edit/estimate.h"

#include "edit/least_squares.h"
#include "edit/proxies.h"

#include <math.h>
#include <string.h>

/* What one part adds to the equations that find a figure's factors. */
typedef struct {
	double *matrix; /* [size][size] */
	double *right;  /* [size] */
} Equations;

/* One part of the sample. */
typedef struct {
	const PrepareSample *sample;
	Equations *equations; /* [figures] */
	double *missing;      /* [tensors][compared]: how much less it has than there is */
	double *sum;          /* [tensors][figures], with the thresholds of the whole sample */
	double *own;          /* [tensors][figures], with those of the part */
} Part;

typedef struct {
	const Collection *collection;
	const Node *edit;
	PreviewSample *sample;
	const Proxies *proxies;
	const guint *task;
	guint tensors, tasks, figures;
	guint pairs, compared; /* products: of proxies with each other, and all */
	Part part[SAMPLE_PARTS];
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

static guint size_of(const Estimator *estimator, guint figure)
{
	return figure ? estimator->proxies->count : estimator->pairs;
}

/* Where a figure's products stand among all that are compared. */
static guint place_of(const Estimator *estimator, guint figure)
{
	return figure ? estimator->pairs + (figure - 1) * estimator->proxies->count : 0;
}

static void part_init(const Estimator *estimator, Part *part)
{
	gsize figures = (gsize)estimator->tensors * estimator->figures;
	part->missing = g_new0(double, (gsize)estimator->tensors * estimator->compared + 1);
	part->sum = g_new0(double, figures + 1);
	part->own = g_new0(double, figures + 1);
	part->equations = g_new0(Equations, estimator->figures);
	for (guint f = 0; f < estimator->figures; f++) {
		gsize size = size_of(estimator, f);
		part->equations[f] =
			(Equations){g_new0(double, size *size + 1), g_new0(double, size + 1)};
	}
}

static void part_clear(const Estimator *estimator, Part *part)
{
	for (guint f = 0; part->equations && f < estimator->figures; f++) {
		g_free(part->equations[f].matrix);
		g_free(part->equations[f].right);
	}
	g_free(part->equations);
	g_free(part->missing);
	g_free(part->sum);
	g_free(part->own);
}

static void estimator_clear(Estimator *estimator)
{
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		part_clear(estimator, &estimator->part[p]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Estimator, estimator_clear)

static guint64 count_in(const PrepareSample *sample, guint tensor)
{
	return sample->plan->first[tensor + 1] - sample->plan->first[tensor];
}

static double stands_for(const Estimator *estimator, const PrepareSample *sample, guint tensor)
{
	guint64 elements = collection_tensor(estimator->collection, tensor)->elements;
	return (double)elements / (double)MAX(count_in(sample, tensor), 1);
}

/* The summands of all figures on one element. */
static void summands(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	guint64 element, double y, double *out)
{
	out[0] = y * y;
	for (guint j = 0; j < estimator->tasks; j++) {
		const double *value = sample->task[estimator->task[j]][tensor];
		out[j + 1] = value ? y * value[element] : 0;
	}
}

/* All products of the proxies on one element. */
static void compare(const Estimator *estimator, const PrepareSample *sample, guint tensor,
	guint64 element, const double *z, double *out)
{
	guint count = estimator->proxies->count;
	for (guint k = 0; k < count; k++)
		for (guint i = 0; i <= k; i++)
			*out++ = z[k] * z[i];
	for (guint j = 0; j < estimator->tasks; j++) {
		const double *value = sample->task[estimator->task[j]][tensor];
		for (guint k = 0; k < count; k++)
			*out++ = value ? z[k] * value[element] : 0;
	}
}

static void add_equation(
	Equations *equations, guint size, const double *known, double summand, double weight)
{
	for (guint i = 0; i < size; i++) {
		equations->right[i] += weight * known[i] * summand;
		for (guint k = 0; k <= i; k++)
			equations->matrix[i * size + k] += weight * known[i] * known[k];
	}
}

/* Between what is best where errors grow with the square of an element and where they do not. */
static double weight_of(const Estimator *estimator, const double *z)
{
	double square = 0;
	for (guint k = 0; k < estimator->proxies->count; k++)
		square += (gint)k == estimator->proxies->base ? 0 : z[k] * z[k];
	return square > 0 ? 1 / sqrt(square) : 0;
}

static void add_element(const Estimator *estimator, Part *part, guint tensor, guint64 element,
	double y, double weight, double *room)
{
	double *z = room, *known = z + PROXIES_MOST, *found = known + estimator->compared;
	double *missing = part->missing + (gsize)tensor * estimator->compared;
	double *sum = part->sum + (gsize)tensor * estimator->figures;
	proxies_values(estimator->proxies, part->sample, tensor, element, z);
	compare(estimator, part->sample, tensor, element, z, known);
	summands(estimator, part->sample, tensor, element, y, found);
	for (guint i = 0; i < estimator->compared; i++)
		missing[i] -= weight * known[i];
	for (guint f = 0; f < estimator->figures; f++)
		sum[f] += weight * found[f];
	double fit = weight * weight_of(estimator, z);
	for (guint f = 0; isfinite(fit * found[0]) && f < estimator->figures; f++)
		add_equation(&part->equations[f], size_of(estimator, f),
			known + place_of(estimator, f), found[f], fit);
}

/* Adds what there is of the proxies' products on a tensor; where that is not known, or all elements
 * are sampled, nothing is missing. */
static void add_known(const Estimator *estimator, Part *part, guint tensor)
{
	double *missing = part->missing + (gsize)tensor * estimator->compared;
	guint count = estimator->proxies->count;
	g_autofree double *pairs = g_new0(double, estimator->pairs + 1);
	g_autofree double *products = g_new0(double, count * estimator->tasks + 1);
	gboolean known = proxies_products(
		estimator->proxies, tensor, estimator->task, estimator->tasks, pairs, products);
	if (!known || preview_sample_has_all(estimator->sample, tensor)) {
		memset(missing, 0, estimator->compared * sizeof *missing);
		return;
	}
	for (guint i = 0; i < estimator->pairs; i++)
		missing[i] += pairs[i];
	for (guint j = 0; j < estimator->tasks; j++)
		for (guint k = 0; k < count; k++)
			missing[place_of(estimator, j + 1) + k] +=
				products[k * estimator->tasks + j];
}

/* Looks at one part with the thresholds of the whole sample. */
static void look(Estimator *estimator, guint number, const double *values)
{
	Part *part = &estimator->part[number];
	part->sample = preview_sample_part(estimator->sample, number);
	part_init(estimator, part);
	const guint64 *order = preview_sample_order(estimator->sample, number);
	g_autofree double *room =
		g_new(double, PROXIES_MOST + estimator->compared + estimator->figures);
	for (guint t = 0; t < estimator->tensors; t++) {
		guint64 first = part->sample->plan->first[t];
		double weight = stands_for(estimator, part->sample, t);
		for (guint64 i = 0; i < count_in(part->sample, t); i++)
			add_element(estimator, part, t, i, values[order[first + i]], weight, room);
		add_known(estimator, part, t);
	}
}

/* With the thresholds of the part. */
static gboolean look_alone(const Estimator *estimator, Part *part, GError **error)
{
	g_autofree double *values =
		estimate_values(estimator->collection, estimator->edit, part->sample, error);
	g_autofree double *found = g_new(double, estimator->figures);
	for (guint t = 0; values && t < estimator->tensors; t++) {
		guint64 first = part->sample->plan->first[t];
		double weight = stands_for(estimator, part->sample, t);
		double *own = part->own + (gsize)t * estimator->figures;
		for (guint64 i = 0; i < count_in(part->sample, t); i++) {
			summands(estimator, part->sample, t, i, values[first + i], found);
			for (guint f = 0; f < estimator->figures; f++)
				own[f] += weight * found[f];
		}
	}
	return values != NULL;
}

/* A figure's factors as all parts but one see them. */
static void solve(const Estimator *estimator, guint without, guint figure, double *factor)
{
	gsize size = size_of(estimator, figure);
	g_autofree double *matrix = g_new0(double, size *size + 1);
	g_autofree double *right = g_new0(double, size + 1);
	for (guint p = 0; p < SAMPLE_PARTS; p++) {
		const Equations *equations = &estimator->part[p].equations[figure];
		for (gsize i = 0; p != without && i < size; i++) {
			right[i] += equations->right[i];
			for (gsize k = 0; k <= i; k++)
				matrix[i * size + k] += equations->matrix[i * size + k];
		}
	}
	for (gsize i = 0; i < size; i++)
		for (gsize k = 0; k < i; k++)
			matrix[k * size + i] = matrix[i * size + k];
	least_squares(matrix, right, (guint)size, factor);
}

/* Adds to a part's sums what it misses, as the others tell. */
static void complete(const Estimator *estimator, guint number)
{
	const Part *part = &estimator->part[number];
	g_autofree double *factor = g_new0(double, MAX(estimator->pairs, PROXIES_MOST) + 1);
	for (guint f = 0; f < estimator->figures; f++) {
		solve(estimator, number, f, factor);
		for (guint t = 0; t < estimator->tensors; t++) {
			const double *missing = part->missing + (gsize)t * estimator->compared +
						place_of(estimator, f);
			gsize at = (gsize)t * estimator->figures + f;
			double sum = 0;
			for (guint i = 0; i < size_of(estimator, f); i++)
				sum += factor[i] * missing[i];
			part->sum[at] += sum;
			part->own[at] += sum;
		}
	}
}

static double *cell_of(const Sums *sums, SumRows *rows, guint tensor, guint figure)
{
	return figure ? &rows->product[(gsize)tensor * sums->tasks + figure - 1]
		      : &rows->square[tensor];
}

/* The estimate is the mean over parts, and what each says with its own thresholds is off it by an
 * error.  Of a tensor that is sampled in part, the share that is known to the whole falls away. */
static void add_tensor(const Estimator *estimator, guint tensor, guint figure, Sums *sums)
{
	gsize at = (gsize)tensor * estimator->figures + figure;
	double weight = preview_sample_weight(estimator->sample, tensor);
	gboolean all = preview_sample_has_all(estimator->sample, tensor);
	double unknown = all ? 1 : sqrt(1 - 1 / weight);
	double *value = cell_of(sums, &sums->value, tensor, figure);
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		*value += estimator->part[p].sum[at] / SAMPLE_PARTS;
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		*cell_of(sums, &g_array_index(sums->parts, SumRows, p), tensor, figure) =
			unknown * (estimator->part[p].own[at] - *value);
}

static gboolean estimate_parts(
	Estimator *estimator, const double *values, Sums *sums, GError **error)
{
	for (guint p = 0; p < SAMPLE_PARTS; p++) {
		look(estimator, p, values);
		if (!look_alone(estimator, &estimator->part[p], error))
			return FALSE;
		sums_add_part(sums);
	}
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		complete(estimator, p);
	for (guint t = 0; t < estimator->tensors; t++)
		for (guint f = 0;
			preview_sample_count(estimator->sample, t) && f < estimator->figures; f++)
			add_tensor(estimator, t, f, sums);
	return TRUE;
}

/* A sample of everything has no error. */
static void add_everything(const Estimator *estimator, const double *values, Sums *sums)
{
	const PrepareSample *whole = preview_sample_whole(estimator->sample);
	g_autofree double *found = g_new(double, estimator->figures);
	for (guint t = 0; t < estimator->tensors; t++)
		for (guint64 i = 0; i < count_in(whole, t); i++) {
			summands(estimator, whole, t, i, values[whole->plan->first[t] + i], found);
			for (guint f = 0; f < estimator->figures; f++)
				*cell_of(sums, &sums->value, t, f) += found[f];
		}
}

/* Of the products with a task without a sample nothing is known. */
static void forget(Sums *sums, guint task)
{
	for (guint t = 0; t < sums->tensors; t++)
		sums->value.product[(gsize)t * sums->tasks + task] = NAN;
}

Sums *estimate_sums(PreviewSample *sample, const Gram *gram, const Node *edit, const double *values,
	const guint *task, guint tasks, GError **error)
{
	const Collection *collection = preview_sample_collection(sample);
	g_autoptr(Sums) sums = sums_new(collection_tensors(collection), tasks);
	for (guint i = 0; i < tasks; i++)
		if (!preview_sample_take(sample, task[i]))
			forget(sums, i);
	g_autoptr(Proxies) proxies = proxies_new(collection, gram, edit);
	guint pairs = proxies->count * (proxies->count + 1) / 2;
	g_auto(Estimator) estimator = {.collection = collection,
		.edit = edit,
		.sample = sample,
		.proxies = proxies,
		.task = task,
		.tensors = sums->tensors,
		.tasks = tasks,
		.figures = tasks + 1,
		.pairs = pairs,
		.compared = pairs + tasks * proxies->count};
	if (preview_sample_is_everything(sample))
		add_everything(&estimator, values, sums);
	else if (!estimate_parts(&estimator, values, sums, error))
		return NULL;
	return g_steal_pointer(&sums);
}
