/* prepare_guess.c - runs of neighbours from everywhere in a domain, and what they tell of its cuts.
 *
 * Runs are short, so that all parts of a model have some, and as few as a disk that has to seek for
 * each of them bears. */
#include "method/prepare_guess.h"

#include "method/steps.h"

#include <string.h>

/* Elements of a run; how many runs, one for so many elements of the domain; and the most
 * elements that are read for one. */
#define RUN 64u
#define RUNS_LEAST 16u
#define RUNS_MOST 128u
#define ELEMENTS_A_RUN (1u << 17)
#define LENGTH_MOST 8192u

/* A domain that is looked at. */
typedef struct {
	const Prepared *prepared;
	const Call *call;
	const Domain *domain;
	gpointer values, scratch;
	double *block;  /* [LENGTH_MOST] keys of all elements that are read for a run */
	double *keys;   /* [cuts][RUNS_MOST * RUN] */
	guint64 found;  /* keys of each cut */
	guint64 places; /* that are looked at, of which so many are behind */
	guint64 behind;
} Look;

static gboolean wants_guess(const Domain *domain)
{
	for (guint i = 0; i < domain->step_cuts; i++)
		if (cut_search_wants_guess(domain->searches[i]))
			return TRUE;
	return FALSE;
}

static gboolean any_wants_guess(const Call *call)
{
	for (guint i = 0; i < call->domains->len; i++)
		if (wants_guess(&g_array_index(call->domains, Domain, i)))
			return TRUE;
	return FALSE;
}

static double *keys_of(const Look *look, guint cut)
{
	return look->keys + (gsize)cut * RUNS_MOST * RUN;
}

static gboolean read_run(Look *look, guint tensor, guint64 first, guint64 n)
{
	Values values;
	MethodBlock block;
	MethodSite whole;
	if (!values_read(&values, look->prepared->collection, look->call->node, tensor, first, n,
		    NULL, look->values, NULL))
		return FALSE;
	call_block(look->prepared, &values, look->call, 0, n, &block, &whole, look->scratch);
	if (!step_check_inputs(look->call, &block, NULL))
		return FALSE;
	for (guint i = 0; i < look->domain->step_cuts; i++) {
		if (i == 0 || !step_is_alike(look->call, &whole, i, i - 1))
			step_keys(look->call, &block, i, look->block);
		memcpy(keys_of(look, i) + look->found, look->block, RUN * sizeof *look->block);
	}
	look->found += RUN;
	return TRUE;
}

/* A run at an element of a tensor, of whole units; none where these, or the tensor, do not fit. */
static gboolean look_at(Look *look, guint tensor, guint64 element)
{
	guint64 unit = evaluate_unit(look->prepared, tensor), n = (RUN + unit - 1) / unit * unit;
	guint64 elements = collection_tensor(look->prepared->collection, tensor)->elements;
	guint64 first = MIN(element - element % unit, elements - MIN(n, elements));
	return n > LENGTH_MOST || n > elements || read_run(look, tensor, first, n);
}

/* The element of the domain that is looked at next. */
static guint64 next_place(const Look *look)
{
	double share = ((double)look->behind + 0.5) / (double)look->places;
	return (guint64)(share * (double)look->domain->elements);
}

static gboolean look_at_tensor(Look *look, guint tensor)
{
	guint64 offset = look->call->offset[tensor];
	guint64 end = offset + collection_tensor(look->prepared->collection, tensor)->elements;
	gboolean ok = TRUE;
	for (; ok && look->behind < look->places && next_place(look) < end; look->behind++)
		ok = look_at(look, tensor, next_place(look) - offset);
	return ok;
}

static gboolean look_at_domain(Look *look, guint number)
{
	guint tensors = collection_tensors(look->prepared->collection);
	look->found = look->behind = 0;
	look->places = CLAMP(look->domain->elements / ELEMENTS_A_RUN, RUNS_LEAST, RUNS_MOST);
	for (guint i = look->domain->first; i < tensors && look->behind < look->places; i++)
		if (look->call->domain_of[i] == number && !look_at_tensor(look, i))
			return FALSE;
	return TRUE;
}

static void guess_domain(Look *look, guint number)
{
	look->domain = &g_array_index(look->call->domains, Domain, number);
	if (!wants_guess(look->domain) || !look_at_domain(look, number))
		return;
	for (guint i = 0; i < look->domain->step_cuts; i++)
		cut_search_guess(look->domain->searches[i], keys_of(look, i), look->found, RUN);
}

void prepare_guess(const Prepared *prepared, const Call *call)
{
	guint cuts = call_cuts_most(call_inputs(call));
	if (!any_wants_guess(call))
		return;
	g_autofree guint8 *values =
		g_malloc(values_bytes(prepared->collection, call->node, LENGTH_MOST));
	g_autofree guint8 *scratch = g_malloc(evaluate_scratch_bytes(call->node, LENGTH_MOST));
	g_autofree double *block = g_new(double, LENGTH_MOST);
	g_autofree double *keys = g_new(double, (gsize)cuts *RUNS_MOST *RUN);
	Look look = {.prepared = prepared,
		.call = call,
		.values = values,
		.scratch = scratch,
		.block = block,
		.keys = keys};
	for (guint i = 0; i < call->domains->len; i++)
		guess_domain(&look, i);
}
