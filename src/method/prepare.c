/* prepare.c - the passes over the weights that the methods of an edit ask for.
 *
 * Calls whose inner calls are done are gathered together.  A pass cuts the tensors that they still
 * want into blocks of a fixed size; what the blocks yield is added in their order, so that neither
 * the threads nor the budget change a bit of the figures. */
#include "method/prepare.h"

#include "method/prepare_guess.h"
#include "method/prepare_place.h"
#include "method/steps.h"

#include <math.h>
#include <string.h>

/* Elements of a block, but for units that are larger, and fewer of each vector where these are
 * many, so that a block of a hundred takes no more memory than one of VECTORS. */
#define BLOCK 32768u
#define BLOCK_LEAST 1024u
#define VECTORS 64u
/* Of those, how many are looked at together, where the parts of a block add up to the same: what
 * stays in the nearest caches. */
#define CHUNK 2048u

typedef struct {
	const PrepareRequest *request;
	Prepared *prepared;
	Job *job;
	GArray *places;                    /* of CallPlace: the calls that are gathered */
	GArray *pieces;                    /* of Piece */
	gsize base, values, scratch, slot; /* bytes */
	guint members;                     /* that take part */
	guint64 announced;                 /* bytes that the job expects of passes to come */
	gint only;                         /* the one tensor that is looked at; -1: all */
} Pass;

static CallPlace *place_at(const Pass *pass, guint place)
{
	return &g_array_index(pass->places, CallPlace, place);
}

static gboolean any_wants(const Pass *pass, guint tensor)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants(place_at(pass, i), tensor))
			return TRUE;
	return FALSE;
}

static gboolean any_wants_part(const Pass *pass, guint tensor, guint64 first, guint64 n)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants_part(place_at(pass, i), tensor, first, n))
			return TRUE;
	return FALSE;
}

static const Piece *piece_of(const Pass *pass, guint64 item)
{
	return pieces_at(pass->pieces, pieces_find(pass->pieces, item));
}

/* Of so many elements of a tensor. */
static guint64 bytes_of(const Pass *pass, guint tensor, guint64 elements)
{
	const Tensor *of = collection_tensor(pass->prepared->collection, tensor);
	guint64 bytes = of->bytes / of->elements * elements +
			of->bytes % of->elements * elements / of->elements;
	return bytes * (pass->members + 1);
}

/* About so many elements of a block: of the edit alone, whatever is gathered, so that sums of it
 * are always the same. */
static guint64 block_elements(const Pass *pass)
{
	guint inputs = 0;
	for (guint i = 0; i < pass->prepared->nodes->len; i++)
		inputs = MAX(inputs, call_inputs(&pass->prepared->calls[i]));
	guint64 vectors = (guint64)pass->members + inputs;
	return vectors <= VECTORS ? BLOCK : MAX(BLOCK * (guint64)VECTORS / vectors, BLOCK_LEAST);
}

/* How many elements of a block are read at a time. */
static guint64 chunk_elements(const Pass *pass, guint tensor, guint64 block)
{
	for (guint i = 0; i < pass->places->len; i++)
		if (!step_is_divisible(place_at(pass, i)->call))
			return block;
	return MIN(evaluate_block(pass->prepared, tensor, CHUNK), block);
}

static guint64 piece_bytes(const Pass *pass, const Piece *piece)
{
	guint64 wanted = 0;
	for (guint64 at = 0, n; at < piece->units; at += n) {
		n = MIN(piece->block, piece->units - at);
		wanted += any_wants_part(pass, piece->tensor, at, n) ? n : 0;
	}
	return bytes_of(pass, piece->tensor, wanted);
}

/* Goes on to announce so much: what is less than before is taken back, modulo 2^64. */
static void announce(Pass *pass, guint64 bytes)
{
	job_expect_more(pass->job, bytes - pass->announced);
	pass->announced = bytes;
}

/* This pass, and those that are certain to follow it, so that progress does not go back. */
static void expect_bytes(Pass *pass)
{
	guint ahead = 0;
	guint64 now = 0, whole = 0;
	for (guint i = 0; i < pass->places->len; i++)
		ahead = MAX(ahead, steps_ahead(pass->prepared, place_at(pass, i)->call));
	for (guint i = 0; i < pass->pieces->len; i++) {
		const Piece *piece = pieces_at(pass->pieces, i);
		now += piece_bytes(pass, piece);
		whole += bytes_of(pass, piece->tensor, piece->units);
	}
	announce(pass, now + ahead * whole);
	pass->announced -= now;
}

/* Lists what the pass reads; the largest block and chunk. */
static void add_pieces(Pass *pass, guint64 *block, guint64 *chunk)
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

static gsize aligned(gsize bytes)
{
	return (bytes + 15) / 16 * 16;
}

/* A slot: the parts of the calls on a block, then its bytes and the values of a chunk, then
 * scratch.
 */
static void lay_out(Pass *pass, guint64 block, guint64 chunk)
{
	gsize at = 0, scratch = 0;
	for (guint i = 0; i < pass->places->len; i++) {
		CallPlace *place = place_at(pass, i);
		at = place_lay_out(place, block, at);
		scratch = MAX(scratch, evaluate_scratch_bytes(place->call->node, chunk));
	}
	pass->base = at;
	pass->values = at + aligned(block * sizeof(double));
	pass->scratch = pass->values + aligned(values_run_bytes(pass->prepared->collection,
					       pass->prepared->edit, block, chunk));
	pass->slot = pass->scratch + scratch;
}

static gboolean gather(const Pass *pass, const CallPlace *place, const Values *values, guint8 *slot,
	GError **error)
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
static void begin_block(const Pass *pass, guint tensor, guint8 *slot)
{
	for (guint i = 0; i < pass->places->len; i++) {
		const CallPlace *place = place_at(pass, i);
		if (place_wants(place, tensor))
			place_clear(place, call_domain(place->call, tensor), slot);
	}
}

/* Reads the inputs of all calls that want some of a block. */
static gboolean read_run(const Pass *pass, guint tensor, guint64 first, guint64 count, guint8 *slot,
	ValuesRun *run, GError **error)
{
	const Collection *collection = pass->prepared->collection;
	guint8 *base = slot + pass->base, *values = slot + pass->values;
	gboolean begun = FALSE,
		 ok = checkpoint_read_raw(collection_member(collection, 0)->checkpoint, tensor,
			 first, count, base, error);
	for (guint i = 0; ok && i < pass->places->len; i++) {
		const Call *call = place_at(pass, i)->call;
		if (!place_wants_part(place_at(pass, i), tensor, first, count))
			continue;
		ok = begun ? values_run_read_more(run, call->node, error)
			   : values_run_read(run, collection, call->node, tensor, first, count,
				     base, values, error);
		begun = TRUE;
	}
	return ok;
}

static gboolean gather_chunk(
	const Pass *pass, ValuesRun *run, guint64 at, guint64 count, guint8 *slot, GError **error)
{
	guint tensor = run->chunk.tensor;
	values_decode(run, at, count);
	for (guint i = 0; i < pass->places->len; i++)
		if (place_wants_part(place_at(pass, i), tensor, run->chunk.first, count) &&
			!gather(pass, place_at(pass, i), &run->chunk, slot, error))
			return FALSE;
	return TRUE;
}

static gboolean gather_block(const Pass *pass, const Piece *piece, guint64 first, guint64 count,
	guint8 *slot, GError **error)
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
	const Pass *pass = data;
	const Piece *piece = piece_of(pass, item);
	guint64 first = piece_first(piece, item), count = piece_count(piece, item);
	begin_block(pass, piece->tensor, memory);
	return !any_wants_part(pass, piece->tensor, first, count) ||
	       gather_block(pass, piece, first, count, memory, error);
}

static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Pass *pass = data;
	const Piece *piece = piece_of(pass, item);
	gboolean last = item == piece->first_item + piece_items(piece) - 1;
	(void)error;
	for (guint i = 0; i < pass->places->len; i++) {
		const CallPlace *place = place_at(pass, i);
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
static void guess(const Pass *pass)
{
	for (guint i = 0; !pass->prepared->by_tensor && i < pass->places->len; i++)
		if (!job_is_cancelled(pass->job))
			prepare_guess(pass->prepared, place_at(pass, i)->call);
}

static gboolean run_pass(Pass *pass, GError **error)
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

/* Goes on to the next step that has something to gather, where the one at hand is over. */
static gboolean advance(const Prepared *prepared, Call *call, GError **error)
{
	while (!call_is_done(call) && step_is_over(call)) {
		if (!step_end(prepared, call, error))
			return FALSE;
		if (!call_is_done(call))
			step_begin(prepared, call);
	}
	return TRUE;
}

/* Ends the pass for one call: its searches, and where all is there, its step. */
static gboolean end_call(const Pass *pass, const CallPlace *place, GError **error)
{
	Call *call = place->call;
	for (guint i = 0; !place_is_one_tensor(place) && i < call->domains->len; i++)
		place_end_searches(place, &g_array_index(call->domains, Domain, i));
	call->summed = call->checked = TRUE;
	return advance(pass->prepared, call, error);
}

static gboolean inner_are_done(const Prepared *prepared, const Call *call)
{
	g_autoptr(GPtrArray) inner = expression_calls(call->node);
	for (guint i = 0; i < inner->len; i++)
		if (inner->pdata[i] != call->node &&
			!call_is_done(prepared_call(prepared, inner->pdata[i])))
			return FALSE;
	return TRUE;
}

static gboolean begin(const Prepared *prepared, Call *call, GError **error)
{
	if (call->begun)
		return TRUE;
	call->begun = TRUE;
	step_begin(prepared, call);
	return advance(prepared, call, error);
}

/* How many cuts are looked for in a pass: so many that what is found of them takes no more than
 * half of the budget, with half of the threads. */
static guint cuts_most(const Pass *pass)
{
	guint threads = parallel_threads(pass->request->threads);
	gsize part = cut_part_bytes(block_elements(pass));
	gsize each = cut_search_bytes() + MAX(threads, 2) * part;
	return (guint)CLAMP(prepare_budget(pass->request) / 2 / each, 1, G_MAXINT);
}

/* Calls whose cuts there is no room for have to wait. */
static void choose_cuts(Pass *pass)
{
	guint room = cuts_most(pass);
	for (guint i = 0; i < pass->places->len;) {
		CallPlace *place = place_at(pass, i);
		if (!place_choose_cuts(place, room)) {
			g_array_remove_index(pass->places, i);
			continue;
		}
		room -= place->to - place->from;
		i++;
	}
}

/* Lists the calls that can be gathered now; those that are new begin. */
static gboolean choose_calls(Pass *pass, GError **error)
{
	g_array_set_size(pass->places, 0);
	for (guint i = 0; i < pass->prepared->nodes->len; i++) {
		CallPlace place = {.call = &pass->prepared->calls[i]};
		if (call_is_done(place.call) || !inner_are_done(pass->prepared, place.call))
			continue;
		if (!begin(pass->prepared, place.call, error))
			return FALSE;
		if (!call_is_done(place.call))
			g_array_append_val(pass->places, place);
	}
	choose_cuts(pass);
	return TRUE;
}

static gboolean run_passes(Pass *pass, GError **error)
{
	gboolean ok;
	while ((ok = choose_calls(pass, error)) && pass->places->len) {
		if (!run_pass(pass, error))
			return FALSE;
		for (guint i = 0; i < pass->places->len; i++)
			if (!end_call(pass, place_at(pass, i), error))
				return FALSE;
	}
	announce(pass, 0);
	return ok;
}

static Pass pass_new(Prepared *prepared, const PrepareRequest *request, GArray *places, Job *job)
{
	g_autoptr(GArray) members = expression_members(request->edit);
	return (Pass){.request = request,
		.prepared = prepared,
		.job = job,
		.places = places,
		.members = members->len,
		.only = -1};
}

static void find_by_tensor(Prepared *prepared)
{
	for (guint i = 0; i < prepared->nodes->len; i++) {
		Call *call = &prepared->calls[i];
		call->by_tensor = call->method->mix && call->method->wants_products &&
				  method_by(call->node) == BY_COLUMN;
		prepared->by_tensor |= call->by_tensor;
	}
}

Prepared *prepare_weights(const PrepareRequest *request, Job *job, GError **error)
{
	g_autoptr(Prepared) prepared = prepared_new(request->collection, request->edit, error);
	g_autoptr(GArray) places = g_array_new(FALSE, TRUE, sizeof(CallPlace));
	if (!prepared)
		return NULL;
	find_by_tensor(prepared);
	Pass pass = pass_new(prepared, request, places, job);
	return run_passes(&pass, error) ? g_steal_pointer(&prepared) : NULL;
}

static void drop_figures(Call *call)
{
	for (guint i = 0; i < call->domains->len; i++)
		g_clear_pointer(&g_array_index(call->domains, Domain, i).figures, g_free);
}

static gboolean gather_tensor(Pass *pass, Call *call, GError **error)
{
	CallPlace place = {.call = call};
	guint tensor = (guint)pass->only;
	drop_figures(call);
	if (!call_domain(call, tensor) || !inner_are_done(pass->prepared, call))
		return TRUE;
	g_array_set_size(pass->places, 0);
	g_array_append_val(pass->places, place);
	step_begin_tensor(pass->prepared, call, tensor);
	return run_pass(pass, error) && step_end_tensor(pass->prepared, call, tensor, error);
}

gboolean prepare_tensor(
	Prepared *prepared, const PrepareRequest *request, guint tensor, Job *job, GError **error)
{
	g_autoptr(GArray) places = g_array_new(FALSE, TRUE, sizeof(CallPlace));
	Pass pass = pass_new(prepared, request, places, job);
	pass.only = (gint)tensor;
	for (guint i = 0; i < prepared->nodes->len; i++)
		if (prepared->calls[i].by_tensor &&
			!gather_tensor(&pass, &prepared->calls[i], error))
			return FALSE;
	return TRUE;
}

/* What prepare_tensor will read of a tensor. */
static void expect_tensor(const Pass *pass, guint tensor)
{
	guint64 elements = collection_tensor(pass->prepared->collection, tensor)->elements;
	for (guint i = 0; i < pass->prepared->nodes->len; i++) {
		const Call *call = &pass->prepared->calls[i];
		if (call->by_tensor && call_domain(call, tensor) &&
			inner_are_done(pass->prepared, call))
			job_expect_more(pass->job, bytes_of(pass, tensor, elements));
	}
}

gboolean prepare_parallel(Prepared *prepared, const PrepareRequest *request,
	const Parallel *parallel, const GArray *pieces, Job *job, GError **error)
{
	if (!prepared->by_tensor)
		return parallel_run(parallel, job, error);
	Pass pass = pass_new(prepared, request, NULL, job);
	Parallel part = *parallel;
	for (guint i = 0; i < pieces->len; i++)
		expect_tensor(&pass, pieces_at(pieces, i)->tensor);
	for (guint i = 0; i < pieces->len; i++) {
		const Piece *piece = pieces_at(pieces, i);
		part.first = piece->first_item;
		part.items = piece_items(piece);
		if (!prepare_tensor(prepared, request, piece->tensor, job, error) ||
			!parallel_run(&part, job, error))
			return FALSE;
	}
	return TRUE;
}
