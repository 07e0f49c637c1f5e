/* evaluate.c - the value of an edit on a run of elements.
 *
 * The tree is walked with one run of memory for each operand that waits.  A call computes all its
 * inputs first, but for a mix whose factors are settled: that adds them up one by one. */
#include "method/evaluate.h"

#include "edit/linear.h"
#include "edit/node.h"
#include "method/elements.h"
#include "method/steps.h"

#include <string.h>

/* A walk over the tree, on one run of elements. */
typedef struct {
	const Prepared *prepared;
	const Values *values;
	guint64 at, n;
} Run;

static void evaluate_node(const Run *run, const Node *node, double *out, double *stack);

/* Numbers of memory that a call takes beside its inputs. */
static gsize call_header(const Node *call)
{
	guint inputs = call->children->len;
	gsize site = inputs + method_parameters(call->method);
	gsize cuts = call_cuts_most(inputs) * (sizeof(Cut) / sizeof(double));
	gsize factors = (inputs + 1) + (gsize)(inputs + 1) * (inputs + 2) / 2;
	return 2 * site + inputs + cuts + factors;
}

static gsize method_room(const Node *call, guint64 n)
{
	return call->method->room ? call->method->room(call, n) : 0;
}

/* Numbers of memory that evaluating a node takes, for runs of n. */
static gsize stack_numbers(const Node *node, guint64 n)
{
	gsize most = 0;
	for (guint i = 0; i < node->children->len; i++) {
		const Node *child = node_child(node, i);
		gsize numbers = child->is_vector ? stack_numbers(child, n) : 0;
		most = MAX(most, numbers);
	}
	if (node->kind == NODE_CALL)
		return call_header(node) + (node->children->len + 1) * (gsize)n +
		       MAX(most, method_room(node, n));
	return most + (node->kind == NODE_ADD || node->kind == NODE_SUBTRACT ? (gsize)n : 0);
}

gsize evaluate_scratch_bytes(const Node *edit, guint64 n)
{
	return stack_numbers(edit, n) * sizeof(double);
}

static void zero(double *out, guint64 n)
{
	memset(out, 0, n * sizeof *out);
}

/* A task vector that was read; NULL where it is 0 everywhere, or `node` is none. */
static const double *task_of(const Run *run, const Node *node)
{
	if (node->kind != NODE_TASK || !node->member || !run->values->task[node->member])
		return NULL;
	return run->values->task[node->member] + run->at;
}

/* The values of a node: where they are at hand, or computed into `room`. */
static const double *operand(const Run *run, const Node *node, double *room, double *stack)
{
	const double *task = task_of(run, node);
	if (task)
		return task;
	evaluate_node(run, node, room, stack);
	return room;
}

static void evaluate_task(const Run *run, const Node *node, double *out)
{
	const double *task = task_of(run, node);
	if (task)
		memcpy(out, task, run->n * sizeof *out);
	else
		zero(out, run->n);
}

/* Of a node of two vectors, the right one computed beside `out`. */
static void evaluate_pair(const Run *run, const Node *node, double *out, double *stack)
{
	const double *left = operand(run, node_child(node, 0), out, stack);
	const double *right = operand(run, node_child(node, 1), stack, stack + run->n);
	if (node->kind == NODE_ADD)
		elements_add(out, left, right, run->n);
	else
		elements_subtract(out, left, right, run->n);
}

/* Σ factor·input + factor[0]·θ₀, one input after the other. */
static void add_up(
	const Run *run, const Call *call, const double *factor, double *out, double *stack)
{
	zero(out, run->n);
	if (factor[0] != 0)
		elements_add_scaled(out, run->values->base + run->at, run->n, factor[0]);
	for (guint i = 0; i < call_inputs(call); i++) {
		if (factor[i + 1] == 0)
			continue;
		const double *input =
			operand(run, method_body(call->node, i), stack, stack + run->n);
		elements_add_scaled(out, input, run->n, factor[i + 1]);
	}
}

/* The same on a part of a block whose inputs are computed. */
static void mix_run(
	const MethodBlock *block, const double *factor, guint64 from, guint64 n, double *out)
{
	zero(out + from, n);
	if (factor[0] != 0)
		elements_add_scaled(out + from, block->base + from, n, factor[0]);
	for (guint i = 0; i < block->site.inputs; i++)
		elements_add_scaled(out + from, block->input[i] + from, n, factor[i + 1]);
}

/* Rows, or filters: their factors are found again from their elements; that all have an answer was
 * seen when the call was prepared. */
static void mix_runs(const Call *call, const MethodBlock *block, double *memory, double *out)
{
	const Tensor *tensor = collection_tensor(block->site.collection, block->site.tensor);
	guint64 length =
		method_by(call->node) == BY_ROW ? tensor_row(tensor) : tensor_filter(tensor);
	const MethodSite *site = &block->site;
	double *factor = memory, *products = memory + site->inputs + 1;
	for (guint64 from = 0; from < block->n; from += length) {
		memset(products, 0, mix_cells(site) * sizeof *products);
		mix_products(block, from, length, products);
		if (mix_factors(call, site, products, factor, NULL))
			mix_run(block, factor, from, length, out);
		else
			zero(out + from, length);
	}
}

static void mix_columns(const MethodBlock *block, double *out)
{
	const Tensor *tensor = collection_tensor(block->site.collection, block->site.tensor);
	guint64 columns = tensor_columns(tensor);
	guint width = block->site.inputs + 1;
	for (guint64 k = 0; k < block->n; k++) {
		const double *factor = block->figures + (block->first + k) % columns * width;
		out[k] = factor[0] != 0 ? factor[0] * block->base[k] : 0;
		for (guint i = 1; i < width; i++)
			out[k] += factor[i] * block->input[i - 1][k];
	}
}

/* Computes the inputs of a call into the stack, but for those that are at hand. */
static void evaluate_inputs(const Run *run, const Call *call, const double **input, double *stack)
{
	double *rest = stack + call_inputs(call) * run->n;
	for (guint i = 0; i < call_inputs(call); i++) {
		double *room = stack + i * run->n;
		input[i] = operand(run, method_body(call->node, i), room, rest);
	}
}

double *call_block(const Prepared *prepared, const Values *values, const Call *call, guint64 at,
	guint64 n, MethodBlock *block, MethodSite *whole, double *stack)
{
	Run run = {prepared, values, at, n};
	const Domain *domain = call_domain(call, values->tensor);
	const Tensor *tensor = collection_tensor(values->collection, values->tensor);
	double *whole_memory = stack + call_site_numbers(call);
	const double **input = (const double **)(whole_memory + call_site_numbers(call));
	Cut *cuts = (Cut *)(input + call_inputs(call));
	double *inputs = (double *)(cuts + call_cuts_most(call_inputs(call)));
	double *rest = inputs + call_inputs(call) * n;
	*whole = call_domain_site(prepared, call, domain, whole_memory);
	evaluate_inputs(&run, call, input, inputs);
	call_tensor_cuts(call, domain, values->tensor, cuts);
	*block = (MethodBlock){
		.site = call_site(prepared, call, values->tensor, tensor->elements, stack),
		.first = values->first + at,
		.places = values->places ? values->places + at : NULL,
		.n = n,
		.base = values->base + at,
		.input = input,
		.figures = domain->figures,
		.cuts = cuts,
		.domain = whole,
		.context = call->context,
		.failure = prepared->failure,
		.room = rest + n};
	return rest;
}

static void apply_block_of(const Call *call, const MethodBlock *block, double *memory, double *out)
{
	if (!call->method->mix || call->method->apply)
		call->method->apply(block, out);
	else if (call_is_partial(call, block->site.tensor) && method_by(call->node) == BY_COLUMN)
		mix_columns(block, out);
	else
		mix_runs(call, block, memory, out);
}

static void evaluate_block_of(const Run *run, const Call *call, double *out, double *stack)
{
	MethodBlock block;
	MethodSite whole;
	double *memory = call_block(
		run->prepared, run->values, call, run->at, run->n, &block, &whole, stack);
	apply_block_of(call, &block, memory, out);
}

/* Whether a call is a mix whose factors are the same on the whole tensor. */
static gboolean has_factors(const Call *call, guint tensor)
{
	return call->method->mix && !call->method->apply && !call_is_partial(call, tensor);
}

/* Factors that no inner products are wanted for; that there are some was seen before. */
static void add_up_plain(const Run *run, const Call *call, double *out, double *stack)
{
	const Tensor *tensor = collection_tensor(run->values->collection, run->values->tensor);
	MethodSite site =
		call_site(run->prepared, call, run->values->tensor, tensor->elements, stack);
	double *factor = stack + call_site_numbers(call);
	mix_factors(call, &site, NULL, factor, NULL);
	add_up(run, call, factor, out, factor + call_inputs(call) + 1);
}

static void evaluate_call(const Run *run, const Node *node, double *out, double *stack)
{
	const Call *call = prepared_call(run->prepared, node);
	const Domain *domain = call_domain(call, run->values->tensor);
	if (!domain)
		zero(out, run->n);
	else if (!has_factors(call, run->values->tensor))
		evaluate_block_of(run, call, out, stack);
	else if (call->method->wants_products)
		add_up(run, call, domain->figures, out, stack);
	else
		add_up_plain(run, call, out, stack);
}

static void evaluate_scope(const Run *run, const Node *node, double *out, double *stack)
{
	if (node->chosen[run->values->tensor])
		evaluate_node(run, node_child(node, 0), out, stack);
	else
		zero(out, run->n);
}

static void evaluate_node(const Run *run, const Node *node, double *out, double *stack)
{
	guint tensor = run->values->tensor;
	const double *in;
	switch (node->kind) {
	case NODE_TASK:
		evaluate_task(run, node, out);
		break;
	case NODE_NEGATE:
		in = operand(run, node_child(node, 0), out, stack);
		elements_multiply(out, in, run->n, -1);
		break;
	case NODE_ADD:
	case NODE_SUBTRACT:
		evaluate_pair(run, node, out, stack);
		break;
	case NODE_SCALE:
		in = operand(run, node_child(node, 1), out, stack);
		elements_multiply(out, in, run->n, linear_coefficient(node_child(node, 0), tensor));
		break;
	case NODE_DIVIDE:
		in = operand(run, node_child(node, 0), out, stack);
		elements_divide(out, in, run->n, linear_coefficient(node_child(node, 1), tensor));
		break;
	case NODE_SCOPE:
		evaluate_scope(run, node, out, stack);
		break;
	case NODE_CALL:
		evaluate_call(run, node, out, stack);
		break;
	default:
		g_assert_not_reached();
	}
}

void evaluate(const Prepared *prepared, const Values *values, const Node *node, guint64 at,
	guint64 n, double *out, gpointer scratch)
{
	Run run = {prepared, values, at, n};
	evaluate_node(&run, node, out, scratch);
}

gboolean evaluate_check(const Prepared *prepared, GError **error)
{
	return latch_check(prepared->failure, error);
}

/* Rows make up filters, and filters tensors: the largest unit is whole units of every call. */
guint64 evaluate_unit(const Prepared *prepared, guint tensor)
{
	guint64 unit = 1;
	for (guint i = 0; i < prepared->nodes->len; i++)
		if (call_domain(&prepared->calls[i], tensor))
			unit = MAX(unit, call_unit(prepared, &prepared->calls[i], tensor));
	return unit;
}

guint64 evaluate_block(const Prepared *prepared, guint tensor, guint64 about)
{
	guint64 unit = evaluate_unit(prepared, tensor);
	return about <= unit ? unit : about - about % unit;
}
