/* model_stream.c - stream an edit into files: block by block, on all cores, in bounded memory.
 *
 * An element's value depends on nothing but its inputs, so neither the threads nor the size of a
 * block change a byte of the output. */
#include "export/model_stream.h"

#include "core/error.h"
#include "export/model_finite.h"

#include <string.h>

#define BUDGET_DEFAULT (256u << 20)
#define BLOCK_LEAST 4096u

/* One tensor of one output file: the items of the work from `first_item` on. */
typedef struct {
	guint file, tensor;
	guint64 offset;
	guint64 units; /* what is cut into blocks: elements; bytes where these are smaller */
	guint64 first_item;
	ApplyPlan plan;
	gint differs; /* from the base, as far as is known; atomic */
} Piece;

typedef struct {
	const ModelRequest *request;
	const GPtrArray *outputs; /* of Output */
	Job *job;
	GArray *pieces; /* of Piece */
	guint64 items;
	guint64 block;       /* units in an item */
	guint64 overflowed;  /* in the tensor that is being merged */
	guint64 *not_finite; /* [base tensors] */
} Stream;

/* What a worker holds: the slot is followed by the raw block, then by the scratch. */
typedef struct {
	guint64 overflowed, not_finite;
	guint64 raw[];
} Slot;

static gsize slot_bytes(const Stream *stream, guint64 block)
{
	return sizeof(Slot) + block * sizeof(guint64) +
	       apply_scratch_bytes(stream->request->collection, stream->request->edit, block);
}

/* The largest block of which two for each thread fit the budget. */
static guint64 choose_block(const Stream *stream)
{
	gsize budget = stream->request->budget ? stream->request->budget : BUDGET_DEFAULT;
	guint threads = parallel_threads(stream->request->threads);
	guint64 block = APPLY_BLOCK;
	while (block > BLOCK_LEAST && slot_bytes(stream, block) > budget / (2 * threads))
		block /= 2;
	return block;
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
	const ModelRequest *request = stream->request;
	const Tensor *tensor = checkpoint_tensor(base_of(stream), row->tensor);
	Piece piece = {
		.file = file,
		.tensor = row->tensor,
		.offset = row->offset,
		.units = is_below_byte(tensor) ? tensor->bytes : tensor->elements,
		.first_item = stream->items,
		.plan = apply_plan(request->collection, request->edit, request->scale, row->tensor),
	};
	if (!tensor->bytes)
		return;
	stream->items += piece.units / stream->block + (piece.units % stream->block != 0);
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
	const ModelRequest *request = stream->request;
	slot->overflowed = 0;
	if (is_below_byte(checkpoint_tensor(base_of(stream), piece->tensor)))
		return copy_bytes(stream, piece->tensor, first, count, slot->raw, error);
	return apply_block(request->collection, request->edit, request->scale, piece->tensor,
		&piece->plan, first, count, slot->raw + stream->block, slot->raw, &slot->overflowed,
		error);
}

/* Whether a block is not the base's; where one of the tensor's has been found, no other is read. */
static gboolean compare_block(const Stream *stream, Piece *piece, guint64 first, guint64 count,
	Slot *slot, GError **error)
{
	const Checkpoint *base = base_of(stream);
	guint64 *original = slot->raw + stream->block;
	const Tensor *tensor = checkpoint_tensor(base, piece->tensor);
	if (piece->plan.kind == APPLY_COPY_BASE || g_atomic_int_get(&piece->differs))
		return TRUE;
	if (!checkpoint_read_raw(base, piece->tensor, first, count, original, error))
		return FALSE;
	if (memcmp(slot->raw, original, count * (tensor->bytes / piece->units)) != 0)
		g_atomic_int_set(&piece->differs, TRUE);
	return TRUE;
}

/* Notes what is to be known of a block; what computed it is no longer needed. */
static gboolean look_at_block(const Stream *stream, Piece *piece, guint64 first, guint64 count,
	Slot *slot, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), piece->tensor);
	gpointer scratch = slot->raw + stream->block;
	slot->not_finite = model_count_not_finite(tensor->dtype, slot->raw, count, scratch);
	return compare_block(stream, piece, first, count, slot, error);
}

static gboolean work(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Stream *stream = data;
	Slot *slot = memory;
	Piece *piece = find_piece(stream, item);
	const Tensor *tensor = checkpoint_tensor(base_of(stream), piece->tensor);
	guint64 size = tensor->bytes / piece->units;
	guint64 first = (item - piece->first_item) * stream->block;
	guint64 count = MIN(stream->block, piece->units - first);
	if (!fill_slot(stream, piece, first, count, slot, error) ||
		!look_at_block(stream, piece, first, count, slot, error))
		return FALSE;
	job_advance(stream->job, count * size);
	return output_write(stream->outputs->pdata[piece->file], piece->offset + first * size,
		slot->raw, count * size, error);
}

static gboolean check_overflow(const Stream *stream, const Piece *piece, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), piece->tensor);
	if (!stream->overflowed)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.tensor = tensor->name, .remedy = "make the edit smaller"},
		"%" G_GUINT64_FORMAT " value%s too large for %s", stream->overflowed,
		stream->overflowed == 1 ? " is" : "s are", dtype_info(tensor->dtype)->name);
}

/* Items come in order here, so a tensor's overflows are counted out before the next one begins. */
static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	Stream *stream = data;
	const Piece *piece = find_piece(stream, item);
	guint64 last = piece->first_item + (piece->units - 1) / stream->block;
	if (item == piece->first_item) {
		stream->overflowed = 0;
		job_set_detail(
			stream->job, checkpoint_tensor(base_of(stream), piece->tensor)->name);
	}
	stream->overflowed += ((const Slot *)memory)->overflowed;
	stream->not_finite[piece->tensor] += ((const Slot *)memory)->not_finite;
	return item != last || check_overflow(stream, piece, error);
}

static guint64 count_changed(const Stream *stream)
{
	guint64 changed = 0;
	for (guint i = 0; i < stream->pieces->len; i++)
		changed += g_array_index(stream->pieces, Piece, i).differs ? 1 : 0;
	return changed;
}

gboolean model_stream(const ModelRequest *request, const Layout *layout, const GPtrArray *outputs,
	guint64 *changed, guint64 *not_finite, Job *job, GError **error)
{
	g_autoptr(GArray) pieces = g_array_new(FALSE, TRUE, sizeof(Piece));
	Stream stream = {.request = request,
		.outputs = outputs,
		.job = job,
		.pieces = pieces,
		.not_finite = not_finite};
	stream.block = choose_block(&stream);
	add_pieces(&stream, layout);
	Parallel parallel = {
		.items = stream.items,
		.threads = request->threads,
		.slot_bytes = slot_bytes(&stream, stream.block),
		.data = &stream,
		.work = work,
		.merge = merge,
	};
	if (!parallel_run(&parallel, job, error))
		return FALSE;
	*changed = count_changed(&stream);
	return TRUE;
}
