/* test_pointwise.c - methods that go element by element, against their formulas: called directly,
 * and on files with any threads and blocks. */
#include "pointwise.h"

#include "method/apply.h"
#include "method/prepare.h"

#include <string.h>

static const struct {
	const char *edit;
	void (*truth)(const Odd *odd, guint inputs, const double *p, double **out);
	guint inputs; /* a, b and c, the first of them */
	double p[3];
	/* No truth: of floats, which other tests look at; here only that blocks do not matter. */
} rows[] = {
	{"magmax(a, b, c)", truth_magmax, 3, {0}},
	{"magmax(a)", truth_magmax, 1, {0}},
	{"consensus(a, b, c)", truth_consensus, 3, {0.4, 2}},
	{"consensus(a, b, c, lambda=0.2, k=3)", truth_consensus, 3, {0.2, 3}},
	{"consensus(a, b, lambda=0, k=1)", truth_consensus, 2, {0, 1}},
	{"emr(a, b, c)", truth_emr, 3, {0}},
	{"emr(a, b, c, task=1)", truth_emr, 3, {1}},
	{"emr(a, b, c, task=3)", truth_emr, 3, {3}},
	{"nearswap(a, t=0.03)", truth_nearswap, 1, {0.03, 0}},
	{"nearswap(a, t=0.03, dialect=mergekit)", truth_nearswap, 1, {0.03, 1e-6}},
	{"nearswap(a, t=0.0000005, dialect=mergekit)", truth_nearswap, 1, {5e-7, 1e-6}},
	{"arcee_fusion(a)", truth_arcee, 1, {0}},
	{"arcee_fusion(a, dialect=mergekit)", NULL, 1, {0}},
	{"sce(a, b, c)", truth_sce, 3, {1, 0}},
	{"sce(a, b, c, topk=0.2)", truth_sce, 3, {0.2, 0}},
	{"sce(a, b, topk=0.5)", truth_sce, 2, {0.5, 0}},
	{"sce(a, b, c, topk=0)", truth_sce, 3, {0, 0}},
	{"sce(a, b, c, topk=1e-9)", truth_sce, 3, {1e-9, 0}},
	{"sce(a, b, c, dialect=mergekit)", truth_sce, 3, {1, 1}},
	{"sce(a, b, c, topk=0.2, dialect=mergekit)", truth_sce, 3, {0.2, 1}},
	{"sce(a, b, c, topk=1e-9, dialect=mergekit)", truth_sce, 3, {1e-9, 1}},
	{"ram(a, b, c)", truth_ram, 3, {1e-5, 0, 0}},
	{"ram(a, b, c, epsilon=0.04)", truth_ram, 3, {0.04, 0, 0}},
	{"ramplus_tl(a, b, c)", truth_ram, 3, {1e-5, 0.1, 0.2}},
	{"ramplus_tl(a, b, c, r=0.5, alpha=3, epsilon=0.06)", truth_ram, 3, {0.06, 0.5, 3}},
	{"pcb(a, b, c)", truth_pcb, 3, {0.1}},
	{"pcb(a, b, c, ratio=1)", truth_pcb, 3, {1}},
	{"pcb(a, ratio=0.5)", truth_pcb, 1, {0.5}},
};

static double **vectors_new(const Odd *odd)
{
	double **vectors = g_new(double *, ODDMENTS + 1);
	for (guint t = 0; t < ODDMENTS; t++)
		vectors[t] = g_new0(double, odd->n[t]);
	vectors[ODDMENTS] = NULL;
	return vectors;
}

static void vectors_free(double **vectors)
{
	for (double **vector = vectors; *vector; vector++)
		g_free(*vector);
	g_free(vectors);
}

static Node *parse(const Odd *odd, const char *text)
{
	g_autoptr(GError) error = NULL;
	Node *edit = expression_parse(odd->fixture.collection, text, &error);
	test_no_error(error);
	return edit;
}

static guint place_of(const Odd *odd, guint oddment)
{
	const Collection *collection = odd->fixture.collection;
	gint found = checkpoint_find(
		collection_member(collection, 0)->checkpoint, oddments[oddment].name);
	g_assert_cmpint(found, >=, 0);
	return (guint)found;
}

static void assert_near(const char *edit, guint tensor, guint64 i, double value, double truth)
{
	if (!(fabs(value - truth) <= 1e-13 + 1e-11 * fabs(truth)))
		g_error("%s: %s: element %d is %.17g, should be %.17g", edit, oddments[tensor].name,
			(int)i, value, truth);
}

static void assert_all_near(const Odd *odd, const char *edit, double **values, double **truth)
{
	for (guint t = 0; t < ODDMENTS; t++)
		for (guint64 i = 0; i < odd->n[t]; i++)
			assert_near(edit, t, i, values[t][i], truth[t][i]);
}

/* A call that is prepared without the engine: its steps one by one, cuts by looking at all numbers.
 */
typedef struct {
	const Odd *odd;
	const Node *call;
	guint *tensors; /* of the domain: places among the oddments, in the collection's order */
	guint tensor_count;
	double parameter[8];
	MethodSite domain;
	double *figures;
	GArray *cuts;
} Direct;

static MethodBlock block_of(
	const Direct *direct, guint tensor, guint64 first, guint64 n, const double **inputs)
{
	MethodBlock block = {.site = direct->domain, .first = first, .n = n};
	const Odd *odd = direct->odd;
	block.site.tensor = place_of(odd, tensor);
	block.site.elements = odd->n[tensor];
	for (guint j = 0; j < block.site.inputs; j++)
		inputs[j] = odd->change[j][tensor] + first;
	block.input = inputs;
	block.base = odd->base[tensor] + first;
	block.figures = direct->figures;
	block.cuts = (const Cut *)(void *)direct->cuts->data;
	block.domain = &direct->domain;
	return block;
}

/* About half of a tensor, in whole units. */
static guint64 half_of(const Direct *direct, guint tensor)
{
	const Method *method = direct->call->method;
	MethodSite site = direct->domain;
	site.tensor = place_of(direct->odd, tensor);
	guint64 unit = method->unit ? method->unit(&site) : 1;
	return MAX(direct->odd->n[tensor] / 2 / unit, 1) * unit;
}

static void add_all(const Direct *direct, const MethodStep *step, double *sums)
{
	for (guint k = 0; k < direct->tensor_count; k++) {
		guint tensor = direct->tensors[k];
		guint64 half = half_of(direct, tensor), n = direct->odd->n[tensor];
		for (guint64 at = 0; at < n; at += half) {
			const double *inputs[TASKS];
			MethodBlock block = block_of(direct, tensor, at, MIN(half, n - at), inputs);
			step->add(&block, sums);
		}
	}
}

static void keys_of_all(const Direct *direct, const MethodStep *step, guint cut, double *keys)
{
	for (guint k = 0; k < direct->tensor_count; k++) {
		guint tensor = direct->tensors[k];
		guint64 half = half_of(direct, tensor), n = direct->odd->n[tensor];
		for (guint64 at = 0; at < n; at += half) {
			const double *inputs[TASKS];
			MethodBlock block = block_of(direct, tensor, at, MIN(half, n - at), inputs);
			step->keys(&block, cut, keys + at);
		}
		for (guint64 i = 0; i < n; i++)
			g_assert_true(isfinite(keys[i]));
		keys += n;
	}
}

/* The number that has `above` - 1 before it in descending order. */
static Cut cut_of(const double *keys, guint64 n, guint64 above)
{
	Cut cut = {INFINITY, 0};
	g_assert_cmpuint(above, <=, n);
	if (above == 0)
		return cut;
	cut.key = at_place(keys, n, (double)(n - above));
	for (guint64 i = 0; i < n; i++)
		above -= keys[i] > cut.key ? 1 : 0;
	for (guint64 i = 0; above > 0; i++)
		if (keys[i] == cut.key) {
			cut.index = i;
			above--;
		}
	return cut;
}

static void take_step(Direct *direct, const MethodStep *step)
{
	g_autoptr(GError) error = NULL;
	const MethodSite *domain = &direct->domain;
	guint sums = step->sums ? step->sums(domain) : 0;
	guint cuts = step->cuts ? step->cuts(domain) : 0, before = direct->cuts->len;
	g_autofree double *sum = g_new0(double, sums + 1);
	g_autofree double *keys = g_new(double, domain->elements);
	g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Cut));
	if (sums > 0)
		add_all(direct, step, sum);
	for (guint i = 0; i < cuts; i++) {
		guint64 above = step->above(domain, direct->figures, i);
		keys_of_all(direct, step, i, keys);
		Cut cut = cut_of(keys, domain->elements, above);
		g_array_append_val(found, cut);
	}
	g_array_append_vals(direct->cuts, found->data, found->len);
	g_assert_cmpuint(direct->cuts->len, ==, before + cuts);
	if (step->settle)
		step->settle(
			domain, sum, (const Cut *)(void *)found->data, direct->figures, &error);
	test_no_error(error);
}

static void run_domain(Direct *direct, double **out)
{
	static const double ones[TASKS] = {1, 1, 1};
	const Method *method = direct->call->method;
	MethodSite *domain = &direct->domain;
	*domain = (MethodSite){.collection = direct->odd->fixture.collection,
		.call = direct->call,
		.tensor = place_of(direct->odd, direct->tensors[0]),
		.inputs = direct->call->children->len,
		.weight = ones,
		.parameter = direct->parameter};
	for (guint i = 0; i < method_parameters(method); i++)
		direct->parameter[i] = method_value(direct->call, i, domain->tensor);
	for (guint k = 0; k < direct->tensor_count; k++)
		domain->elements += direct->odd->n[direct->tensors[k]];
	direct->figures = g_new0(double, (method->figures ? method->figures(domain) : 0) + 1);
	direct->cuts = g_array_new(FALSE, FALSE, sizeof(Cut));
	for (const MethodStep *step = method->steps; step && (step->add || step->keys); step++)
		take_step(direct, step);
	for (guint k = 0; k < direct->tensor_count; k++) {
		const double *inputs[TASKS];
		guint tensor = direct->tensors[k];
		MethodBlock block = block_of(direct, tensor, 0, direct->odd->n[tensor], inputs);
		method->apply(&block, out[tensor]);
	}
	g_free(direct->figures);
	g_array_unref(direct->cuts);
}

/* All tensors as one domain, or each one. */
static void run_directly(const Odd *odd, const Node *call, double **out)
{
	guint all[ODDMENTS];
	gboolean whole = method_by(call) == BY_MODEL;
	for (guint t = 0; t < ODDMENTS; t++)
		all[t] = t;
	for (guint t = 0; t < (whole ? 1 : ODDMENTS); t++) {
		Direct direct = {.odd = odd,
			.call = call,
			.tensors = all + t,
			.tensor_count = whole ? ODDMENTS : 1};
		run_domain(&direct, out);
	}
}

static void test_directly(void)
{
	g_auto(Odd) odd = odd_new(7);
	for (guint row = 0; row < G_N_ELEMENTS(rows); row++) {
		if (!rows[row].truth)
			continue;
		g_autoptr(Node) call = parse(&odd, rows[row].edit);
		double **truth = vectors_new(&odd), **out = vectors_new(&odd);
		rows[row].truth(&odd, rows[row].inputs, rows[row].p, truth);
		run_directly(&odd, call, out);
		assert_all_near(&odd, rows[row].edit, out, truth);
		vectors_free(truth);
		vectors_free(out);
	}
}

/* Prepares and applies through the engine; blocks of about so many elements. */
static void run_on_files(
	const Odd *odd, const Node *edit, guint threads, gsize budget, guint64 about, double **out)
{
	g_autoptr(GError) error = NULL;
	const Collection *collection = odd->fixture.collection;
	PrepareRequest request = {collection, edit, threads, budget};
	g_autoptr(Prepared) prepared = prepare_weights(&request, NULL, &error);
	test_no_error(error);
	Apply apply = {collection, edit, prepared, 1, DTYPE_F64, TRUE};
	for (guint t = 0; t < ODDMENTS; t++) {
		guint tensor = place_of(odd, t);
		guint64 block = apply_block_elements(&apply, tensor, about), overflowed = 0;
		g_autofree char *scratch = g_malloc(apply_scratch_bytes(&apply, tensor, block));
		ApplyPlan plan = apply_plan(&apply, tensor);
		for (guint64 at = 0; at < odd->n[t]; at += block) {
			apply_block(&apply, tensor, &plan, at, MIN(block, odd->n[t] - at), scratch,
				out[t] + at, &overflowed, &error);
			test_no_error(error);
		}
		g_assert_cmpuint(overflowed, ==, 0);
	}
}

static void assert_same_bits(const Odd *odd, const char *edit, double **a, double **b)
{
	for (guint t = 0; t < ODDMENTS; t++)
		if (memcmp(a[t], b[t], odd->n[t] * sizeof(double)) != 0)
			g_error("%s: %s: other bits", edit, oddments[t].name);
}

static void test_on_files(void)
{
	static const struct {
		guint threads;
		gsize budget;
		guint64 about;
	} ways[] = {{1, 0, APPLY_BLOCK}, {2, 0, 1}, {7, 1 << 16, 64}, {2, 0, 1000}};
	g_auto(Odd) odd = odd_new(11);
	for (guint row = 0; row < G_N_ELEMENTS(rows); row++) {
		const char *edit = rows[row].edit;
		g_autoptr(Node) call = parse(&odd, edit);
		double **truth = vectors_new(&odd), **first = vectors_new(&odd);
		if (rows[row].truth)
			rows[row].truth(&odd, rows[row].inputs, rows[row].p, truth);
		else
			run_directly(&odd, call, truth);
		for (guint way = 0; way < G_N_ELEMENTS(ways); way++) {
			double **out = way ? vectors_new(&odd) : first;
			run_on_files(&odd, call, ways[way].threads, ways[way].budget,
				ways[way].about, out);
			assert_same_bits(&odd, edit, first, out);
			if (way)
				vectors_free(out);
		}
		assert_all_near(&odd, edit, first, truth);
		vectors_free(truth);
		vectors_free(first);
	}
}

/* A sample of all elements tells what the weights tell. */
static void sample_all(const Odd *odd, const Node *edit, double **out)
{
	g_autoptr(GError) error = NULL;
	const Collection *collection = odd->fixture.collection;
	const double *base[ODDMENTS], *task[TASKS + 1][ODDMENTS], *const *tasks[TASKS + 1];
	guint64 first[ODDMENTS + 1] = {0}, oddment_of[ODDMENTS], most = 0;
	for (guint t = 0; t < ODDMENTS; t++)
		oddment_of[place_of(odd, t)] = t;
	for (guint i = 0; i < ODDMENTS; i++) {
		guint64 t = oddment_of[i];
		first[i + 1] = first[i] + odd->n[t];
		most = MAX(most, odd->n[t]);
		base[i] = odd->base[t];
		for (guint j = 0; j < TASKS; j++)
			task[j + 1][i] = odd->change[j][t];
	}
	for (guint j = 0; j <= TASKS; j++)
		tasks[j] = task[j];
	g_autofree guint64 *places = g_new(guint64, first[ODDMENTS]);
	for (guint i = 0; i < ODDMENTS; i++)
		for (guint64 k = first[i]; k < first[i + 1]; k++)
			places[k] = k - first[i];
	SamplePlan plan = {first, places};
	PrepareSample sample = {&plan, base, tasks};
	g_autoptr(Prepared) prepared = prepare_sample(collection, edit, &sample, &error);
	test_no_error(error);
	g_autofree char *scratch = g_malloc(evaluate_scratch_bytes(edit, most));
	for (guint i = 0; i < ODDMENTS; i++) {
		double *members[TASKS + 1];
		Values values = prepare_sample_values(collection, &sample, i, members);
		evaluate(prepared, &values, edit, 0, values.count, out[oddment_of[i]], scratch);
	}
}

static void test_on_sample(void)
{
	g_auto(Odd) odd = odd_new(13);
	for (guint row = 0; row < G_N_ELEMENTS(rows); row++) {
		g_autoptr(Node) call = parse(&odd, rows[row].edit);
		double **truth = vectors_new(&odd), **out = vectors_new(&odd);
		if (rows[row].truth)
			rows[row].truth(&odd, rows[row].inputs, rows[row].p, truth);
		else
			run_directly(&odd, call, truth);
		sample_all(&odd, call, out);
		assert_all_near(&odd, rows[row].edit, out, truth);
		vectors_free(truth);
		vectors_free(out);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pointwise/directly", test_directly);
	g_test_add_func("/pointwise/on-files", test_on_files);
	g_test_add_func("/pointwise/on-sample", test_on_sample);
	return g_test_run();
}
