/* estimate.c - what a sample says of an edit that nothing else is known of. */
#include "preview/estimate.h"

#include "core/job.h"
#include "preview/bound.h"
#include "preview/estimate_part.h"
#include "analysis/least_squares.h"
#include "method/mask.h"

#include <math.h>

typedef struct {
	const Looking *looking;
	const PrepareSample *whole;
	double *values; /* [its total]: the edit's */
	EstimatePart part[SAMPLE_PARTS];
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
	g_autofree double *out = g_new(double, first[tensors] + 1);
	g_autofree gpointer scratch = g_malloc(evaluate_scratch_bytes(edit, most));
	g_autofree double **task = g_new0(double *, collection_members(collection));
	for (guint t = 0; t < tensors; t++) {
		Values values = prepare_sample_values(collection, sample, t, task);
		if (values.count)
			evaluate(prepared, &values, edit, 0, values.count, out + first[t], scratch);
	}
	return evaluate_check(prepared, error) ? g_steal_pointer(&out) : NULL;
}

/* Evaluates the whole, item 0, or a part of it. */
static gboolean evaluate_item(gpointer data, guint64 item, gpointer slot, GError **error)
{
	Estimator *estimator = data;
	const Looking *looking = estimator->looking;
	(void)slot;
	if (item > 0)
		return estimate_part_alone(&estimator->part[item - 1], looking, error);
	estimator->values =
		estimate_values(looking->collection, looking->edit, estimator->whole, error);
	return estimator->values != NULL;
}

static gboolean look_at_item(gpointer data, guint64 item, gpointer slot, GError **error)
{
	Estimator *estimator = data;
	(void)slot;
	(void)error;
	estimate_part_look(&estimator->part[item], estimator->looking, estimator->values);
	return TRUE;
}

/* The whole takes as long as all parts together, and is begun first. */
static gboolean look(Estimator *estimator, gboolean parts, GError **error)
{
	guint own = parts && estimator->looking->alone ? SAMPLE_PARTS : 0;
	Parallel first = {.items = 1 + own, .data = estimator, .work = evaluate_item};
	Parallel then = {.items = SAMPLE_PARTS, .data = estimator, .work = look_at_item};
	Job *job = estimator->looking->job;
	return parallel_run(&first, job, error) && (!parts || parallel_run(&then, job, error));
}

/* The equations of all parts but one, with the whole matrix. */
static Equations gather(const Estimator *estimator, guint without, guint figure)
{
	gsize size = looking_size(estimator->looking, figure);
	Equations all = {g_new0(double, size *size + 1), g_new0(double, size + 1), 0, 0};
	for (guint p = 0; p < SAMPLE_PARTS; p++) {
		const Equations *equations = &estimator->part[p].equations[figure];
		if (p == without)
			continue;
		all.square += equations->square;
		all.size += equations->size;
		for (gsize i = 0; i < size; i++) {
			all.right[i] += equations->right[i];
			for (gsize k = 0; k <= i; k++)
				all.matrix[i * size + k] += equations->matrix[i * size + k];
		}
	}
	for (gsize i = 0; i < size; i++)
		for (gsize k = 0; k < i; k++)
			all.matrix[k * size + i] = all.matrix[i * size + k];
	return all;
}

/* A figure's factors as all parts but one see them.  Returns the mean square of what is left, as a
 * part of that of the proxies. */
static double solve(const Estimator *estimator, guint without, guint figure, double *factor)
{
	guint size = looking_size(estimator->looking, figure);
	Equations all = gather(estimator, without, figure);
	least_squares(all.matrix, all.right, size, factor);
	double left = all.square;
	for (guint i = 0; i < size; i++)
		left -= factor[i] * all.right[i];
	g_free(all.matrix);
	g_free(all.right);
	return all.size > 0 ? fmax(left, 0) / all.size : 0;
}

/* Adds to a part's sums what it misses, as the others tell. */
static void complete(Estimator *estimator, guint number)
{
	const Looking *looking = estimator->looking;
	EstimatePart *part = &estimator->part[number];
	g_autofree double *factor = g_new0(double, looking->compared + 1);
	for (guint f = 0; f < looking->figures; f++) {
		guint size = looking_size(looking, f), place = looking_place(looking, f);
		solve(estimator, number, f, factor);
		for (guint t = 0; t < looking->tensors; t++) {
			const double *missing =
				part->missing + (gsize)t * looking->compared + place;
			gsize at = (gsize)t * looking->figures + f;
			double sum = 0;
			for (guint i = 0; i < size; i++)
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

/* How much of the proxies' squares the sample has not, of a tensor. */
static double missing_square(const Estimator *estimator, guint tensor)
{
	const Looking *looking = estimator->looking;
	double missing = 0;
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		for (guint k = 0; k < looking->proxies->count; k++)
			if ((gint)k != looking->proxies->base)
				missing += estimator->part[p]
						   .missing[(gsize)tensor * looking->compared +
							    gram_packed(k, k)];
	return missing / SAMPLE_PARTS;
}

/* What an element that is not sampled may bring into a figure beside the edit: of a task that takes
 * part the square of its largest change, of others that of a usual one. */
static double largest_of(const Estimator *estimator, guint tensor, guint figure)
{
	const Looking *looking = estimator->looking;
	const Proxies *proxies = looking->proxies;
	if (figure == 0)
		return proxies_largest(proxies, looking->sample, tensor);
	guint task = looking->task[figure - 1];
	double largest = preview_sample_largest(looking->sample, task, tensor);
	guint64 elements = collection_tensor(looking->collection, tensor)->elements;
	return proxies->proxy[task] >= 0
		       ? largest * largest
		       : *gram_cell(proxies->gram, tensor, task, task) / (double)elements;
}

/* What is missing may be a few elements as large as the largest, of which parts show nothing: their
 * error is as large as that of the large elements that the sample has. */
static void add_unseen(const Estimator *estimator, guint figure, Sums *sums)
{
	const Looking *looking = estimator->looking;
	g_autofree double *factor = g_new0(double, looking->compared + 1);
	double left = solve(estimator, SAMPLE_PARTS, figure, factor);
	for (guint t = 0; t < looking->tensors; t++) {
		double missing = missing_square(estimator, t);
		double most = largest_of(estimator, t, figure);
		if (missing > 0 && isfinite(most))
			*cell_of(sums, &sums->spread->variance, t, figure) += left * missing * most;
	}
}

/* The estimate is the mean over parts, and what each says with its own thresholds is off it by an
 * error.  Of a tensor that is sampled in part, the share that is known to the whole falls away. */
static void add_figure(const Estimator *estimator, guint tensor, guint figure, Sums *sums)
{
	const PreviewSample *sample = estimator->looking->sample;
	gsize at = (gsize)tensor * estimator->looking->figures + figure;
	double weight = preview_sample_weight(sample, tensor);
	double unknown = preview_sample_has_all(sample, tensor) ? 1 : sqrt(1 - 1 / weight);
	double *value = cell_of(sums, &sums->value, tensor, figure);
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		*value += estimator->part[p].sum[at] / SAMPLE_PARTS;
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		*cell_of(sums, &g_array_index(sums->parts, SumRows, p), tensor, figure) =
			unknown * (estimator->part[p].own[at] - *value);
}

static gboolean complete_item(gpointer data, guint64 item, gpointer slot, GError **error)
{
	(void)slot;
	(void)error;
	complete(data, (guint)item);
	return TRUE;
}

static gboolean complete_all(Estimator *estimator, GError **error)
{
	Parallel parts = {.items = SAMPLE_PARTS, .data = estimator, .work = complete_item};
	return parallel_run(&parts, estimator->looking->job, error);
}

static void add_parts(Estimator *estimator, Sums *sums)
{
	const Looking *looking = estimator->looking;
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		sums_add_part(sums);
	for (guint t = 0; t < looking->tensors; t++)
		for (guint f = 0; preview_sample_count(looking->sample, t) && f < looking->figures;
			f++)
			add_figure(estimator, t, f, sums);
	sums_add_spread(sums);
	for (guint f = 0; f < looking->figures; f++)
		add_unseen(estimator, f, sums);
}

/* A sample of everything has no error. */
static void add_everything(const Estimator *estimator, Sums *sums)
{
	const Looking *looking = estimator->looking;
	const PrepareSample *whole = estimator->whole;
	g_autofree double *found = g_new(double, looking->figures);
	for (guint t = 0; t < looking->tensors; t++) {
		looking_sums(looking, whole, t, estimator->values + whole->plan->first[t], found);
		for (guint f = 0; f < looking->figures; f++)
			*cell_of(sums, &sums->value, t, f) += found[f];
	}
}

static gboolean estimate(
	const Looking *looking, PreviewSample *sample, Sums *sums, double **values, GError **error)
{
	Estimator estimator = {.looking = looking, .whole = preview_sample_whole(sample)};
	gboolean parts = !preview_sample_is_everything(sample);
	for (guint p = 0; parts && p < SAMPLE_PARTS; p++)
		estimate_part_init(&estimator.part[p], looking, preview_sample_part(sample, p),
			preview_sample_order(sample, p));
	gboolean ok = look(&estimator, parts, error) && (!parts || complete_all(&estimator, error));
	if (ok && parts)
		add_parts(&estimator, sums);
	else if (ok)
		add_everything(&estimator, sums);
	for (guint p = 0; p < SAMPLE_PARTS; p++)
		estimate_part_clear(&estimator.part[p], looking);
	*values = estimator.values;
	return ok;
}

/* Whether a call reads a file each time that it is prepared. */
static gboolean reads_masks(const Node *edit)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++) {
		const Node *call = calls->pdata[i];
		gint mask = method_parameter(call->method, MASK_PARAMETER);
		if (mask >= 0 && call->argument[mask].text)
			return TRUE;
	}
	return FALSE;
}

/* Of the products with a task without a sample nothing is known. */
static void forget(Sums *sums, guint task)
{
	for (guint t = 0; t < sums->tensors; t++)
		sums->value.product[(gsize)t * sums->tasks + task] = NAN;
}

Sums *estimate_sums(PreviewSample *sample, const Gram *gram, const Node *edit, const guint *task,
	guint tasks, Job *job, double **values, GError **error)
{
	const Collection *collection = preview_sample_collection(sample);
	g_autoptr(Sums) sums = sums_new(collection_tensors(collection), tasks);
	g_autoptr(Proxies) proxies = proxies_new(collection, gram, edit);
	for (guint i = 0; i < tasks; i++)
		if (!preview_sample_take(sample, task[i]))
			forget(sums, i);
	Looking looking = {.collection = collection,
		.edit = edit,
		.proxies = proxies,
		.sample = sample,
		.task = task,
		.tensors = sums->tensors,
		.tasks = tasks,
		.figures = tasks + 1,
		.alone = !reads_masks(edit),
		.job = job};
	looking.compared = looking_place(&looking, looking.figures);
	sums->bound = bound_norms(sample, gram, edit);
	return estimate(&looking, sample, sums, values, error) ? g_steal_pointer(&sums) : NULL;
}
