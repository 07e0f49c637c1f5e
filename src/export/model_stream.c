/* model_stream.c - stream an edit into files: block by block, on all cores, in bounded memory.
 *
 * An element's value depends on nothing but its inputs, so neither the threads nor the size of a
 * block change a byte of the output. */
#include "export/model_stream.h"

#include "core/error.h"
#include "export/model_finite.h"
#include "export/model_type.h"

#include <string.h>

#define BUDGET_DEFAULT (256u << 20)
#define BLOCK_LEAST 4096u
/* Bytes of an element of the widest type, rounded up. */
#define ELEMENT_BYTES sizeof(guint64)

/* One tensor of one output file: the items of the work from `first_item` on. */
typedef struct {
	guint file;
	LayoutTensor to;
	guint64 units; /* what is cut into blocks: elements; bytes where these are smaller */
	guint64 size;  /* bytes of a unit as it is written */
	guint64 block; /* units in an item */
	guint64 first_item;
	ApplyPlan plan;
	gint changed; /* as far as is known; atomic */
} Piece;

typedef struct {
	const ModelRequest *request;
	Apply apply;
	const GPtrArray *outputs; /* of Output; or NULL */
	Job *job;
	GArray *pieces; /* of Piece */
	guint64 items;
	guint threads;
	guint64 largest;     /* block of any piece */
	gsize scratch_bytes; /* that any piece wants */
	ModelTensor *found;  /* [base tensors] */
} Stream;

/* What a worker holds: the written bytes, those of an edit of nothing, and scratch follow. */
typedef struct {
	guint64 overflowed, not_finite;
	guint64 raw[];
} Slot;

static guint64 *original_of(const Stream *stream, Slot *slot)
{
	return slot->raw + stream->largest;
}

static gpointer scratch_of(const Stream *stream, Slot *slot)
{
	return slot->raw + 2 * stream->largest;
}

static gsize slot_bytes(const Stream *stream)
{
	return sizeof(Slot) + 2 * stream->largest * ELEMENT_BYTES + stream->scratch_bytes;
}

static const Checkpoint *base_of(const Stream *stream)
{
	return collection_member(stream->request->collection, 0)->checkpoint;
}

static gboolean is_below_byte(const Tensor *tensor)
{
	return dtype_info(tensor->dtype)->bits % 8 != 0;
}

static void add_piece(Stream *stream, guint file, const LayoutTensor *row)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), row->tensor);
	gboolean below = is_below_byte(tensor);
	Piece piece = {
		.file = file,
		.to = *row,
		.units = below ? tensor->bytes : tensor->elements,
		.size = below ? 1 : dtype_info(row->dtype)->bits / 8,
		.plan = apply_plan(&stream->apply, row->tensor),
	};
	if (row->bytes)
		g_array_append_val(stream->pieces, piece);
}

static void add_pieces(Stream *stream, const Layout *layout)
{
	for (guint i = 0; i < layout->files->len; i++) {
		const LayoutFile *file = layout->files->pdata[i];
		for (guint j = 0; j < file->tensors->len; j++)
			add_piece(stream, i, &g_array_index(file->tensors, LayoutTensor, j));
	}
}

/* Cuts the pieces into blocks of about so many units. */
static void cut_pieces(Stream *stream, guint64 about)
{
	stream->largest = about;
	stream->scratch_bytes = 0;
	for (guint i = 0; i < stream->pieces->len; i++) {
		Piece *piece = &g_array_index(stream->pieces, Piece, i);
		guint tensor = piece->to.tensor;
		piece->block = about;
		if (piece->plan.kind == APPLY_COMPUTE)
			piece->block = apply_block_elements(&stream->apply, tensor, about);
		gsize scratch = apply_scratch_bytes(&stream->apply, tensor, piece->block);
		stream->largest = MAX(stream->largest, piece->block);
		stream->scratch_bytes = MAX(stream->scratch_bytes, scratch);
	}
}

/* The largest blocks of which two for each thread fit the budget; then as many threads as fit. */
static void fit_budget(Stream *stream)
{
	gsize budget = stream->request->budget ? stream->request->budget : BUDGET_DEFAULT;
	guint threads = parallel_threads(stream->request->threads);
	guint64 about = APPLY_BLOCK;
	cut_pieces(stream, about);
	while (about > BLOCK_LEAST && slot_bytes(stream) > budget / (2 * threads))
		cut_pieces(stream, about /= 2);
	stream->threads = (guint)CLAMP(budget / (2 * slot_bytes(stream)), 1, threads);
}

static void number_items(Stream *stream)
{
	for (guint i = 0; i < stream->pieces->len; i++) {
		Piece *piece = &g_array_index(stream->pieces, Piece, i);
		piece->first_item = stream->items;
		stream->items += piece->units / piece->block + (piece->units % piece->block != 0);
	}
}

/* The last piece that begins at or before an item. */
static Piece *find_piece(const Stream *stream, guint64 item)
{
	guint low = 0, high = stream->pieces->len;
	while (high - low > 1) {
		guint middle = low + (high - low) / 2;
		if (g_array_index(stream->pieces, Piece, middle).first_item <= item)
			low = middle;
		else
			high = middle;
	}
	return &g_array_index(stream->pieces, Piece, low);
}

/* Bytes of a type that has no address for one element; the span was checked when it was opened. */
static gboolean copy_bytes(
	const Stream *stream, guint number, guint64 first, guint64 count, void *raw, GError **error)
{
	const Checkpoint *base = base_of(stream);
	const Tensor *tensor = checkpoint_tensor(base, number);
	const CheckpointFile *source = base->files->pdata[tensor->file];
	return file_read(source->file, tensor->offset + first, count, raw, error);
}

/* Puts the edited values of a run of units into the slot. */
static gboolean fill_slot(const Stream *stream, const Piece *piece, guint64 first, guint64 count,
	Slot *slot, GError **error)
{
	guint tensor = piece->to.tensor;
	slot->overflowed = 0;
	if (is_below_byte(checkpoint_tensor(base_of(stream), tensor)))
		return copy_bytes(stream, tensor, first, count, slot->raw, error);
	return apply_block(&stream->apply, tensor, &piece->plan, first, count,
		scratch_of(stream, slot), slot->raw, &slot->overflowed, error);
}

/* Whether a block is other than an edit of nothing would have written it; where one of the tensor's
 * has been found, no other is looked at. */
static gboolean compare_block(const Stream *stream, Piece *piece, guint64 first, guint64 count,
	Slot *slot, GError **error)
{
	static const ApplyPlan nothing = {.kind = APPLY_COPY_BASE};
	guint64 *original = original_of(stream, slot), ignored = 0;
	if (piece->plan.kind == APPLY_COPY_BASE || g_atomic_int_get(&piece->changed))
		return TRUE;
	if (!apply_block(&stream->apply, piece->to.tensor, &nothing, first, count,
		    scratch_of(stream, slot), original, &ignored, error))
		return FALSE;
	if (memcmp(slot->raw, original, count * piece->size) != 0)
		g_atomic_int_set(&piece->changed, TRUE);
	return TRUE;
}

/* Notes what is to be known of a block. */
static gboolean look_at_block(const Stream *stream, Piece *piece, guint64 first, guint64 count,
	Slot *slot, GError **error)
{
	double *numbers = (double *)original_of(stream, slot);
	slot->not_finite = model_count_not_finite(piece->to.dtype, slot->raw, count, numbers);
	return compare_block(stream, piece, first, count, slot, error);
}

static gboolean write_block(const Stream *stream, const Piece *piece, guint64 first, guint64 count,
	const Slot *slot, GError **error)
{
	return output_write(stream->outputs->pdata[piece->file],
		piece->to.offset + first * piece->size, slot->raw, count * piece->size, error);
}

static gboolean work(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Stream *stream = data;
	Slot *slot = memory;
	Piece *piece = find_piece(stream, item);
	guint64 first = (item - piece->first_item) * piece->block;
	guint64 count = MIN(piece->block, piece->units - first);
	slot->overflowed = slot->not_finite = 0;
	job_advance(stream->job, count * piece->size);
	if (!stream->outputs && g_atomic_int_get(&piece->changed))
		return TRUE;
	return fill_slot(stream, piece, first, count, slot, error) &&
	       look_at_block(stream, piece, first, count, slot, error) &&
	       (!stream->outputs || write_block(stream, piece, first, count, slot, error));
}

static gboolean check_overflow(const Stream *stream, const Piece *piece, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), piece->to.tensor);
	guint64 overflowed = stream->found[piece->to.tensor].overflowed;
	if (!overflowed || stream->request->infinite || !stream->outputs)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.tensor = tensor->name,
			.remedy = "make the edit smaller, write a wider type, or let them become "
				  "infinite (--infinite)"},
		"%" G_GUINT64_FORMAT " value%s too large for %s", overflowed,
		overflowed == 1 ? " is" : "s are", dtype_info(piece->to.dtype)->name);
}

/* Items come in order here, so a tensor's overflows are counted out before the next one begins. */
static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	Stream *stream = data;
	const Piece *piece = find_piece(stream, item);
	const Slot *slot = memory;
	ModelTensor *found = &stream->found[piece->to.tensor];
	guint64 last = piece->first_item + (piece->units - 1) / piece->block;
	if (item == piece->first_item)
		job_set_detail(
			stream->job, checkpoint_tensor(base_of(stream), piece->to.tensor)->name);
	found->overflowed += slot->overflowed;
	found->not_finite += slot->not_finite;
	return item != last || check_overflow(stream, piece, error);
}

static void take_changed(const Stream *stream)
{
	for (guint i = 0; i < stream->pieces->len; i++) {
		const Piece *piece = &g_array_index(stream->pieces, Piece, i);
		stream->found[piece->to.tensor].changed = piece->changed != 0;
	}
}

gboolean model_stream(const ModelRequest *request, const Prepared *prepared, const Layout *layout,
	const GPtrArray *outputs, ModelTensor *found, Job *job, GError **error)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, TRUE, sizeof(Piece));
	Stream stream = {.request = request,
		.apply = model_apply(request, prepared),
		.outputs = outputs,
		.job = job,
		.pieces = pieces,
		.found = found};
	add_pieces(&stream, layout);
	fit_budget(&stream);
	number_items(&stream);
	Parallel parallel = {
		.items = stream.items,
		.threads = stream.threads,
		.slot_bytes = slot_bytes(&stream),
		.data = &stream,
		.work = work,
		.merge = merge,
	};
	if (!parallel_run(&parallel, job, error))
		return FALSE;
	take_changed(&stream);
	return TRUE;
}
