/* model_stream.c - stream an edit into files: block by block, on all cores, in bounded memory.
 *
 * An element's value depends on nothing but its inputs, so neither the threads nor the size of a
 * block change a byte of the output. */
#include "export/model_stream.h"

#include "core/error.h"
#include "export/model_type.h"

#include <string.h>

/* Units of a run, whose numbers stay in the nearest caches, and bytes of a block for each of them:
 * what is written at once. */
#define RUN_MOST APPLY_BLOCK
#define RUN_LEAST 1024u
#define BLOCK_BYTES 64u

/* One tensor of one output file. */
typedef struct {
	guint file;
	LayoutTensor to;
	guint64 units; /* what is cut into blocks: elements; bytes where these are smaller */
	guint64 size;  /* bytes of a unit as it is written */
	guint64 run;   /* units that are computed at once */
	guint64 block; /* units in an item, whole runs */
	ApplyPlan plan;
	gint changed; /* as far as is known; atomic */
} Part;

typedef struct {
	const ModelRequest *request;
	Apply apply;
	const GPtrArray *outputs; /* of Output; or NULL */
	Job *job;
	GArray *parts;       /* of Part */
	GArray *pieces;      /* of Piece: the blocks of each part */
	gsize block_bytes;   /* of the largest block of any part */
	gsize run_bytes;     /* of the largest run */
	gsize scratch_bytes; /* that any part wants */
	ModelTensor *found;  /* [base tensors] */
} Stream;

/* What a worker holds: the written bytes, those of a run of an edit of nothing, and scratch follow.
 */
typedef struct {
	guint64 overflowed, not_finite;
	_Alignas(64) guint8 bytes[];
} Slot;

static guint8 *original_of(const Stream *stream, Slot *slot)
{
	return slot->bytes + stream->block_bytes;
}

static gpointer scratch_of(const Stream *stream, Slot *slot)
{
	return original_of(stream, slot) + stream->run_bytes;
}

static gsize slot_bytes(const Stream *stream)
{
	return sizeof(Slot) + stream->block_bytes + stream->run_bytes + stream->scratch_bytes;
}

static const Checkpoint *base_of(const Stream *stream)
{
	return collection_member(stream->request->collection, 0)->checkpoint;
}

static Part *part_at(const Stream *stream, guint part)
{
	return &g_array_index(stream->parts, Part, part);
}

static gboolean is_below_byte(const Tensor *tensor)
{
	return dtype_info(tensor->dtype)->bits % 8 != 0;
}

static void add_part(Stream *stream, guint file, const LayoutTensor *row)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), row->tensor);
	gboolean below = is_below_byte(tensor);
	Part part = {
		.file = file,
		.to = *row,
		.units = below ? tensor->bytes : tensor->elements,
		.size = below ? 1 : dtype_info(row->dtype)->bits / 8,
		.plan = apply_plan(&stream->apply, row->tensor),
	};
	if (row->bytes)
		g_array_append_val(stream->parts, part);
}

static void add_parts(Stream *stream, const Layout *layout)
{
	for (guint i = 0; i < layout->files->len; i++) {
		const LayoutFile *file = layout->files->pdata[i];
		for (guint j = 0; j < file->tensors->len; j++)
			add_part(stream, i, &g_array_index(file->tensors, LayoutTensor, j));
	}
}

/* Where the next thing of a slot may begin, after so many bytes. */
static gsize aligned(gsize bytes)
{
	return (bytes + 63) / 64 * 64;
}

static void cut_part(Stream *stream, Part *part, guint64 about)
{
	guint tensor = part->to.tensor;
	part->run = about;
	if (part->plan.kind == APPLY_COMPUTE)
		part->run = apply_block_elements(&stream->apply, tensor, about);
	guint64 runs = about * BLOCK_BYTES / (part->run * part->size);
	part->block = part->run * MAX(runs, 1);
	gsize scratch = apply_scratch_bytes(&stream->apply, tensor, part->run);
	gsize run = aligned(part->run * part->size), block = aligned(part->block * part->size);
	stream->run_bytes = MAX(stream->run_bytes, run);
	stream->block_bytes = MAX(stream->block_bytes, block);
	stream->scratch_bytes = MAX(stream->scratch_bytes, scratch);
}

/* Cuts the parts into runs of about so many units, and blocks to match. */
static void cut_parts(Stream *stream, guint64 about)
{
	stream->run_bytes = stream->block_bytes = stream->scratch_bytes = 0;
	for (guint i = 0; i < stream->parts->len; i++)
		cut_part(stream, part_at(stream, i), about);
}

/* The largest blocks of which two for each thread fit the budget. */
static void fit_budget(Stream *stream)
{
	gsize budget = stream->request->budget ? stream->request->budget : PASS_BUDGET_DEFAULT;
	guint threads = parallel_threads(stream->request->threads);
	guint64 about = RUN_MOST;
	cut_parts(stream, about);
	while (about > RUN_LEAST && slot_bytes(stream) > budget / (2 * threads))
		cut_parts(stream, about /= 2);
}

static void add_pieces(Stream *stream)
{
	for (guint i = 0; i < stream->parts->len; i++) {
		const Part *part = part_at(stream, i);
		pieces_add(stream->pieces, part->to.tensor, part->units, part->block);
	}
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

/* Some units of a part, and where their bytes go. */
typedef struct {
	Part *part;
	guint64 first, count;
	guint8 *raw;
} Span;

/* Puts the edited values of a run into its bytes. */
static gboolean fill_run(const Stream *stream, const Span *run, Slot *slot, GError **error)
{
	guint tensor = run->part->to.tensor;
	if (is_below_byte(checkpoint_tensor(base_of(stream), tensor)))
		return copy_bytes(stream, tensor, run->first, run->count, run->raw, error);
	return apply_block(&stream->apply, tensor, &run->part->plan, run->first, run->count,
		scratch_of(stream, slot), run->raw, &slot->overflowed, error);
}

/* Whether a run is other than an edit of nothing would have written it; where one of the tensor's
 * has been found, no other is looked at. */
static gboolean compare_run(const Stream *stream, const Span *run, Slot *slot, GError **error)
{
	static const ApplyPlan nothing = {.kind = APPLY_COPY_BASE};
	Part *part = run->part;
	guint8 *original = original_of(stream, slot);
	guint64 ignored = 0;
	if (part->plan.kind == APPLY_COPY_BASE || g_atomic_int_get(&part->changed))
		return TRUE;
	if (!apply_block(&stream->apply, part->to.tensor, &nothing, run->first, run->count,
		    scratch_of(stream, slot), original, &ignored, error))
		return FALSE;
	if (memcmp(run->raw, original, run->count * part->size) != 0)
		g_atomic_int_set(&part->changed, TRUE);
	return TRUE;
}

/* Computes a run, and notes what is to be known of it while it is at hand. */
static gboolean work_on_run(const Stream *stream, const Span *run, Slot *slot, GError **error)
{
	if (!fill_run(stream, run, slot, error))
		return FALSE;
	slot->not_finite += dtype_count_not_finite(run->part->to.dtype, run->raw, run->count);
	return compare_run(stream, run, slot, error);
}

static Span item_span(const Stream *stream, guint64 item, Slot *slot)
{
	guint number = pieces_find(stream->pieces, item);
	const Piece *piece = pieces_at(stream->pieces, number);
	return (Span){part_at(stream, number), piece_first(piece, item), piece_count(piece, item),
		slot->bytes};
}

static gboolean work(gpointer data, guint64 item, gpointer memory, GError **error)
{
	const Stream *stream = data;
	Slot *slot = memory;
	Span span = item_span(stream, item, slot);
	const Part *part = span.part;
	slot->overflowed = slot->not_finite = 0;
	job_advance(stream->job, span.count * part->size);
	if (!stream->outputs && g_atomic_int_get(&part->changed))
		return TRUE;
	for (guint64 at = 0; at < span.count; at += part->run) {
		Span run = {span.part, span.first + at, MIN(part->run, span.count - at),
			span.raw + at * part->size};
		if (!work_on_run(stream, &run, slot, error))
			return FALSE;
	}
	return TRUE;
}

/* Blocks come in order here, one at a time: of writers to one file all but one would wait. */
static gboolean write_span(const Stream *stream, const Span *span, GError **error)
{
	const Part *part = span->part;
	Output *output = stream->outputs->pdata[part->file];
	guint64 offset = part->to.offset + span->first * part->size;
	gsize length = span->count * part->size;
	if (!output_write(output, offset, span->raw, length, error))
		return FALSE;
	output_push(output, offset + length);
	return TRUE;
}

static gboolean check_overflow(const Stream *stream, const Part *part, GError **error)
{
	const Tensor *tensor = checkpoint_tensor(base_of(stream), part->to.tensor);
	guint64 overflowed = stream->found[part->to.tensor].overflowed;
	if (!overflowed || stream->request->infinite || !stream->outputs)
		return TRUE;
	return fail_at(error, ERROR_INPUT,
		(Place){.tensor = tensor->name,
			.remedy = "make the edit smaller, write a wider type, or let them become "
				  "infinite (--infinite)"},
		"%" G_GUINT64_FORMAT " value%s too large for %s", overflowed,
		overflowed == 1 ? " is" : "s are", dtype_info(part->to.dtype)->name);
}

/* A tensor's overflows are counted out before the next one begins. */
static gboolean merge(gpointer data, guint64 item, gpointer memory, GError **error)
{
	Stream *stream = data;
	Slot *slot = memory;
	Span span = item_span(stream, item, slot);
	const Part *part = span.part;
	ModelTensor *found = &stream->found[part->to.tensor];
	if (span.first == 0)
		job_set_detail(
			stream->job, checkpoint_tensor(base_of(stream), part->to.tensor)->name);
	found->overflowed += slot->overflowed;
	found->not_finite += slot->not_finite;
	if (stream->outputs && !write_span(stream, &span, error))
		return FALSE;
	return span.first + span.count < part->units || check_overflow(stream, part, error);
}

static void take_changed(const Stream *stream)
{
	for (guint i = 0; i < stream->parts->len; i++) {
		const Part *part = part_at(stream, i);
		stream->found[part->to.tensor].changed = part->changed != 0;
	}
}

PrepareRequest model_prepare(const ModelRequest *request)
{
	return (PrepareRequest){.collection = request->collection,
		.edit = request->edit,
		.threads = request->threads,
		.budget = request->budget};
}

gboolean model_stream(const ModelRequest *request, Prepared *prepared, const Layout *layout,
	const GPtrArray *outputs, ModelTensor *found, Job *job, GError **error)
{
	PrepareRequest prepare = model_prepare(request);
	g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(Part));
	g_autoptr(GArray) pieces = pieces_new();
	Stream stream = {.request = request,
		.apply = model_apply(request, prepared),
		.outputs = outputs,
		.job = job,
		.parts = parts,
		.pieces = pieces,
		.found = found};
	add_parts(&stream, layout);
	fit_budget(&stream);
	add_pieces(&stream);
	Parallel parallel = {
		.items = pieces_items(pieces),
		.threads = prepare_threads(prepared, &prepare, slot_bytes(&stream), error),
		.slot_bytes = slot_bytes(&stream),
		.data = &stream,
		.work = work,
		.merge = merge,
	};
	if (!parallel.threads ||
		!prepare_parallel(prepared, &prepare, &parallel, pieces, job, error))
		return FALSE;
	take_changed(&stream);
	return TRUE;
}
