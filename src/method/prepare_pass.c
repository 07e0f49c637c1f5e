/* prepare_pass.c - one pass over the weights: the tensors that are wanted, block by block.
 *
 * What the blocks yield is added in their order, so that neither the threads nor the budget change
 * a bit of the figures. */
#include "method/prepare_pass.h"

#include "method/prepare_guess.h"
#include "method/steps.h"

#include <string.h>

/* Elements of a block, but for units that are larger, and fewer of each vector where these are
 * many, so that a block of a hundred takes no more memory than one of VECTORS. */
#define BLOCK 32768u
#define BLOCK_LEAST 1024u
#define VECTORS 64u
/* Of those, how many are looked at together, where the parts of a block add up to the same: what
 * stays in the nearest caches. */
#define CHUNK 2048u

PreparePass prepare_pass_new(
	Prepared *prepared, const PrepareRequest *request, GArray *places, Job *job)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	return (PreparePass){.request = request,
		.prepared = prepared,
		.job = job,
		.places = places,
		.members = members->len,
		.only = -1};
}

CallPlace *prepare_pass_place(const PreparePass *pass, guint place)
{
	return &g_array_index(pass->places, CallPlace, place);
}

static gboolean any_wants(const PreparePass *pass, guint tensor)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants(prepare_pass_place(pass, i), tensor))
			return TRUE;
	return FALSE;
}

static gboolean any_wants_part(const PreparePass *pass, guint tensor, guint64 first, guint64 n)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants_part(prepare_pass_place(pass, i), tensor, first, n))
			return TRUE;
	return FALSE;
}

static const Piece *piece_of(const PreparePass *pass, guint64 item)
{
	return pieces_at(pass->pieces, pieces_find(pass->pieces, item));
}

/* Of so many elements of a tensor. */
static guint64 bytes_of(const PreparePass *pass, guint tensor, guint64 elements)
{
	const Tensor *of = collection_tensor(pass->prepared->collection, tensor);
	guint64 bytes = of->bytes / of->elements * elements +
			of->bytes % of->elements * elements / of->elements;
	return bytes * (pass->members + 1);
}

/* About so many elements of a block: of the edit alone, whatever is gathered, so that sums of it
 * are always the same. */
static guint64 block_elements(const PreparePass *pass)
{
	guint inputs = 0;
	for (guint i = 0; i < pass->prepared->nodes->len; i++)
		inputs = MAX(inputs, call_inputs(&pass->prepared->calls[i]));
	guint64 vectors = (guint64)pass->members + inputs;
	return vectors <= VECTORS ? BLOCK : MAX(BLOCK * (guint64)VECTORS / vectors, BLOCK_LEAST);
}

/* How many elements of a block are read at a time. */
static guint64 chunk_elements(const PreparePass *pass, guint tensor, guint64 block)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (!step_is_divisible(prepare_pass_place(pass, i)->call))
			return block;
	return MIN(evaluate_block(pass->prepared, tensor, CHUNK), block);
}

guint64 prepare_pass_bytes(const PreparePass *pass, guint tensor)
{
	return bytes_of(
		pass, tensor, collection_tensor(pass->prepared->collection, tensor)->elements);
}

static guint64 piece_bytes(const PreparePass *pass, const Piece *piece)
{
	guint64 wanted = 0;
	for (guint64 at = 0, n; at < piece->units; at += n) {
		n = MIN(piece->block, piece->units - at);
		wanted += any_wants_part(pass, piece->tensor, at, n) ? n : 0;
	}
	return bytes_of(pass, piece->tensor, wanted);
}

/* Goes on to announce so much: what is less than before is taken back, modulo 2^64. */
static void announce(PreparePass *pass, guint64 bytes)
{
	job_expect_more(pass->job, bytes - pass->announced);
	pass->announced = bytes;
}

/* This pass, and those that are certain to follow it, so that progress does not go back. */
static void expect_bytes(PreparePass *pass)
{
	guint ahead = 0;
	guint64 now = 0, whole = 0;
	for (guint i = 0; i < pass->places->len; i++)
		ahead = MAX(ahead, steps_ahead(pass->prepared, prepare_pass_place(pass, i)->call));
	for (guint i = 0; i < pass->pieces->len; i++) {
		const Piece *piece = pieces_at(pass->pieces, i);
		now += piece_bytes(pass, piece);
		whole += prepare_pass_bytes(pass, piece->tensor);
	}
	announce(pass, now + ahead * whole);
	pass->announced -= now;
}

/* Lists what the pass reads; the largest block and chunk. */
static void add_pieces(PreparePass *pass, guint64 *block, guint64 *chunk)
{
	const Collection *collection = pass->prepared->collection;
	guint64 about = block_elements(pass);
	*block = *chunk = 1;
	for (guint i = 0; i < collection_tensors(collection); i++) {
		if (!any_wants(pass, i) || (pass->only >= 0 && i != (guint)pass->only))
			continue;
		guint64 elements = collection_tensor(collection, i)->elements;
		guint64 here = evaluate_block(pass->prepared, i, about);
		*block = MAX(*block, MIN(here, elements));
		*chunk = MAX(*chunk, MIN(chunk_elements(pass, i, here), elements));
		pieces_add(pass->pieces, i, elements, here);
	}
}

/* A slot: the parts of the calls on a block, then its bytes and the values of a chunk, then
 * scratch.
 */
static void lay_out(PreparePass *pass, guint64 block, guint64 chunk)
{
	gsize at = 0, scratch = 0;
	for (guint i = 0; i < pass->places->len; i++) {
		CallPlace *place = prepare_pass_place(pass, i);
		at = place_lay_out(place, block, at);
		scratch = MAX(scratch, evaluate_scratch_bytes(place->call->node, chunk));
	}
	pass->base = at;
	pass->values = at + place_aligned(block * sizeof(double));
	pass->scratch = pass->values + place_aligned(values_run_bytes(pass->prepared->collection,
					       pass->prepared->edit, block, chunk));
	pass->slot = pass->scratch + scratch;
}

static gboolean gather(const PreparePass *pass, const CallPlace *place, const Values *values,
	guint8 *slot, GError **error)
{
	const Call *call = place->call;
	const Domain *domain = call_domain(call, values->tensor);
	double *sums = place_sums(place, slot);
	MethodBlock block;
	MethodSite whole;
	double *keys = call_block(pass->prepared, values, call, 0, values->count, &block, &whole,
		(double *)(slot + pass->scratch));
	if (!call->checked && !step_check_inputs(call, &block, error))
		return FALSE;
	if (!call->summed && !step_add(call, &block, sums, error)) {
		step_blame(call, pass->prepared, values->tensor, error);
		return FALSE;
	}
	place_fill(place, domain, &block, slot, keys);
	return evaluate_check(pass->prepared, error);
}

/* Empties the parts of a block. */
static void begin_block(const PreparePass *pass, guint tensor, guint8 *slot)
{
	for (guint i = 0; i < pass->places->len; i++) {
		const CallPlace *place = prepare_pass_place(pass, i);
		if (place_wants(place, tensor))
			place_clear(place, call_domain(place->call, tensor), slot);
	}
}

/* Reads the inputs of all calls that want some of a block. */
static gboolean read_run(const PreparePass *pass, guint tensor, guint64 first, guint64 count,
	guint8 *slot, ValuesRun *run, GError **error)
{
	const Collection *collection = pass->prepared->collection;
	guint8 *base = slot + pass->base, *values = slot + pass->values;
	gboolean begun = FALSE,
		 ok = checkpoint_read_raw(collection_member(collection, 0)->checkpoint, tensor,
			 first, count, base, error);
	for (guint i = 0; ok && i < pass->places->len; i++) {
		const Call *call = prepare_pass_place(pass, i)->call;
		if (!place_wants_part(prepare_pass_place(pass, i), tensor, first, count))
			continue;
		ok = begun ? values_run_read_more(run, call->node, error)
			   : values_run_read(run, collection, call->node, tensor, first, count,
				     base, values, error);
		begun = TRUE;
	}
	return ok;
}

static gboolean gather_chunk(const PreparePass *pass, ValuesRun *run, guint64 at, guint64 count,
	guint8 *slot, GError **error)
{
	guint tensor = run->chunk.tensor;
	values_decode(run, at, count);
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants_part(
			    prepare_pass_place(pass, i), tensor, run->chunk.first, count) &&
			!gather(pass, prepare_pass_place(pass, i), &run->chunk, slot, error))
			return FALSE;
	return TRUE;
}

static gboolean gather_block(const PreparePass *pass, const Piece *piece, guint64 first,
	guint64 count, guint8 *slot, GError **error)
{
	guint64 chunk = chunk_elements(pass, piece->tensor, piece->block);
	ValuesRun run;
	if (!read_run(pass, piece->tensor, first, count, slot, &run, error))
		return FALSE;
	for (guint64 at = 0; at < count; at += chunk)
		if (!gather_chunk(pass, &run, at, MIN(chunk, count - at), slot, error))
			return FALSE;
	job_advance(pass->job, bytes_of(pass, piece->tensor, count));
	return TRUE;
}

static gboolean work(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const PreparePass *pass = data;
	const Piece *piece = piece_of(pass, item);
	guint64 first = piece_first(piece, item), count = piece_count(piece, item);
	begin_block(pass, piece->tensor, memory);
	return !any_wants_part(pass, piece->tensor, first, count) ||
	       gather_block(pass, piece, first, count, memory, error);
}

static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const PreparePass *pass = data;
	const Piece *piece = piece_of(pass, item);
	gboolean last = item == piece->first_item + piece_items(piece) - 1;
	(void)error;
	for (guint i = 0; i < pass->places->len; i++) {
		const CallPlace *place = prepare_pass_place(pass, i);
		if (!place_wants(place, piece->tensor))
			continue;
		Domain *domain = call_domain(place->call, piece->tensor);
		place_add(place, domain, memory);
		if (last && place_is_one_tensor(place))
			place_end_searches(place, domain);
	}
	return TRUE;
}

/* What calls by tensor find need not be known for a guess of all. */
static void guess(const PreparePass *pass)
{
	for (guint i = 0; !pass->prepared->by_tensor && i < pass->places->len; i++)
		if (!job_is_cancelled(pass->job))
			prepare_guess(pass->prepared, prepare_pass_place(pass, i)->call);
}

gboolean prepare_pass_run(PreparePass *pass, GError **error)
{
	g_autoptr(GArray) pieces = pieces_new();
	guint64 block, chunk;
	pass->pieces = pieces;
	guess(pass);
	add_pieces(pass, &block, &chunk);
	if (pass->only < 0)
		expect_bytes(pass);
	lay_out(pass, block, chunk);
	job_set_detail(pass->job, "what the methods must know first");
	Parallel parallel = {
		.items = pieces_items(pieces),
		.threads = prepare_threads(pass->prepared, pass->request, pass->slot, error),
		.slot_bytes = pass->slot,
		.data = pass,
		.work = work,
		.merge = merge,
	};
	if (!parallel.threads)
		return FALSE;
	return pass->only >= 0 ? parallel_run(&parallel, pass->job, error)
			       : prepare_parallel(pass->prepared, pass->request, &parallel, pieces,
					 pass->job, error);
}

guint prepare_pass_cuts(const PreparePass *pass)
{
	guint threads = parallel_threads(pass->request->threads);
	gsize part = cut_part_bytes(block_elements(pass));
	gsize each = cut_search_bytes() + MAX(threads, 2) * part;
	return (guint)CLAMP(prepare_budget(pass->request) / 2 / each, 1, G_MAXINT);
}

void prepare_pass_end(PreparePass *pass)
{
	announce(pass, 0);
}
