/* steps.c - what a step of a call gathers.
 *
 * A mix has one step, of inner products: over its domain, or of each column of a tensor.  Where it
 * is made row by row the products are found again when it is computed, and the step only looks
 * whether every row has an answer. */
#include "method/steps.h"

#include "analysis/gram.h"
#include "core/error.h"
#include "core/text.h"
#include "core/variants.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

static guint call_steps(const Call *call)
{
	guint steps = 0;
	if (call->method->mix)
		return call->method->wants_products && !call->by_tensor ? 1 : 0;
	for (const MethodStep *step = call->method->steps; step && (step->add || step->keys);
		step++)
		steps++;
	return steps;
}

gboolean call_is_done(const Call *call)
{
	return call->step >= call_steps(call);
}

static const MethodStep *step_at_hand(const Call *call)
{
	return &call->method->steps[call->step];
}

guint mix_cells(const MethodSite *site)
{
	return (guint)gram_packed(site->inputs + 1, 0);
}

static gboolean is_by_run(const Call *call, guint tensor)
{
	return call_is_partial(call, tensor) && method_by(call->node) != BY_COLUMN;
}

static gboolean is_by_column(const Call *call, guint tensor)
{
	return call_is_partial(call, tensor) && method_by(call->node) == BY_COLUMN;
}

static guint64 site_columns(const Call *call, const MethodSite *site)
{
	const Tensor *tensor = collection_tensor(site->collection, site->tensor);
	return is_by_column(call, site->tensor) ? tensor_columns(tensor) : 1;
}

/* How many sums and cuts the step at hand has, on a tensor or domain. */
static guint step_sums(const Call *call, const MethodSite *site)
{
	if (call->method->mix)
		return is_by_run(call, site->tensor)
			       ? 0
			       : mix_cells(site) * (guint)site_columns(call, site);
	const MethodStep *step = step_at_hand(call);
	return step->sums ? step->sums(site) : 0;
}

static guint step_cuts(const Call *call, const MethodSite *site)
{
	if (call->method->mix)
		return 0;
	const MethodStep *step = step_at_hand(call);
	return step->cuts ? step->cuts(site) : 0;
}

static const double *vector_of(const MethodBlock *block, guint vector)
{
	return vector ? block->input[vector - 1] : block->base;
}

static double product_of(const double *a, const double *b, guint64 n)
{
	double sum = 0;
	for (guint64 i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

void mix_products(const MethodBlock *block, guint64 from, guint64 n, double *products)
{
	for (guint i = 0; i <= block->site.inputs; i++)
		for (guint j = 0; j <= i; j++)
			products[gram_packed(i, j)] += product_of(
				vector_of(block, i) + from, vector_of(block, j) + from, n);
}

/* One pair of vectors, each column of its own. */
static void add_column_pair(
	const MethodBlock *block, guint i, guint j, guint64 columns, double *sums)
{
	const double *a = vector_of(block, i), *b = vector_of(block, j);
	guint cells = mix_cells(&block->site);
	gsize cell = gram_packed(i, j);
	for (guint64 k = 0; k < block->n; k++)
		sums[(block->first + k) % columns * cells + cell] += a[k] * b[k];
}

static void add_columns(const Call *call, const MethodBlock *block, double *sums)
{
	guint64 columns = site_columns(call, &block->site);
	for (guint i = 0; i <= block->site.inputs; i++)
		for (guint j = 0; j <= i; j++)
			add_column_pair(block, i, j, columns, sums);
}

gboolean mix_factors(const Call *call, const MethodSite *site, const double *products,
	double *factor, GError **error)
{
	MethodMix mix = {.site = *site, .products = products};
	if (!call->method->mix(&mix, factor, error))
		return FALSE;
	for (guint i = 0; i <= site->inputs; i++)
		if (!isfinite(factor[i]))
			return fail(error, ERROR_INPUT,
				"%s has no answer for these inputs: its factors are no finite "
				"numbers",
				call->method->name);
	return TRUE;
}

/* Whether every row, or filter, has an answer. */
static gboolean check_runs(const Call *call, const MethodBlock *block, GError **error)
{
	const Tensor *tensor = collection_tensor(block->site.collection, block->site.tensor);
	guint64 run = method_by(call->node) == BY_ROW ? tensor_row(tensor) : tensor_filter(tensor);
	guint cells = mix_cells(&block->site);
	g_autofree double *products = g_new(double, cells);
	g_autofree double *factor = g_new(double, block->site.inputs + 1);
	for (guint64 at = 0; at < block->n; at += run) {
		memset(products, 0, cells * sizeof *products);
		mix_products(block, at, run, products);
		if (!mix_factors(call, &block->site, products, factor, error))
			return FALSE;
	}
	return TRUE;
}

CPU_VARIANTS static gboolean all_finite(const double *values, guint64 n)
{
	guint64 finite = 0;
	for (guint64 i = 0; i < n; i++)
		finite += fabs(values[i]) <= G_MAXDOUBLE;
	return finite == n;
}

gboolean step_check_inputs(const Call *call, const MethodBlock *block, GError **error)
{
	const Tensor *tensor = collection_tensor(block->site.collection, block->site.tensor);
	Place place = {.tensor = tensor->name, .remedy = "leave the tensor out with a scope"};
	for (guint i = 0; i < block->site.inputs; i++)
		if (!all_finite(block->input[i], block->n))
			return fail_at(error, ERROR_INPUT, place,
				"input %u of %s has elements that are no finite numbers", i + 1,
				call->method->name);
	return TRUE;
}

gboolean step_add(const Call *call, const MethodBlock *block, double *sums, GError **error)
{
	if (!call->method->mix) {
		if (step_at_hand(call)->add)
			step_at_hand(call)->add(block, sums);
		return TRUE;
	}
	if (is_by_run(call, block->site.tensor))
		return check_runs(call, block, error);
	if (is_by_column(call, block->site.tensor))
		add_columns(call, block, sums);
	else
		mix_products(block, 0, block->n, sums);
	return TRUE;
}

void step_keys(const Call *call, const MethodBlock *block, guint cut, double *keys)
{
	step_at_hand(call)->keys(block, cut, keys);
}

gboolean step_is_alike(const Call *call, const MethodSite *domain, guint cut, guint other)
{
	const MethodStep *step = step_at_hand(call);
	guint alike = step->alike ? step->alike(domain) : 1;
	return cut / alike == other / alike;
}

guint64 step_above(const Call *call, const Domain *domain, const MethodSite *site, guint cut)
{
	return MIN(step_at_hand(call)->above(site, domain->figures, cut), domain->elements);
}

static gboolean settle_mix(
	const Call *call, Domain *domain, const MethodSite *site, guint64 columns, GError **error)
{
	guint width = site->inputs + 1, cells = mix_cells(site);
	gsize factors = columns * width;
	domain->figures = g_new0(double, factors);
	for (guint64 i = 0; i < columns; i++)
		if (!mix_factors(call, site, domain->sums + i * cells, domain->figures + i * width,
			    error))
			return FALSE;
	return TRUE;
}

static void keep_cuts(Domain *domain, const Cut *cuts, guint n, guint cuts_most)
{
	g_assert(domain->cut_count + n <= cuts_most);
	domain->cuts = g_renew(Cut, domain->cuts, domain->cut_count + n);
	for (guint i = 0; i < n; i++)
		domain->cuts[domain->cut_count++] = cuts[i];
}

static gboolean settle_method(
	const Call *call, Domain *domain, const MethodSite *site, const Cut *cuts, GError **error)
{
	const MethodStep *step = step_at_hand(call);
	if (!domain->figures && call->method->figures)
		domain->figures = g_new0(double, call->method->figures(site) + 1);
	keep_cuts(domain, cuts, step_cuts(call, site), call_cuts_most(site->inputs));
	return !step->settle || step->settle(site, domain->sums, cuts, domain->figures, error);
}

gboolean step_settle(
	const Call *call, Domain *domain, const MethodSite *site, const Cut *cuts, GError **error)
{
	if (!call->method->mix)
		return settle_method(call, domain, site, cuts, error);
	guint count = step_sums(call, site);
	return count == 0 || settle_mix(call, domain, site, count / mix_cells(site), error);
}

static Domain *domain_at(const Call *call, guint domain)
{
	return &g_array_index(call->domains, Domain, domain);
}

static gboolean gathers(const MethodStep *step, const MethodSite *site)
{
	return (step->sums && step->sums(site)) || (step->cuts && step->cuts(site));
}

guint steps_ahead(const Prepared *prepared, const Call *call)
{
	guint ahead = 0;
	if (call->method->mix || !call->domains->len)
		return 0;
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	MethodSite site = call_domain_site(prepared, call, domain_at(call, 0), memory);
	for (guint i = call->step + 1; i < call_steps(call); i++)
		if (gathers(&call->method->steps[i], &site))
			ahead++;
	return ahead;
}

void step_begin_tensor(const Prepared *prepared, Call *call, guint tensor)
{
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	Domain *domain = call_domain(call, tensor);
	MethodSite site = call_domain_site(prepared, call, domain, memory);
	domain->sum_count = step_sums(call, &site);
	domain->sums = g_new0(double, domain->sum_count + 1);
	call->summed = FALSE;
}

gboolean step_end_tensor(const Prepared *prepared, Call *call, guint tensor, GError **error)
{
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	Domain *domain = call_domain(call, tensor);
	MethodSite site = call_domain_site(prepared, call, domain, memory);
	gboolean ok = step_settle(call, domain, &site, NULL, error);
	if (!ok)
		step_blame(call, prepared, tensor, error);
	g_clear_pointer(&domain->sums, g_free);
	domain->sum_count = 0;
	call->summed = TRUE;
	return ok;
}

void step_begin(const Prepared *prepared, Call *call)
{
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	guint wanted = 0;
	for (guint i = 0; i < call->domains->len; i++) {
		Domain *domain = domain_at(call, i);
		MethodSite site = call_domain_site(prepared, call, domain, memory);
		domain->sum_count = step_sums(call, &site);
		domain->step_cuts = step_cuts(call, &site);
		domain->sums = g_new0(double, domain->sum_count + 1);
		domain->searches = g_new0(CutSearch *, domain->step_cuts + 1);
		for (guint k = 0; k < domain->step_cuts; k++)
			domain->searches[k] = cut_search_new(
				domain->elements, step_above(call, domain, &site, k));
		wanted |= domain->sum_count | domain->step_cuts |
			  (guint)is_by_run(call, domain->first);
	}
	call->summed = !wanted;
}

gboolean step_is_divisible(const Call *call)
{
	if (call->summed || call->method->mix)
		return call->summed;
	return !step_at_hand(call)->add || step_at_hand(call)->divisible;
}

gboolean step_wants(
	const Call *call, const Domain *domain, guint from, guint to, guint64 first, guint64 n)
{
	gboolean wants = !call->summed;
	for (guint i = from; !wants && i < MIN(to, domain->step_cuts); i++)
		wants = cut_search_wants(domain->searches[i], first, n);
	return wants;
}

/* Whether everything that the step wants of a domain is there. */
static gboolean step_has_all(const Call *call, const Domain *domain)
{
	gboolean all = call->summed;
	for (guint i = 0; all && i < domain->step_cuts; i++)
		all = cut_search_done(domain->searches[i]);
	return all;
}

gboolean step_is_over(const Call *call)
{
	gboolean over = TRUE;
	for (guint i = 0; over && i < call->domains->len; i++)
		over = step_has_all(call, domain_at(call, i));
	return over;
}

static Cut *found_cuts(const Domain *domain)
{
	Cut *cuts = g_new0(Cut, domain->step_cuts + 1);
	for (guint i = 0; i < domain->step_cuts; i++)
		cuts[i] = cut_search_result(domain->searches[i]);
	return cuts;
}

void step_drop(Call *call)
{
	for (guint i = 0; i < call->domains->len; i++) {
		Domain *domain = domain_at(call, i);
		for (guint k = 0; k < domain->step_cuts; k++)
			cut_search_free(domain->searches[k]);
		g_clear_pointer(&domain->searches, g_free);
		g_clear_pointer(&domain->sums, g_free);
	}
	call->step++;
}

void step_blame(const Call *call, const Prepared *prepared, guint tensor, GError **error)
{
	MethodBy by = method_by(call->node);
	if (error && *error && error_tensor(*error))
		return;
	g_autofree char *name = text_safe(collection_tensor(prepared->collection, tensor)->name);
	g_autofree char *layer = text_safe(prepared->collection->layer[tensor]);
	if (by == BY_LAYER)
		g_prefix_error(error, "layer %s: ", layer);
	else if (by != BY_MODEL)
		g_prefix_error(error, "tensor %s: ", name);
}

gboolean step_end(const Prepared *prepared, Call *call, GError **error)
{
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	for (guint i = 0; i < call->domains->len; i++) {
		Domain *domain = domain_at(call, i);
		MethodSite site = call_domain_site(prepared, call, domain, memory);
		g_autofree Cut *cuts = found_cuts(domain);
		if (!step_settle(call, domain, &site, cuts, error)) {
			step_blame(call, prepared, domain->first, error);
			return FALSE;
		}
	}
	step_drop(call);
	return TRUE;
}
