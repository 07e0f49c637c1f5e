/* measure.c - an edit measured over the weights: what its preview will be, exactly.
 *
 * Tensors are cut into blocks of a fixed size, whatever the threads and the budget, and what blocks
 * yield is added in their order. */
#include "preview/measure.h"

#include "core/error.h"
#include "edit/method_rows.h"
#include "edit/node.h"
#include "method/prepare.h"

#include <math.h>

/* Elements of a block, but for units that are larger. */
#define BLOCK 32768u
/* Sums that go on side by side, so that they take no turns. */
#define LANES 8u

typedef struct {
	const MeasureRequest *request;
	Prepared *prepared;
	const Node *wanted; /* the sum of the tasks whose products are, or NULL */
	Job *job;
	GArray *pieces;                     /* of Piece */
	gsize values, value, scratch, slot; /* bytes: where things lie within a slot */
	guint vectors;                      /* that are read */
	Measure *measure;
} Pass;

static guint64 bytes_of(const Pass *pass, guint tensor)
{
	return collection_tensor(pass->request->collection, tensor)->bytes * pass->vectors;
}

/* Where the edit is nothing, there is nothing to measure. */
static gboolean is_measured(const Pass *pass, guint tensor)
{
	const Collection *collection = pass->request->collection;
	return collection_tensor(collection, tensor)->elements &&
	       collection_is_float(collection, tensor) &&
	       expression_acts(collection, pass->request->edit, tensor);
}

static void expect_bytes(const Pass *pass)
{
	for (guint t = 0; t < collection_tensors(pass->request->collection); t++)
		if (is_measured(pass, t))
			job_expect_more(pass->job, bytes_of(pass, t));
}

static guint64 add_pieces(Pass *pass)
{
	const Collection *collection = pass->request->collection;
	guint64 most = 1;
	for (guint t = 0; t < collection_tensors(collection); t++) {
		guint64 elements = collection_tensor(collection, t)->elements;
		if (!is_measured(pass, t))
			continue;
		guint64 block = evaluate_block(pass->prepared, t, BLOCK);
		most = MAX(most, MIN(block, elements));
		pieces_add(pass->pieces, t, elements, block);
	}
	return most;
}

/* A slot: the sums with θ₀ and each member, then that of squares; the inputs; the edit; scratch. */
static void lay_out(Pass *pass, guint64 block)
{
	const Collection *collection = pass->request->collection;
	const Node *edit = pass->request->edit;
	pass->values = (collection_members(collection) + 1) * sizeof(double);
	pass->value = pass->values + values_bytes(collection, edit, block);
	if (pass->wanted)
		pass->value += values_bytes(collection, pass->wanted, block);
	pass->value += -pass->value % sizeof(double);
	pass->scratch = pass->value + block * sizeof(double);
	pass->slot = pass->scratch + evaluate_scratch_bytes(edit, block);
}

static double product_of(const double *a, const double *b, guint64 n)
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

static void multiply(const Values *values, guint members, const double *edit, double *sums)
{
	sums[0] = product_of(edit, values->base, values->count);
	for (guint m = 1; m < members; m++)
		sums[m] = values->task[m] ? product_of(edit, values->task[m], values->count) : 0;
	sums[members] = product_of(edit, edit, values->count);
}

static gboolean work(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Pass *pass = data;
	const Piece *piece = pieces_at(pass->pieces, pieces_find(pass->pieces, item));
	const Collection *collection = pass->request->collection;
	const Node *edit = pass->request->edit;
	guint64 first = piece_first(piece, item), count = piece_count(piece, item);
	double *value = (double *)((guint8 *)memory + pass->value);
	Values values;
	if (!values_read(&values, collection, edit, piece->tensor, first, count, NULL,
		    (guint8 *)memory + pass->values, error) ||
		(pass->wanted && !values_read_more(&values, pass->wanted, error)))
		return FALSE;
	evaluate(pass->prepared, &values, edit, 0, count, value, (guint8 *)memory + pass->scratch);
	if (!evaluate_check(pass->prepared, error))
		return FALSE;
	multiply(&values, collection_members(collection), value, memory);
	job_advance(pass->job, bytes_of(pass, piece->tensor) / piece->units * count);
	return TRUE;
}

static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Pass *pass = data;
	const double *sums = memory;
	guint tensor = pieces_at(pass->pieces, pieces_find(pass->pieces, item))->tensor;
	guint members = pass->measure->members;
	(void)error;
	for (guint m = 0; m < members; m++)
		pass->measure->products[(gsize)tensor * members + m] += sums[m];
	pass->measure->square[tensor] += sums[members];
	return TRUE;
}

static gboolean run_pass(Pass *pass, const PrepareRequest *prepare, GError **error)
{
	g_autoptr(GArray) pieces = pieces_new();
	pass->pieces = pieces;
	lay_out(pass, add_pieces(pass));
	Parallel parallel = {.items = pieces_items(pieces),
		.threads = prepare_threads(pass->prepared, prepare, pass->slot, error),
		.slot_bytes = pass->slot,
		.data = pass,
		.work = work,
		.merge = merge};
	return parallel.threads &&
	       prepare_parallel(pass->prepared, prepare, &parallel, pieces, pass->job, error);
}

static gboolean is_wanted(const MeasureRequest *request, guint member)
{
	if (request->wanted)
		return request->wanted[member];
	return collection_member(request->collection, member)->role == MEMBER_TASK;
}

/* All whose products are wanted, as a sum: what the edit itself reads of a tensor are those that it
 * wants there. */
static Node *wanted_tasks(const MeasureRequest *request, const gboolean *takes_part)
{
	g_autoptr(Node) sum = node_new(NODE_CALL, 1);
	node_set_method(sum, &method_sum);
	for (guint m = 1; m < collection_members(request->collection); m++) {
		if (!takes_part[m] && !is_wanted(request, m))
			continue;
		Node *task = node_new(NODE_TASK, 1);
		task->member = m;
		node_add(sum, task);
	}
	return sum->children->len ? g_steal_pointer(&sum) : NULL;
}

static gboolean *taking_part(const MeasureRequest *request)
{
	gboolean *takes_part = g_new0(gboolean, collection_members(request->collection));
	g_autoptr(GArray) members = expression_members(request->edit);
	for (guint i = 0; i < members->len; i++)
		takes_part[g_array_index(members, guint, i)] = TRUE;
	return takes_part;
}

/* Zeros, and NaN for members that nobody asked for. */
static Measure *measure_new(const MeasureRequest *request, const gboolean *takes_part)
{
	Measure *measure = g_new0(Measure, 1);
	measure->tensors = collection_tensors(request->collection);
	measure->members = collection_members(request->collection);
	measure->square = g_new0(double, (gsize)measure->tensors + 1);
	measure->products = g_new0(double, (gsize)measure->tensors * measure->members + 1);
	for (guint t = 0; t < measure->tensors; t++)
		for (guint m = 1; m < measure->members; m++)
			if (!takes_part[m] && !is_wanted(request, m))
				measure->products[(gsize)t * measure->members + m] = NAN;
	return measure;
}

Measure *measure_edit(const MeasureRequest *request, Job *job, GError **error)
{
	PrepareRequest prepare = {
		request->collection, request->edit, request->threads, request->budget};
	g_autofree gboolean *takes_part = taking_part(request);
	g_autoptr(Node) wanted = wanted_tasks(request, takes_part);
	Pass pass = {.request = request, .wanted = wanted, .job = job};
	pass.vectors = 1 + (wanted ? wanted->children->len : 0);
	expect_bytes(&pass);
	g_autoptr(Prepared) prepared = prepare_weights(&prepare, job, error);
	if (!prepared)
		return NULL;
	g_autoptr(Measure) measure = measure_new(request, takes_part);
	pass.prepared = prepared;
	pass.measure = measure;
	job_set_detail(job, "the edit and its inner products");
	return run_pass(&pass, &prepare, error) ? g_steal_pointer(&measure) : NULL;
}

void measure_free(Measure *measure)
{
	if (!measure)
		return;
	g_free(measure->square);
	g_free(measure->products);
	g_free(measure);
}
