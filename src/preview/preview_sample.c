/* preview_sample.c - the sampled elements as numbers, whole and in parts. */
#include "preview/preview_sample.h"

#include "core/error.h"
#include "core/rng.h"

#include <math.h>

/* Some of the sample: a plan, and the values of its elements. */
typedef struct {
	SamplePlan plan;
	guint64 *order;        /* [plan's total]: which element of the whole it is; NULL of the
				  whole itself, whose plan is borrowed */
	double **value;        /* [members][plan's total]; NULL where there is none */
	const double **base;   /* [tensors] */
	const double ***task;  /* [members][tensors] */
	PrepareSample prepare; /* borrows the above */
} Slice;

struct PreviewSample {
	const Collection *collection;
	const SamplePlan *plan;
	Statistics *const *statistics;
	guint tensors, members;
	const double **nothing; /* [tensors] of NULL: of a member without values */
	Slice *whole;
	Slice *parts[SAMPLE_PARTS]; /* NULL until they are asked for */
	GQueue kept;                /* of Kept, the one that was asked for last first */
};

typedef struct {
	char *text;
	gpointer data;
	GDestroyNotify free_data;
} Kept;

static void kept_free(gpointer data)
{
	Kept *kept = data;
	kept->free_data(kept->data);
	g_free(kept->text);
	g_free(kept);
}

static guint64 count_of(const SamplePlan *plan, guint tensor)
{
	return plan->first[tensor + 1] - plan->first[tensor];
}

/* An empty slice.  Takes the plan and the order. */
static Slice *slice_new(const PreviewSample *sample, SamplePlan plan, guint64 *order)
{
	Slice *slice = g_new0(Slice, 1);
	slice->plan = plan;
	slice->order = order;
	slice->value = g_new0(double *, sample->members + 1);
	slice->base = g_new0(const double *, sample->tensors + 1);
	slice->task = g_new0(const double **, sample->members + 1);
	for (guint m = 0; m < sample->members; m++)
		slice->task[m] = sample->nothing;
	slice->prepare = (PrepareSample){
		&slice->plan, slice->base, (const double *const *const *)slice->task};
	return slice;
}

static void slice_free(Slice *slice, const PreviewSample *sample)
{
	if (!slice)
		return;
	for (guint m = 0; m < sample->members; m++) {
		g_free(slice->value[m]);
		if (slice->task[m] != sample->nothing)
			g_free(slice->task[m]);
	}
	if (slice->order) {
		g_free(slice->plan.first);
		g_free(slice->plan.places);
	}
	g_free(slice->order);
	g_free(slice->value);
	g_free(slice->base);
	g_free(slice->task);
	g_free(slice);
}

PreviewSample *preview_sample_new(
	const Collection *collection, const SamplePlan *plan, Statistics *const *statistics)
{
	PreviewSample *sample = g_new0(PreviewSample, 1);
	sample->collection = collection;
	sample->plan = plan;
	sample->statistics = statistics;
	sample->tensors = collection_tensors(collection);
	sample->members = collection_members(collection);
	sample->nothing = g_new0(const double *, sample->tensors + 1);
	sample->whole = slice_new(sample, *plan, NULL);
	return sample;
}

void preview_sample_free(PreviewSample *sample)
{
	if (!sample)
		return;
	slice_free(sample->whole, sample);
	for (guint i = 0; i < SAMPLE_PARTS; i++)
		slice_free(sample->parts[i], sample);
	g_queue_clear_full(&sample->kept, kept_free);
	g_free(sample->nothing);
	g_free(sample);
}

/* The pointers to a member's values, tensor by tensor. */
static void point_to(const PreviewSample *sample, Slice *slice, guint member)
{
	const Member *of = collection_member(sample->collection, member);
	const double **tensor = member ? g_new0(const double *, sample->tensors + 1) : slice->base;
	for (guint t = 0; t < sample->tensors; t++)
		if (member == 0 || of->match[t] == MATCH_SHARED)
			tensor[t] = slice->value[member] + slice->plan.first[t];
	if (member)
		slice->task[member] = tensor;
}

/* Equal values have no difference, though they be infinite or no numbers. */
static double difference(double theta, double base)
{
	return theta == base || (isnan(theta) && isnan(base)) ? 0 : theta - base;
}

/* θ₀ or τ of one tensor; 0 beyond the rows that the member has. */
static void convert(const PreviewSample *sample, guint member, guint tensor, double *value)
{
	const Member *of = collection_member(sample->collection, member);
	const float *theta = sample->statistics[member]->sample;
	const float *base = sample->statistics[0]->sample;
	gboolean whole =
		member == 0 || collection_is_difference(sample->collection, member, tensor);
	guint64 shared = member ? of->shared[tensor] : G_MAXUINT64;
	for (guint64 i = sample->plan->first[tensor]; i < sample->plan->first[tensor + 1]; i++)
		value[i] = sample->plan->places[i] >= shared
				   ? 0
				   : (whole ? (double)theta[i]
					    : difference((double)theta[i], (double)base[i]));
}

static gboolean has_values(const PreviewSample *sample, guint member)
{
	return sample->statistics && sample->statistics[member] &&
	       sample->statistics[member]->sample;
}

static gboolean take(PreviewSample *sample, guint member)
{
	if (sample->whole->value[member])
		return TRUE;
	if (!has_values(sample, member))
		return FALSE;
	sample->whole->value[member] = g_new(double, sample->plan->first[sample->tensors] + 1);
	for (guint t = 0; t < sample->tensors; t++)
		convert(sample, member, t, sample->whole->value[member]);
	point_to(sample, sample->whole, member);
	return TRUE;
}

gboolean preview_sample_take(PreviewSample *sample, guint member)
{
	return take(sample, 0) && take(sample, member);
}

gboolean preview_sample_take_all(PreviewSample *sample, const Node *edit, GError **error)
{
	g_autoptr(GArray) members = expression_members(edit);
	g_array_prepend_val(members, (guint){0});
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		if (!preview_sample_take(sample, member))
			return fail_at(error, ERROR_INPUT,
				(Place){.remedy = "measure the edit over the weights (--exact)"},
				"no sample is kept of %s, so that this edit cannot be estimated",
				collection_member(sample->collection, member)->name);
	}
	return TRUE;
}

const PrepareSample *preview_sample_whole(const PreviewSample *sample)
{
	return &sample->whole->prepare;
}

/* Which part an element is in: of each SAMPLE_PARTS in a row every one gets one. */
static guint part_of(guint64 key, guint64 element)
{
	guint64 turn = rng_bits(key, element / SAMPLE_PARTS) % SAMPLE_PARTS;
	return (guint)((element + turn) % SAMPLE_PARTS);
}

static Slice *part_new(const PreviewSample *sample, guint part)
{
	g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(guint64));
	guint64 *first = g_new0(guint64, (gsize)sample->tensors + 1);
	for (guint t = 0; t < sample->tensors; t++) {
		guint64 key = rng_key(1, collection_tensor(sample->collection, t)->name);
		gboolean whole = preview_sample_has_all(sample, t);
		for (guint64 i = 0; i < count_of(sample->plan, t); i++) {
			guint64 element = sample->plan->first[t] + i;
			if (whole || part_of(key, i) == part)
				g_array_append_val(order, element);
		}
		first[t + 1] = order->len;
	}
	SamplePlan plan = {first, g_new(guint64, (gsize)order->len + 1)};
	for (guint i = 0; i < order->len; i++)
		plan.places[i] = sample->plan->places[g_array_index(order, guint64, i)];
	return slice_new(
		sample, plan, (guint64 *)(gpointer)g_array_free(g_steal_pointer(&order), FALSE));
}

/* Gathers what was taken since the part was last looked at. */
static void fill_part(const PreviewSample *sample, Slice *part)
{
	guint64 total = part->plan.first[sample->tensors];
	for (guint m = 0; m < sample->members; m++) {
		const double *whole = sample->whole->value[m];
		if (!whole || part->value[m])
			continue;
		part->value[m] = g_new(double, total + 1);
		for (guint64 i = 0; i < total; i++)
			part->value[m][i] = whole[part->order[i]];
		point_to(sample, part, m);
	}
}

const PrepareSample *preview_sample_part(PreviewSample *sample, guint part)
{
	if (!sample->parts[part])
		sample->parts[part] = part_new(sample, part);
	fill_part(sample, sample->parts[part]);
	return &sample->parts[part]->prepare;
}

const guint64 *preview_sample_order(PreviewSample *sample, guint part)
{
	preview_sample_part(sample, part);
	return sample->parts[part]->order;
}

guint64 preview_sample_count(const PreviewSample *sample, guint tensor)
{
	return count_of(sample->plan, tensor);
}

double preview_sample_weight(const PreviewSample *sample, guint tensor)
{
	guint64 count = count_of(sample->plan, tensor);
	return count ? (double)collection_tensor(sample->collection, tensor)->elements /
			       (double)count
		     : 0;
}

double preview_sample_largest(const PreviewSample *sample, guint member, guint tensor)
{
	return has_values(sample, member) ? sample->statistics[member]->largest_change[tensor] : 0;
}

gboolean preview_sample_has_all(const PreviewSample *sample, guint tensor)
{
	return count_of(sample->plan, tensor) ==
	       collection_tensor(sample->collection, tensor)->elements;
}

gboolean preview_sample_is_everything(const PreviewSample *sample)
{
	for (guint t = 0; t < sample->tensors; t++)
		if (collection_is_float(sample->collection, t) &&
			!preview_sample_has_all(sample, t))
			return FALSE;
	return TRUE;
}

const Collection *preview_sample_collection(const PreviewSample *sample)
{
	return sample->collection;
}

gpointer preview_sample_kept(PreviewSample *sample, const char *text)
{
	for (GList *at = sample->kept.head; at; at = at->next) {
		Kept *kept = at->data;
		if (!g_str_equal(kept->text, text))
			continue;
		g_queue_unlink(&sample->kept, at);
		g_queue_push_head_link(&sample->kept, at);
		return kept->data;
	}
	return NULL;
}

void preview_sample_keep(
	PreviewSample *sample, const char *text, gpointer data, GDestroyNotify free_data)
{
	Kept *kept = g_new0(Kept, 1);
	*kept = (Kept){g_strdup(text), data, free_data};
	g_queue_push_head(&sample->kept, kept);
	if (sample->kept.length > SAMPLE_KEEPS)
		kept_free(g_queue_pop_tail(&sample->kept));
}
