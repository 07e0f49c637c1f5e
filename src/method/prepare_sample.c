/* prepare_sample.c - the figures of an edit's methods, estimated from the sample.
 *
 * A sampled element stands for as many as its tensor has for each of them, in sums and in cuts. */
#include "method/prepare.h"

#include "method/steps.h"
#include "method/weighted.h"

#include <math.h>

typedef struct {
	const PrepareSample *sample;
	Prepared *prepared;
	double **task;   /* [members] */
	double *scratch; /* for the call at hand */
	GArray **keys;   /* [cuts of the domain at hand] of WeightedKey */
	double *key;     /* of a tensor, for a cut */
} Sampling;

static guint64 sampled(const PrepareSample *sample, guint tensor)
{
	return sample->plan->first[tensor + 1] - sample->plan->first[tensor];
}

static gboolean is_whole(const Collection *collection, const PrepareSample *sample, guint tensor)
{
	return sampled(sample, tensor) == collection_tensor(collection, tensor)->elements;
}

/* Of a tensor of which every element is sampled the values are consecutive. */
Values prepare_sample_values(
	const Collection *collection, const PrepareSample *sample, guint tensor, double **task)
{
	for (guint i = 0; i < collection_members(collection); i++)
		task[i] = i ? (double *)sample->task[i][tensor] : NULL;
	return (Values){.collection = collection,
		.tensor = tensor,
		.places = is_whole(collection, sample, tensor)
				  ? NULL
				  : sample->plan->places + sample->plan->first[tensor],
		.count = sampled(sample, tensor),
		.base = (double *)sample->base[tensor],
		.task = task};
}

static double stands_for(const Sampling *sampling, guint tensor)
{
	guint64 elements = collection_tensor(sampling->prepared->collection, tensor)->elements;
	return (double)elements / (double)sampled(sampling->sample, tensor);
}

static void add_keys(
	const Sampling *sampling, const Call *call, const Domain *domain, const MethodBlock *block)
{
	guint64 offset = call->offset[block->site.tensor];
	double weight = stands_for(sampling, block->site.tensor);
	for (guint i = 0; i < domain->step_cuts; i++) {
		GArray *keys = sampling->keys[i];
		guint at = keys->len;
		if (i == 0 || !step_is_alike(call, block->domain, i, i - 1))
			step_keys(call, block, i, sampling->key);
		g_array_set_size(keys, at + (guint)block->n);
		for (guint64 k = 0; k < block->n; k++)
			g_array_index(keys, WeightedKey, at + k) = (WeightedKey){
				sampling->key[k], weight, offset + method_place(block, k)};
	}
}

/* Makes room for all keys of a domain, so that they are not moved as they become more. */
static void reserve(const Sampling *sampling, const Call *call, guint number, const Domain *domain)
{
	guint64 count = 0;
	for (guint t = domain->first; t < collection_tensors(sampling->prepared->collection); t++)
		if (call->domain_of[t] == number)
			count += sampled(sampling->sample, t);
	for (guint i = 0; i < domain->step_cuts; i++) {
		g_array_set_size(sampling->keys[i], (guint)count);
		g_array_set_size(sampling->keys[i], 0);
	}
}

static gboolean gather_tensor(
	const Sampling *sampling, const Call *call, Domain *domain, guint tensor, GError **error)
{
	Values values = prepare_sample_values(
		sampling->prepared->collection, sampling->sample, tensor, sampling->task);
	MethodBlock block;
	MethodSite whole;
	call_block(sampling->prepared, &values, call, 0, values.count, &block, &whole,
		sampling->scratch);
	g_autofree double *sums = g_new0(double, domain->sum_count + 1);
	if (!step_check_inputs(call, &block, error) || !step_add(call, &block, sums, error))
		return FALSE;
	for (guint i = 0; i < domain->sum_count; i++)
		domain->sums[i] += sums[i] * stands_for(sampling, tensor);
	add_keys(sampling, call, domain, &block);
	return evaluate_check(sampling->prepared, error);
}

/* The step at hand on one domain. */
static gboolean gather_domain(const Sampling *sampling, const Call *call, guint number,
	const MethodSite *site, Cut *cuts, GError **error)
{
	Domain *domain = &g_array_index(call->domains, Domain, number);
	reserve(sampling, call, number, domain);
	for (guint t = domain->first; t < collection_tensors(site->collection); t++)
		if (call->domain_of[t] == number && sampled(sampling->sample, t) &&
			!gather_tensor(sampling, call, domain, t, error))
			return FALSE;
	for (guint i = 0; i < domain->step_cuts; i++)
		cuts[i] = weighted_cut((WeightedKey *)sampling->keys[i]->data,
			sampling->keys[i]->len, (double)step_above(call, domain, site, i));
	return TRUE;
}

static gboolean run_domain(
	const Sampling *sampling, const Call *call, guint number, double *memory, GError **error)
{
	Domain *domain = &g_array_index(call->domains, Domain, number);
	MethodSite site = call_domain_site(sampling->prepared, call, domain, memory);
	g_autofree Cut *cuts = g_new0(Cut, domain->step_cuts + 1);
	if (gather_domain(sampling, call, number, &site, cuts, error) &&
		step_settle(call, domain, &site, cuts, error))
		return TRUE;
	step_blame(call, sampling->prepared, domain->first, error);
	return FALSE;
}

static gboolean run_step(const Sampling *sampling, Call *call, GError **error)
{
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	step_begin(sampling->prepared, call);
	if (step_is_over(call))
		return step_end(sampling->prepared, call, error);
	for (guint i = 0; i < call->domains->len; i++)
		if (!run_domain(sampling, call, i, memory, error))
			return FALSE;
	step_drop(call);
	return TRUE;
}

static guint64 largest_sample(const Sampling *sampling)
{
	guint64 most = 1;
	for (guint t = 0; t < collection_tensors(sampling->prepared->collection); t++)
		most = MAX(most, sampled(sampling->sample, t));
	return most;
}

static gboolean run_call(Sampling *sampling, Call *call, GError **error)
{
	guint cuts = call_cuts_most(call_inputs(call));
	guint64 most = largest_sample(sampling);
	g_autofree double *scratch = g_malloc(evaluate_scratch_bytes(call->node, most));
	g_autofree double *key = g_new(double, most);
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
	gboolean ok = TRUE;
	for (guint i = 0; i < cuts; i++)
		g_ptr_array_add(keys, g_array_new(FALSE, FALSE, sizeof(WeightedKey)));
	sampling->scratch = scratch;
	sampling->key = key;
	sampling->keys = (GArray **)keys->pdata;
	while (ok && !call_is_done(call))
		ok = run_step(sampling, call, error);
	return ok;
}

static guint8 *tensors_in_part(const Collection *collection, const PrepareSample *sample)
{
	guint tensors = collection_tensors(collection);
	guint8 *in_part = g_new0(guint8, tensors + 1);
	for (guint t = 0; t < tensors; t++)
		in_part[t] = !is_whole(collection, sample, t);
	return in_part;
}

Prepared *prepare_sample(
	const Collection *collection, const Node *edit, const PrepareSample *sample, GError **error)
{
	g_autoptr(Prepared) prepared = prepared_new(collection, edit, error);
	if (!prepared)
		return NULL;
	g_autofree double **task = g_new0(double *, collection_members(collection));
	Sampling sampling = {.sample = sample, .prepared = prepared, .task = task};
	prepared->in_part = tensors_in_part(collection, sample);
	for (guint i = 0; i < prepared->nodes->len; i++) {
		prepared->calls[i].in_part = prepared->in_part;
		if (!run_call(&sampling, &prepared->calls[i], error))
			return NULL;
	}
	return g_steal_pointer(&prepared);
}
