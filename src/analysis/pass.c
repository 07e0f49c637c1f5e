/* pass.c - the one streaming pass: Gram tables, sample, extremes, non-finite counts.
 *
 * Workers take stripes (stripe.c); here stripes are laid out, buffers are fitted into the budget,
 * and what the workers found is added up in the order of the stripes. */
#include "analysis/pass.h"

#include "analysis/content.h"
#include "analysis/stripe.h"

#include <math.h>

/* The length of a read of one vector where the budget allows: what lets the vectors together stay
 * in the last cache, but not so little that calls cost more than copying. */
#define RUN_BYTES_LEAST (64u << 10)
#define RUN_BYTES_MOST (256u << 10)
#define RUN_BYTES_TOGETHER (9u * RUN_BYTES_MOST) /* of nine vectors the most */
/* Tensors of at most so many are multiplied in double. */
#define WIDE_ELEMENTS (1u << 16)

gboolean pass_is_wide(const Collection *collection, guint member, guint tensor)
{
	return collection_member(collection, member)->run != NULL ||
	       collection_tensor(collection, tensor)->elements <= WIDE_ELEMENTS;
}

typedef struct {
	StripePlan plan;
	Gram *gram;
	GArray *stripes;  /* of Stripe over base tensors */
	GArray *contents; /* of Content: what is hashed but has no vector */
	guint threads;
	StripePool *pool;
	XXH3_state_t **joined; /* [members]: NULL where not fresh */
	Lineup lineup;         /* of the merge */
} Pass;

static guint members_of(const Pass *pass)
{
	return collection_members(pass->plan.request->collection);
}

static void add_contents(Pass *pass, guint tensor)
{
	const PassRequest *request = pass->plan.request;
	for (guint m = 0; m < members_of(pass); m++) {
		Content content = {
			.checkpoint = collection_member(request->collection, m)->checkpoint};
		if (!request->fresh[m] || lineup_shares(request->collection, m, tensor) ||
			lineup_tensor(request->collection, m, tensor, &content.tensor) == NULL)
			continue;
		content.elements = lineup_elements(request->collection, m, tensor);
		if (pass->plan.statistics != NULL)
			content.hash = &pass->plan.statistics[m]->hash[tensor];
		g_array_append_val(pass->contents, content);
	}
}

/* Widens the plan so that it holds this tensor's vectors. */
static void fit_lineup(Pass *pass, guint tensor)
{
	StripePlan *plan = &pass->plan;
	const Lineup *lineup = &pass->lineup;
	gsize cells = gram_packed(lineup->count, 0) - gram_packed(lineup->first, 0);
	plan->vectors = MAX(plan->vectors, lineup->count);
	plan->cells = MAX(plan->cells, cells);
	for (guint v = 0; v < lineup->count; v++) {
		guint place;
		const Tensor *of =
			lineup_tensor(plan->request->collection, lineup->member[v], tensor, &place);
		plan->width = MAX(plan->width, dtype_info(of->dtype)->bits / 8);
	}
}

static void lay_out(Pass *pass)
{
	const PassRequest *request = pass->plan.request;
	for (guint t = 0; t < collection_tensors(request->collection); t++) {
		add_contents(pass, t);
		lineup_fill(&pass->lineup, request->collection, request->fresh, t);
		if (pass->lineup.count == 0)
			continue;
		fit_lineup(pass, t);
		stripes_add(pass->stripes, t, collection_tensor(request->collection, t)->elements);
	}
}

/* The bytes that one more thread takes: its buffers, and two slots of results. */
static gsize thread_bytes(const StripePlan *plan, gsize run)
{
	return stripe_buffer_bytes(plan, run) + 2 * stripe_slot_bytes(plan);
}

/* Sources keep what they made in the caches of their checkpoints, which share a quarter of the
 * budget; returns what is left. */
static gsize share_with_sources(const Collection *collection, gsize budget)
{
	g_autoptr(GPtrArray) caches = g_ptr_array_new();
	for (guint m = 0; m < collection_members(collection); m++) {
		const Checkpoint *checkpoint = collection_member(collection, m)->checkpoint;
		if (checkpoint_has_sources(checkpoint))
			g_ptr_array_add(caches, checkpoint->cache);
	}
	if (caches->len == 0)
		return budget;
	for (guint i = 0; i < caches->len; i++)
		cache_limit(caches->pdata[i], budget / 4 / caches->len);
	return budget - budget / 4;
}

/* As many threads as fit with the shortest reads, then reads as long as fit. */
static void fit_budget(Pass *pass)
{
	StripePlan *plan = &pass->plan;
	gsize budget = plan->request->budget > 0 ? plan->request->budget : PASS_BUDGET_DEFAULT;
	budget = share_with_sources(plan->request->collection, budget);
	gsize least = MAX(thread_bytes(plan, KERNEL_BLOCK), 1);
	gsize threads = MIN(parallel_threads(plan->request->threads), MAX(pass->stripes->len, 1));
	pass->threads = (guint)CLAMP(budget / least, 1, threads);

	gsize wanted =
		CLAMP(RUN_BYTES_TOGETHER / MAX(plan->vectors, 1), RUN_BYTES_LEAST, RUN_BYTES_MOST);
	gsize blocks = wanted / (KERNEL_BLOCK * MAX(plan->width, 1));
	plan->run = MAX(blocks, 1) * KERNEL_BLOCK;
	while (plan->run > KERNEL_BLOCK && pass->threads * thread_bytes(plan, plan->run) > budget)
		plan->run -= KERNEL_BLOCK;
}

static void pass_init(Pass *pass, const PassRequest *request)
{
	*pass = (Pass){.plan.request = request, .plan.kernel = kernel_choose()};
	pass->stripes = g_array_new(FALSE, FALSE, sizeof(Stripe));
	pass->contents = g_array_new(FALSE, FALSE, sizeof(Content));
	lineup_init(&pass->lineup, request->collection);
}

static void pass_clear(Pass *pass)
{
	g_array_unref(pass->stripes);
	g_array_unref(pass->contents);
	lineup_clear(&pass->lineup);
	stripe_pool_free(pass->pool);
	for (guint m = 0; pass->joined != NULL && m < members_of(pass); m++)
		XXH3_freeState(pass->joined[m]);
	g_free(pass->joined);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Pass, pass_clear)

static void allocate(Pass *pass)
{
	pass->pool = stripe_pool_new(&pass->plan, pass->threads);
	pass->joined = g_new0(XXH3_state_t *, members_of(pass));
	for (guint m = 0; m < members_of(pass); m++)
		if (pass->plan.request->fresh[m])
			pass->joined[m] = XXH3_createState();
}

static void reset_statistics(const Pass *pass, guint member)
{
	const SamplePlan *places = pass->plan.plan;
	Statistics *statistics = pass->plan.statistics[member];
	for (guint t = 0; t < pass->gram->tensors; t++) {
		statistics->minimum[t] = statistics->maximum[t] = NAN;
		statistics->largest_change[t] = 0;
		statistics->nonfinite[t] = statistics->hash[t] = 0;
		if (statistics->sample && !lineup_shares(pass->plan.request->collection, member, t))
			sample_forget(statistics->sample, places->first[t], places->first[t + 1]);
	}
}

/* What the merges start from: products 0, nothing known of any tensor. */
static void reset_results(Pass *pass)
{
	const gboolean *fresh = pass->plan.request->fresh;
	for (guint t = 0; t < pass->gram->tensors; t++)
		for (guint i = 0; i < pass->gram->vectors; i++)
			for (guint j = 0; j <= i; j++)
				if (fresh[i] || fresh[j])
					*gram_cell(pass->gram, t, i, j) = 0;
	for (guint m = 0; m < members_of(pass); m++)
		if (fresh[m])
			reset_statistics(pass, m);
}

static gboolean work(gpointer data, guint64 item, gpointer slot, GError **error)
{
	Pass *pass = data;
	const StripePlan *plan = &pass->plan;
	const Stripe *stripe = &g_array_index(pass->stripes, Stripe, item);
	job_set_detail(
		plan->job, collection_tensor(plan->request->collection, stripe->subject)->name);
	return stripe_work(pass->pool, stripe, stripe_result(plan, slot), error);
}

static void merge_extremes(Statistics *statistics, guint tensor, const Extremes *extremes)
{
	double *low = &statistics->minimum[tensor], *high = &statistics->maximum[tensor];
	if (extremes->minimum <= extremes->maximum) {
		*low = isnan(*low) ? extremes->minimum : MIN(*low, extremes->minimum);
		*high = isnan(*high) ? extremes->maximum : MAX(*high, extremes->maximum);
	}
	double *change = &statistics->largest_change[tensor];
	*change = MAX(*change, extremes->largest_change);
	statistics->nonfinite[tensor] += extremes->nonfinite;
}

static void merge_products(Pass *pass, guint tensor, const double *sums)
{
	const Lineup *lineup = &pass->lineup;
	for (guint v = lineup->first; v < lineup->count; v++)
		for (guint w = 0; w <= v; w++)
			*gram_cell(pass->gram, tensor, lineup->member[v], lineup->member[w]) +=
				*sums++;
}

static gboolean merge(gpointer data, guint64 item, gpointer slot, G_GNUC_UNUSED GError **error)
{
	Pass *pass = data;
	const PassRequest *request = pass->plan.request;
	const Stripe *stripe = &g_array_index(pass->stripes, Stripe, item);
	StripeResult result = stripe_result(&pass->plan, slot);
	lineup_fill(&pass->lineup, request->collection, request->fresh, stripe->subject);
	merge_products(pass, stripe->subject, result.sums);
	for (guint v = pass->lineup.first; v < pass->lineup.count; v++) {
		guint member = pass->lineup.member[v];
		Statistics *statistics = pass->plan.statistics[member];
		merge_extremes(statistics, stripe->subject, &result.extremes[v]);
		stripe_hash_join(pass->joined[member], stripe, result.hash[v],
			&statistics->hash[stripe->subject]);
	}
	return TRUE;
}

static guint64 planned_bytes(Pass *pass)
{
	const PassRequest *request = pass->plan.request;
	guint64 bytes = content_bytes(pass->contents);
	for (guint i = 0; i < pass->stripes->len; i++) {
		const Stripe *stripe = &g_array_index(pass->stripes, Stripe, i);
		if (stripe->first > 0)
			continue;
		guint place, tensor = stripe->subject;
		lineup_fill(&pass->lineup, request->collection, request->fresh, tensor);
		for (guint v = 0; v < pass->lineup.count; v++) {
			guint member = pass->lineup.member[v];
			const Tensor *own =
				lineup_tensor(request->collection, member, tensor, &place);
			bytes += lineup_elements(request->collection, member, tensor) *
				 (dtype_info(own->dtype)->bits / 8);
		}
	}
	return bytes;
}

guint64 pass_bytes(const PassRequest *request)
{
	g_auto(Pass) pass;
	pass_init(&pass, request);
	lay_out(&pass);
	return planned_bytes(&pass);
}

gboolean pass_run(const PassRequest *request, const SamplePlan *plan, Gram *gram,
	Statistics **statistics, Job *job, GError **error)
{
	g_auto(Pass) pass;
	pass_init(&pass, request);
	pass.plan.plan = plan;
	pass.plan.statistics = statistics;
	pass.plan.job = job;
	pass.gram = gram;
	lay_out(&pass);
	fit_budget(&pass);
	allocate(&pass);
	reset_results(&pass);
	Parallel parallel = {
		.items = pass.stripes->len,
		.threads = pass.threads,
		.slot_bytes = MAX(stripe_slot_bytes(&pass.plan), 1),
		.data = &pass,
		.work = work,
		.merge = merge,
	};
	return parallel_run(&parallel, job, error) &&
	       content_hash(pass.contents, request->threads, job, error);
}

gboolean pass_hash(const Collection *collection, guint member, guint threads, guint64 *hash,
	Job *job, GError **error)
{
	const Checkpoint *checkpoint = collection_member(collection, member)->checkpoint;
	g_autoptr(GArray) contents = g_array_new(FALSE, FALSE, sizeof(Content));
	for (guint t = 0; t < collection_tensors(collection); t++) {
		Content content = {.checkpoint = checkpoint, .hash = &hash[t]};
		hash[t] = 0;
		content.elements = lineup_elements(collection, member, t);
		if (lineup_tensor(collection, member, t, &content.tensor) != NULL)
			g_array_append_val(contents, content);
	}
	return content_hash(contents, threads, job, error);
}
