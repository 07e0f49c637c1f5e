/* view.c - checks a view and adds its tensor; gathers its elements where they do not lie in order.
 *
 * A run of elements is cut into boxes, each a sub-array in whole rows.  A box is read in the order
 * in which its elements lie in the storage, so that reads are as long as they can be. */
#include "checkpoint/view.h"

#include "core/error.h"

#include <inttypes.h>
#include <string.h>

/* A box is read whole where no more than this many times its elements lie between its ends. */
#define SPREAD_MOST 4
#define BUFFER_BYTES (64u << 10)

typedef struct {
	guint64 size, stride, to; /* to: elements from one to the next in the output */
} Axis;

/* The state of a source: axes of more than one element, neighbours joined where they can be. */
typedef struct {
	Bytes *bytes;
	Dtype dtype;
	gsize size; /* bytes of an element */
	gboolean swapped;
	guint64 offset;
	guint rank;
	Axis axis[TENSOR_RANK_MOST];
} Gather;

static gboolean refuse(
	const Checkpoint *checkpoint, const View *view, const char *reason, GError **error)
{
	const CheckpointFile *file = checkpoint->files->pdata[view->file];
	return fail_at(error, ERROR_INPUT, (Place){.file = file->path, .tensor = view->name}, "%s",
		reason);
}

static gboolean check_name(const Checkpoint *checkpoint, const View *view, GError **error)
{
	if (*view->name == '\0')
		return refuse(checkpoint, view, "a tensor has an empty name", error);
	if (strlen(view->name) <= TENSOR_NAME_MOST && g_utf8_validate(view->name, -1, NULL))
		return TRUE;
	const CheckpointFile *file = checkpoint->files->pdata[view->file];
	return fail_at(error, ERROR_INPUT, (Place){.file = file->path},
		"the name of a tensor is longer than %d bytes, or is not UTF-8", TENSOR_NAME_MOST);
}

/* The last element's place in the storage. */
static gboolean find_last(const View *view, guint64 *last)
{
	*last = view->offset;
	for (guint i = 0; view->strides != NULL && i < view->rank; i++) {
		guint64 reach;
		if (view->shape[i] > 1 &&
			(__builtin_mul_overflow(view->shape[i] - 1, view->strides[i], &reach) ||
				__builtin_add_overflow(*last, reach, last)))
			return FALSE;
	}
	return TRUE;
}

static gboolean check_span(
	const Checkpoint *checkpoint, const View *view, const Tensor *tensor, GError **error)
{
	guint64 held = bytes_length(view->bytes) / (dtype_info(view->dtype)->bits / 8);
	guint64 last = 0;
	g_autofree char *reason = NULL;

	if (tensor->elements == 0)
		return TRUE;
	if (!find_last(view, &last) ||
		(view->strides == NULL &&
			__builtin_add_overflow(last, tensor->elements - 1, &last)))
		return refuse(
			checkpoint, view, "the places of its elements overflow 64 bits", error);
	if (last >= held) {
		reason = g_strdup_printf("its last element is number %" PRIu64
					 " of its storage, which holds %" PRIu64,
			last, held);
		return refuse(checkpoint, view, reason, error);
	}
	if (tensor->elements > held && tensor->bytes > VIEW_EXPANDED_MOST)
		return refuse(checkpoint, view,
			"it repeats the elements of a small storage to more than 1 GiB", error);
	return TRUE;
}

static gboolean check(
	const Checkpoint *checkpoint, const View *view, Tensor *tensor, GError **error)
{
	if (!check_name(checkpoint, view, error))
		return FALSE;
	if (view->rank > TENSOR_RANK_MOST)
		return refuse(checkpoint, view, "it has more than 32 dimensions", error);
	if (dtype_info(view->dtype)->bits < 8)
		return refuse(checkpoint, view, "elements below a byte have no strides", error);
	if (!shape_elements(view->shape, view->rank, &tensor->elements) ||
		!dtype_bytes(view->dtype, tensor->elements, &tensor->bytes))
		return refuse(
			checkpoint, view, "the number of its elements overflows 64 bits", error);
	return check_span(checkpoint, view, tensor, error);
}

/* Axes from the outermost; `to` is set for C order. */
static void take_axes(Gather *gather, const View *view)
{
	guint64 stride = 1;
	Axis *axis = gather->axis;
	guint rank = 0;

	for (guint i = view->rank; i-- > 0;) {
		Axis next = {view->shape[i], view->strides ? view->strides[i] : stride, stride};
		stride *= view->shape[i];
		if (next.size == 1)
			continue;
		if (rank > 0 && next.stride == axis[rank - 1].stride * axis[rank - 1].size)
			axis[rank - 1].size *= next.size;
		else
			axis[rank++] = next;
	}
	for (guint i = 0; i < rank / 2; i++) {
		Axis swap = axis[i];
		axis[i] = axis[rank - 1 - i];
		axis[rank - 1 - i] = swap;
	}
	gather->rank = rank;
}

static gboolean in_order(const Gather *gather)
{
	return gather->rank == 0 || (gather->rank == 1 && gather->axis[0].stride == 1);
}

static void take_order(const Gather *gather, guint64 count, void *out)
{
	if (gather->swapped)
		dtype_swap(gather->dtype, count, out);
}

static gboolean read_in_order(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	const Gather *gather = state;
	gsize size = gather->size;
	if (!bytes_read(gather->bytes, (gather->offset + first) * size, count * size, out, error))
		return FALSE;
	take_order(gather, count, out);
	return TRUE;
}

/* A sub-array: the axes of a gather from some point, with the sizes of the box. */
typedef struct {
	const Gather *gather;
	guint64 base; /* the storage's element that it begins with */
	guint rank;
	Axis axis[TENSOR_RANK_MOST]; /* by falling stride */
	guint8 *out;
} Box;

static int compare_axes(gconstpointer a, gconstpointer b)
{
	guint64 x = ((const Axis *)a)->stride, y = ((const Axis *)b)->stride;
	return (x < y) - (x > y);
}

/* The elements from the box's first to its last, both included. */
static guint64 box_extent(const Box *box)
{
	guint64 extent = 1;
	for (guint i = 0; i < box->rank; i++)
		extent += (box->axis[i].size - 1) * box->axis[i].stride;
	return extent;
}

static void copy_elements(const guint8 *from, const Axis *axis, guint64 n, gsize size, guint8 *out)
{
	for (guint64 i = 0; i < n; i++)
		memcpy(out + i * axis->to * size, from + i * axis->stride * size, size);
}

/* Moves to the next row of the box; FALSE after the last.  A row is along the last axis. */
static gboolean next_row(const Box *box, guint64 *index, guint64 *from, guint64 *to)
{
	for (guint i = box->rank - 1; i-- > 0;) {
		const Axis *axis = &box->axis[i];
		*from += axis->stride;
		*to += axis->to;
		if (++index[i] < axis->size)
			return TRUE;
		*from -= axis->stride * axis->size;
		*to -= axis->to * axis->size;
		index[i] = 0;
	}
	return FALSE;
}

/* The whole extent at once, then its elements. */
static gboolean read_together(const Box *box, guint64 extent, GError **error)
{
	gsize size = box->gather->size;
	g_autofree guint8 *storage = g_malloc(extent * size);
	guint64 index[TENSOR_RANK_MOST] = {0}, from = 0, to = 0;
	const Axis *last = &box->axis[box->rank - 1];

	if (!bytes_read(box->gather->bytes, box->base * size, extent * size, storage, error))
		return FALSE;
	do
		copy_elements(storage + from * size, last, last->size, size, box->out + to * size);
	while (next_row(box, index, &from, &to));
	return TRUE;
}

/* Elements along the axis of the smallest stride, as many at a time as the buffer holds. */
static gboolean read_row(const Box *box, guint64 from, guint64 to, guint8 *buffer, GError **error)
{
	const Axis *axis = &box->axis[box->rank - 1];
	gsize size = box->gather->size;
	guint64 room = BUFFER_BYTES / size - 1, most = axis->size;
	if (axis->stride > 0)
		most = room / axis->stride + 1;
	for (guint64 done = 0; done < axis->size; done += most) {
		guint64 n = MIN(most, axis->size - done);
		guint64 begin = box->base + from + done * axis->stride;
		guint64 length = (n - 1) * axis->stride + 1;
		if (!bytes_read(box->gather->bytes, begin * size, length * size, buffer, error))
			return FALSE;
		copy_elements(buffer, axis, n, size, box->out + (to + done * axis->to) * size);
	}
	return TRUE;
}

static gboolean read_rows(const Box *box, GError **error)
{
	guint64 index[TENSOR_RANK_MOST] = {0}, from = 0, to = 0;
	g_autofree guint8 *buffer = g_malloc(BUFFER_BYTES);
	do
		if (!read_row(box, from, to, buffer, error))
			return FALSE;
	while (next_row(box, index, &from, &to));
	return TRUE;
}

/* `rows` of axis `axis`, with all of what is within. */
static gboolean read_box(
	const Gather *gather, guint axis, guint64 rows, guint64 base, guint8 *out, GError **error)
{
	Box box = {.gather = gather, .base = base, .rank = gather->rank - axis, .out = out};
	guint64 elements = rows;

	memcpy(box.axis, gather->axis + axis, box.rank * sizeof *box.axis);
	box.axis[0].size = rows;
	for (guint i = 1; i < box.rank; i++)
		elements *= box.axis[i].size;
	qsort(box.axis, box.rank, sizeof *box.axis, compare_axes);
	guint64 extent = box_extent(&box);
	return extent / SPREAD_MOST <= elements ? read_together(&box, extent, error)
						: read_rows(&box, error);
}

/* A run within axis `axis` and those inside it: a part of a row, whole rows, a part of a row.  As
 * deep as there are axes. */
static gboolean read_run(const Gather *gather, guint axis, guint64 base, guint64 first,
	guint64 count, guint8 *out, GError **error)
{
	const Axis *here = &gather->axis[axis];
	guint64 row = here->to, skip = first % row;

	base += first / row * here->stride;
	if (skip > 0) {
		guint64 n = MIN(count, row - skip);
		if (!read_run(gather, axis + 1, base, skip, n, out, error))
			return FALSE;
		base += here->stride;
		out += n * gather->size;
		count -= n;
	}
	guint64 rows = count / row;
	if (rows > 0 && !read_box(gather, axis, rows, base, out, error))
		return FALSE;
	guint64 rest = count % row;
	return rest == 0 || read_run(gather, axis + 1, base + rows * here->stride, 0, rest,
				    out + rows * row * gather->size, error);
}

static gboolean read_gathered(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	const Gather *gather = state;
	if (!read_run(gather, 0, gather->offset, first, count, out, error))
		return FALSE;
	take_order(gather, count, out);
	return TRUE;
}

static void gather_free(gpointer state)
{
	bytes_unref(((Gather *)state)->bytes);
	g_free(state);
}

static const SourceClass stored_class = {"stored", read_in_order, gather_free, FALSE};
static const SourceClass swapped_class = {"big-endian", read_in_order, gather_free, FALSE};
static const SourceClass strided_class = {"strided", read_gathered, gather_free, TRUE};

static gboolean lies_raw(const Gather *gather, File **file, guint64 *offset)
{
	if (gather->swapped || !in_order(gather) || !bytes_is_span(gather->bytes, file, offset))
		return FALSE;
	*offset += gather->offset * gather->size;
	return TRUE;
}

static void place(Tensor *tensor, const Gather *gather, const View *view, Cache *cache)
{
	File *file;
	if (lies_raw(gather, &file, &tensor->offset))
		return;
	const SourceClass *class = !in_order(gather) ? &strided_class
				   : gather->swapped ? &swapped_class
						     : &stored_class;
	Gather *state = g_memdup2(gather, sizeof *gather);
	bytes_ref(state->bytes);
	if (class == &strided_class)
		bytes_in_any_order(state->bytes);
	tensor->offset = 0;
	tensor->source = source_new(class, state, view->dtype, tensor->elements, cache);
}

gboolean checkpoint_add_view(Checkpoint *checkpoint, const View *view, GError **error)
{
	Tensor tensor = {.dtype = view->dtype, .file = view->file, .rank = view->rank};
	Gather gather = {.bytes = view->bytes,
		.dtype = view->dtype,
		.size = dtype_info(view->dtype)->bits / 8,
		.swapped = view->swapped && dtype_info(view->dtype)->bits > 8,
		.offset = view->offset};

	if (!check(checkpoint, view, &tensor, error))
		return FALSE;
	tensor.name = g_strdup(view->name);
	tensor.shape = view->rank ? g_memdup2(view->shape, view->rank * sizeof *view->shape) : NULL;
	if (tensor.elements > 0) {
		take_axes(&gather, view);
		place(&tensor, &gather, view, checkpoint->cache);
	}
	checkpoint_add_tensor(checkpoint, tensor);
	return TRUE;
}
