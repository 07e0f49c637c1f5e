/* prepare.c - what the methods of an edit ask for, in as many passes as it takes.
 *
 * Calls whose inner calls are done are gathered together in a pass.  What would be too much to keep
 * of all tensors is found of one at a time, right before that is evaluated. */
#include "method/prepare.h"

#include "method/prepare_pass.h"
#include "method/steps.h"

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
static gboolean end_call(const PreparePass *pass, const CallPlace *place, GError **error)
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

/* Calls whose cuts there is no room for have to wait. */
static void choose_cuts(PreparePass *pass)
{
	guint room = prepare_pass_cuts(pass);
	for (guint i = 0; i < pass->places->len;) {
		CallPlace *place = prepare_pass_place(pass, i);
		if (!place_choose_cuts(place, room)) {
			g_array_remove_index(pass->places, i);
			continue;
		}
		room -= place->to - place->from;
		i++;
	}
}

/* Lists the calls that can be gathered now; those that are new begin. */
static gboolean choose_calls(PreparePass *pass, GError **error)
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

static gboolean run_passes(PreparePass *pass, GError **error)
{
	gboolean ok;
	while ((ok = choose_calls(pass, error)) && pass->places->len) {
		if (!prepare_pass_run(pass, error))
			return FALSE;
		for (guint i = 0; i < pass->places->len; i++)
			if (!end_call(pass, prepare_pass_place(pass, i), error))
				return FALSE;
	}
	prepare_pass_end(pass);
	return ok;
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
	PreparePass pass = prepare_pass_new(prepared, request, places, job);
	return run_passes(&pass, error) ? g_steal_pointer(&prepared) : NULL;
}

static void drop_figures(Call *call)
{
	for (guint i = 0; i < call->domains->len; i++)
		g_clear_pointer(&g_array_index(call->domains, Domain, i).figures, g_free);
}

static gboolean gather_tensor(PreparePass *pass, Call *call, GError **error)
{
	CallPlace place = {.call = call};
	guint tensor = (guint)pass->only;
	drop_figures(call);
	if (!call_domain(call, tensor) || !inner_are_done(pass->prepared, call))
		return TRUE;
	g_array_set_size(pass->places, 0);
	g_array_append_val(pass->places, place);
	step_begin_tensor(pass->prepared, call, tensor);
	return prepare_pass_run(pass, error) &&
	       step_end_tensor(pass->prepared, call, tensor, error);
}

gboolean prepare_tensor(
	Prepared *prepared, const PrepareRequest *request, guint tensor, Job *job, GError **error)
{
	g_autoptr(GArray) places = g_array_new(FALSE, TRUE, sizeof(CallPlace));
	PreparePass pass = prepare_pass_new(prepared, request, places, job);
	pass.only = (gint)tensor;
	for (guint i = 0; i < prepared->nodes->len; i++)
		if (prepared->calls[i].by_tensor &&
			!gather_tensor(&pass, &prepared->calls[i], error))
			return FALSE;
	return TRUE;
}

/* What prepare_tensor will read of a tensor. */
static void expect_tensor(const PreparePass *pass, guint tensor)
{
	for (guint i = 0; i < pass->prepared->nodes->len; i++) {
		const Call *call = &pass->prepared->calls[i];
		if (call->by_tensor && call_domain(call, tensor) &&
			inner_are_done(pass->prepared, call))
			job_expect_more(pass->job, prepare_pass_bytes(pass, tensor));
	}
}

gboolean prepare_parallel(Prepared *prepared, const PrepareRequest *request,
	const Parallel *parallel, const GArray *pieces, Job *job, GError **error)
{
	if (!prepared->by_tensor)
		return parallel_run(parallel, job, error);
	PreparePass pass = prepare_pass_new(prepared, request, NULL, job);
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
