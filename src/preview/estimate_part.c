/* estimate_part.c - one part of the sample, as an estimate looks at it. */
#include "preview/estimate_part.h"

#include "preview/estimate.h"

#include <math.h>
#include <string.h>

/* Sums that go on side by side. */
#define LANES 8u
/* Elements with so many times the mean of the proxies' squares are large. */
#define LARGE 4

guint looking_size(const Looking *looking, guint figure)
{
	guint count = looking->proxies->count;
	return figure ? count : count * (count + 1) / 2;
}

guint looking_place(const Looking *looking, guint figure)
{
	return figure ? looking_size(looking, 0) + (figure - 1) * looking->proxies->count : 0;
}

void estimate_part_init(EstimatePart *part, const Looking *looking, const PrepareSample *sample,
	const guint64 *order)
{
	gsize figures = (gsize)looking->tensors * looking->figures;
	part->sample = sample;
	part->order = order;
	part->missing = g_new0(double, (gsize)looking->tensors * looking->compared + 1);
	part->sum = g_new0(double, figures + 1);
	part->own = g_new0(double, figures + 1);
	part->equations = g_new0(Equations, looking->figures);
	for (guint f = 0; f < looking->figures; f++) {
		gsize size = looking_size(looking, f);
		part->equations[f].matrix = g_new0(double, size *size + 1);
		part->equations[f].right = g_new0(double, size + 1);
	}
}

void estimate_part_clear(EstimatePart *part, const Looking *looking)
{
	for (guint f = 0; part->equations && f < looking->figures; f++) {
		g_free(part->equations[f].matrix);
		g_free(part->equations[f].right);
	}
	g_free(part->equations);
	g_free(part->missing);
	g_free(part->sum);
	g_free(part->own);
}

static guint64 count_in(const PrepareSample *sample, guint tensor)
{
	return sample->plan->first[tensor + 1] - sample->plan->first[tensor];
}

static double stands_for(const Looking *looking, const PrepareSample *sample, guint tensor)
{
	guint64 elements = collection_tensor(looking->collection, tensor)->elements;
	return (double)elements / (double)MAX(count_in(sample, tensor), 1);
}

static double sum_of(const double *a, const double *b, guint64 n)
{
	double lane[LANES] = {0}, sum = 0;
	guint64 whole = n - n % LANES;
	for (guint64 i = 0; i < whole; i += LANES)
		for (guint k = 0; k < LANES; k++)
			lane[k] += a[i + k] * b[i + k];
	for (guint64 i = whole; i < n; i++)
		lane[i - whole] += a[i] * b[i];
	for (guint k = 0; k < LANES; k++)
		sum += lane[k];
	return sum;
}

static void multiply(const double *a, const double *b, guint64 n, double *out)
{
	for (guint64 i = 0; i < n; i++)
		out[i] = a[i] * b[i];
}

void looking_sums(const Looking *looking, const PrepareSample *sample, guint tensor,
	const double *values, double *out)
{
	guint64 n = count_in(sample, tensor);
	out[0] = sum_of(values, values, n);
	for (guint j = 0; j < looking->tasks; j++) {
		const double *task = sample->task[looking->task[j]][tensor];
		out[j + 1] = task ? sum_of(values, task, n) : 0;
	}
}

/* Runs of numbers beside the proxies and their pairs. */
#define ROOMS 5u

/* A tensor's elements in a part, and room for as many numbers. */
typedef struct {
	guint64 n;
	double *y;      /* [n]: the edit, with the thresholds of the whole sample */
	double *z;      /* [proxies][n] */
	double *pair;   /* [their pairs][n] */
	double *size;   /* [n]: Σ z² */
	double *weight; /* [n]: of an element in the equations */
	double *room, *other_room;
} Elements;

/* An element that is no number has no part in the equations. */
static void leave_out(const Proxies *proxies, Elements *of, guint64 element)
{
	of->y[element] = 0;
	for (guint k = 0; k < proxies->count; k++)
		of->z[k * of->n + element] = 0;
	of->size[element] = 0;
}

/* Errors count in proportion to the proxies, and those of large elements alone: of the others the
 * sample has many, and what matters is what it says of the few that it has not. */
static void weigh(const Proxies *proxies, Elements *of)
{
	proxies_sizes(proxies, of->z, of->n, of->size);
	for (guint64 i = 0; i < of->n; i++) {
		double size = of->size[i];
		gboolean finite = isfinite(size * of->y[i]);
		gboolean large = finite && size > LARGE * proxies->mean_square;
		of->weight[i] = large ? 1 / (size * size) : 0;
		if (!finite)
			leave_out(proxies, of, i);
	}
}

static double *elements_at(double *memory, guint64 n, guint64 row)
{
	return memory + row * n;
}

static void fill_elements(const Looking *looking, const EstimatePart *part, guint tensor,
	const double *values, double *memory, Elements *of)
{
	guint count = looking->proxies->count;
	guint64 first = part->sample->plan->first[tensor];
	*of = (Elements){.n = count_in(part->sample, tensor)};
	of->y = elements_at(memory, of->n, 0);
	of->weight = elements_at(memory, of->n, 1);
	of->room = elements_at(memory, of->n, 2);
	of->other_room = elements_at(memory, of->n, 3);
	of->size = elements_at(memory, of->n, 4);
	of->z = elements_at(memory, of->n, ROOMS);
	of->pair = elements_at(memory, of->n, ROOMS + count);
	for (guint64 i = 0; i < of->n; i++)
		of->y[i] = values[part->order[first + i]];
	proxies_values(looking->proxies, part->sample, tensor, of->n, of->z);
}

static void fill_pairs(const Looking *looking, Elements *of)
{
	guint count = looking->proxies->count, pairs = looking_size(looking, 0);
	for (guint k = 0, at = 0; k < count && at < pairs; k++)
		for (guint i = 0; i <= k; i++)
			multiply(of->z + k * of->n, of->z + i * of->n, of->n,
				of->pair + at++ * of->n);
}

/* Adds Σ weight·known·known and Σ weight·known·summand. */
static void add_equations(Equations *equations, guint size, const double *known,
	const double *summand, const double *weight, Elements *of)
{
	multiply(summand, weight, of->n, of->room);
	equations->square += sum_of(of->room, summand, of->n);
	for (guint i = 0; i < size; i++) {
		multiply(known + i * of->n, weight, of->n, of->room);
		equations->right[i] += sum_of(of->room, summand, of->n);
		for (guint k = 0; k <= i; k++)
			equations->matrix[i * size + k] +=
				sum_of(of->room, known + k * of->n, of->n);
	}
}

/* Figure 0: y² against the pairs. */
static void compare_square(
	const Looking *looking, EstimatePart *part, Elements *of, double weight, double *missing)
{
	guint pairs = looking_size(looking, 0);
	for (guint i = 0; i < pairs; i++) {
		double sum = 0;
		for (guint64 e = 0; e < of->n; e++)
			sum += of->pair[i * of->n + e];
		missing[i] -= weight * sum;
	}
	multiply(of->y, of->y, of->n, of->other_room);
	add_equations(&part->equations[0], pairs, of->pair, of->other_room, of->weight, of);
	multiply(of->size, of->weight, of->n, of->room);
	part->equations[0].size += sum_of(of->room, of->size, of->n);
}

/* Figure 1 + j: y·τ against z·τ, with the same equations as y against z, τ² times the weight. */
static void compare_task(const Looking *looking, EstimatePart *part, guint j, const double *task,
	Elements *of, double weight, double *missing)
{
	guint count = looking->proxies->count;
	for (guint k = 0; k < count; k++)
		missing[looking_place(looking, j + 1) + k] -=
			weight * sum_of(of->z + k * of->n, task, of->n);
	for (guint64 e = 0; e < of->n; e++)
		of->other_room[e] = of->weight[e] > 0 ? of->weight[e] * task[e] * task[e] : 0;
	add_equations(&part->equations[j + 1], count, of->z, of->y, of->other_room, of);
	part->equations[j + 1].size += sum_of(of->size, of->other_room, of->n);
}

/* Adds what there is of the products on a whole tensor; where that is not known, or all elements
 * are sampled, nothing is missing. */
static void add_known(const Looking *looking, guint tensor, double *missing)
{
	guint count = looking->proxies->count, pairs = looking_size(looking, 0);
	g_autofree double *pair = g_new0(double, pairs + 1);
	g_autofree double *product = g_new0(double, count * looking->tasks + 1);
	gboolean known = proxies_products(
		looking->proxies, tensor, looking->task, looking->tasks, pair, product);
	if (!known || preview_sample_has_all(looking->sample, tensor)) {
		memset(missing, 0, looking->compared * sizeof *missing);
		return;
	}
	for (guint i = 0; i < pairs; i++)
		missing[i] += pair[i];
	for (guint j = 0; j < looking->tasks; j++)
		for (guint k = 0; k < count; k++)
			missing[looking_place(looking, j + 1) + k] +=
				product[k * looking->tasks + j];
}

static void look_at(const Looking *looking, EstimatePart *part, guint tensor, const double *values,
	double *memory)
{
	Elements of;
	double weight = stands_for(looking, part->sample, tensor);
	double *missing = part->missing + (gsize)tensor * looking->compared;
	double *sum = part->sum + (gsize)tensor * looking->figures;
	fill_elements(looking, part, tensor, values, memory, &of);
	looking_sums(looking, part->sample, tensor, of.y, sum);
	weigh(looking->proxies, &of);
	fill_pairs(looking, &of);
	for (guint f = 0; f < looking->figures; f++)
		sum[f] *= weight;
	for (guint64 i = 0; i < of.n; i++)
		of.weight[i] *= weight;
	compare_square(looking, part, &of, weight, missing);
	for (guint j = 0; j < looking->tasks; j++) {
		const double *task = part->sample->task[looking->task[j]][tensor];
		if (task)
			compare_task(looking, part, j, task, &of, weight, missing);
	}
	add_known(looking, tensor, missing);
}

gboolean estimate_part_alone(EstimatePart *part, const Looking *looking, GError **error)
{
	g_autofree double *values =
		estimate_values(looking->collection, looking->edit, part->sample, error);
	for (guint t = 0; values && t < looking->tensors; t++) {
		double *own = part->own + (gsize)t * looking->figures;
		looking_sums(looking, part->sample, t, values + part->sample->plan->first[t], own);
		for (guint f = 0; f < looking->figures; f++)
			own[f] *= stands_for(looking, part->sample, t);
	}
	return values != NULL;
}

void estimate_part_look(EstimatePart *part, const Looking *looking, const double *values)
{
	guint64 most = 1;
	for (guint t = 0; t < looking->tensors; t++)
		most = MAX(most, count_in(part->sample, t));
	gsize rows = ROOMS + looking->proxies->count + looking_size(looking, 0);
	g_autofree double *memory = g_new(double, rows *most);
	for (guint t = 0; t < looking->tensors; t++)
		look_at(looking, part, t, values, memory);
	if (!looking->alone)
		memcpy(part->own, part->sum,
			(gsize)looking->tensors * looking->figures * sizeof *part->own);
}
