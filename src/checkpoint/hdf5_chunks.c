/* hdf5_chunks.c - see hdf5_chunks.h.
 *
 * A run of elements is gathered chunk by chunk, so that each chunk is unpacked once for the run
 * however its rows lie; what is unpacked is kept in the checkpoint's cache. */
#include "checkpoint/hdf5_chunks.h"

#include "checkpoint/hdf5_filter.h"

#include <inttypes.h>
#include <string.h>

/* A dataset may be more than 4 GiB only if its storage is at least a thousandth of that. */
#define DECLARED_FREE (G_GUINT64_CONSTANT(4) << 30)
#define DECLARED_TIMES 1000
/* A run is read by the box around it where that has no more than this many times its elements. */
#define SPREAD_MOST 2

typedef struct {
	Bytes *whole;
	Cache *cache;
	char *path;
	guint rank;
	guint64 shape[HDF5_RANK_MOST], chunk[HDF5_RANK_MOST], grid[HDF5_RANK_MOST];
	Dtype dtype;
	gboolean swapped;
	Hdf5Pipeline pipeline;
	GArray *table;  /* of Hdf5Chunk, cells rising */
	guint8 fill[8]; /* little-endian */
} Chunked;

static gint compare_cells(gconstpointer a, gconstpointer b)
{
	guint64 x = ((const Hdf5Chunk *)a)->cell, y = ((const Hdf5Chunk *)b)->cell;
	return (x > y) - (x < y);
}

/* NULL: it was never written. */
static const Hdf5Chunk *find_chunk(const Chunked *chunked, guint64 cell)
{
	Hdf5Chunk wanted = {.cell = cell};
	return chunked->table->len == 0
		       ? NULL
		       : bsearch(&wanted, chunked->table->data, chunked->table->len, sizeof wanted,
				 compare_cells);
}

/* Into `out`, as little-endian elements. */
static gboolean unpack_chunk(
	gconstpointer owner, guint64 cell, gsize bytes, void *out, GError **error)
{
	const Chunked *chunked = owner;
	const Hdf5Chunk *chunk = find_chunk(chunked, cell);
	g_autofree guint8 *stored = g_malloc(chunk->stored);

	if (!bytes_read(chunked->whole, chunk->offset, chunk->stored, stored, error))
		return FALSE;
	const char *fault =
		hdf5_unpack(&chunked->pipeline, chunk->mask, stored, chunk->stored, out);
	if (fault != NULL)
		return fail_at(error, ERROR_INPUT, (Place){.file = chunked->path},
			"the chunk at byte %" PRIu64 " is damaged: %s", chunk->offset, fault);
	if (chunked->swapped)
		dtype_swap(chunked->dtype, bytes / chunked->pipeline.unit, out);
	return TRUE;
}

/* The elements that are wanted: a run, and the smallest box around it. */
typedef struct {
	const Chunked *chunked;
	guint64 first, count;
	guint64 low[HDF5_RANK_MOST], high[HDF5_RANK_MOST]; /* both included */
	guint8 *out;                                       /* where the run begins */
} Wanted;

static void unravel(const Chunked *chunked, guint64 element, guint64 *index)
{
	for (guint i = chunked->rank; i-- > 0;) {
		index[i] = element % chunked->shape[i];
		element /= chunked->shape[i];
	}
}

/* Within the first axis on which a run's ends differ, it wraps: the box has all of the others. */
static void find_box(Wanted *wanted)
{
	const Chunked *chunked = wanted->chunked;
	guint axis = 0;

	unravel(chunked, wanted->first, wanted->low);
	unravel(chunked, wanted->first + wanted->count - 1, wanted->high);
	while (axis < chunked->rank && wanted->low[axis] == wanted->high[axis])
		axis++;
	for (axis++; axis < chunked->rank; axis++) {
		wanted->low[axis] = 0;
		wanted->high[axis] = chunked->shape[axis] - 1;
	}
}

static gboolean is_spread(const Wanted *wanted)
{
	guint64 elements = 1;
	for (guint i = 0; i < wanted->chunked->rank; i++)
		elements *= wanted->high[i] - wanted->low[i] + 1;
	return elements / SPREAD_MOST > wanted->count;
}

/* Shortens the run to what is a box by itself: as many whole rows as there are, of the outermost
 * axis on which it begins with one. */
static void shorten(Wanted *wanted)
{
	const Chunked *chunked = wanted->chunked;
	guint axis = chunked->rank - 1;
	guint64 row = 1;

	while (axis > 0 && wanted->first % (row * chunked->shape[axis]) == 0 &&
		wanted->count >= row * chunked->shape[axis])
		row *= chunked->shape[axis--];
	guint64 left = chunked->shape[axis] - wanted->first / row % chunked->shape[axis];
	wanted->count = MIN(wanted->count / row, left) * row;
}

/* A row of the box within one chunk: where it lies in the tensor and in the chunk. */
static void copy_row(const Wanted *wanted, guint64 to, guint64 from, guint64 n, const guint8 *bytes)
{
	const Chunked *chunked = wanted->chunked;
	gsize unit = chunked->pipeline.unit;
	guint64 begin = MAX(to, wanted->first), end = MIN(to + n, wanted->first + wanted->count);

	if (begin >= end)
		return;
	guint8 *out = wanted->out + (begin - wanted->first) * unit;
	if (bytes != NULL)
		memcpy(out, bytes + (from + begin - to) * unit, (end - begin) * unit);
	for (guint64 i = 0; bytes == NULL && i < end - begin; i++)
		memcpy(out + i * unit, chunked->fill, unit);
}

static guint64 ravel(const guint64 *index, const guint64 *shape, guint rank)
{
	guint64 element = 0;
	for (guint i = 0; i < rank; i++)
		element = element * shape[i] + index[i];
	return element;
}

/* Moves to the next place in [low, high] along the first `rank` axes; FALSE after the last one. */
static gboolean next_place(guint64 *index, const guint64 *low, const guint64 *high, guint rank)
{
	for (guint i = rank; i-- > 0;) {
		if (index[i]++ < high[i])
			return TRUE;
		index[i] = low[i];
	}
	return FALSE;
}

/* The part of a chunk that lies in the box. */
typedef struct {
	guint64 corner[HDF5_RANK_MOST];                    /* the chunk's first element */
	guint64 low[HDF5_RANK_MOST], high[HDF5_RANK_MOST]; /* both included */
} Part;

/* FALSE where nothing of it lies in the run. */
static gboolean find_part(const Wanted *wanted, const guint64 *place, Part *part)
{
	const Chunked *chunked = wanted->chunked;
	guint rank = chunked->rank;

	for (guint i = 0; i < rank; i++) {
		part->corner[i] = place[i] * chunked->chunk[i];
		part->low[i] = MAX(part->corner[i], wanted->low[i]);
		part->high[i] = MIN(part->corner[i] + (chunked->chunk[i] - 1), wanted->high[i]);
	}
	return ravel(part->high, chunked->shape, rank) >= wanted->first &&
	       ravel(part->low, chunked->shape, rank) < wanted->first + wanted->count;
}

/* `bytes` NULL: the fill value. */
static void copy_part(const Wanted *wanted, const Part *part, const guint8 *bytes)
{
	const Chunked *chunked = wanted->chunked;
	guint64 index[HDF5_RANK_MOST], within[HDF5_RANK_MOST];
	guint rank = chunked->rank, last = rank - 1;

	memcpy(index, part->low, rank * sizeof *index);
	do {
		for (guint i = 0; i < rank; i++)
			within[i] = index[i] - part->corner[i];
		copy_row(wanted, ravel(index, chunked->shape, rank),
			ravel(within, chunked->chunk, rank), part->high[last] - part->low[last] + 1,
			bytes);
	} while (next_place(index, part->low, part->high, last));
}

static gboolean take_chunk(const Wanted *wanted, const guint64 *place, GError **error)
{
	const Chunked *chunked = wanted->chunked;
	guint64 cell = ravel(place, chunked->grid, chunked->rank);
	Part part;

	if (!find_part(wanted, place, &part))
		return TRUE;
	if (find_chunk(chunked, cell) == NULL) {
		copy_part(wanted, &part, NULL);
		return TRUE;
	}
	CacheBlock *block = cache_take(
		chunked->cache, chunked, cell, chunked->pipeline.bytes, unpack_chunk, error);
	if (block == NULL)
		return FALSE;
	copy_part(wanted, &part, cache_bytes(block));
	cache_give(chunked->cache, block);
	return TRUE;
}

static gboolean read_box(const Wanted *wanted, GError **error)
{
	const Chunked *chunked = wanted->chunked;
	guint64 low[HDF5_RANK_MOST], high[HDF5_RANK_MOST], place[HDF5_RANK_MOST];

	for (guint i = 0; i < chunked->rank; i++) {
		place[i] = low[i] = wanted->low[i] / chunked->chunk[i];
		high[i] = wanted->high[i] / chunked->chunk[i];
	}
	do
		if (!take_chunk(wanted, place, error))
			return FALSE;
	while (next_place(place, low, high, chunked->rank));
	return TRUE;
}

/* In one box where that has little else, else in several. */
static gboolean read_chunked(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	const Chunked *chunked = state;
	Wanted wanted = {.chunked = chunked, .first = first, .out = out};

	for (guint64 end = first + count; wanted.first < end; wanted.first += wanted.count) {
		wanted.out = (guint8 *)out + (wanted.first - first) * chunked->pipeline.unit;
		wanted.count = end - wanted.first;
		find_box(&wanted);
		if (is_spread(&wanted)) {
			shorten(&wanted);
			find_box(&wanted);
		}
		if (!read_box(&wanted, error))
			return FALSE;
	}
	return TRUE;
}

static void chunked_free(gpointer state)
{
	Chunked *chunked = state;
	cache_forget(chunked->cache, chunked);
	cache_unref(chunked->cache);
	bytes_unref(chunked->whole);
	g_array_unref(chunked->table);
	g_free(chunked->path);
	g_free(chunked);
}

static const SourceClass chunked_class = {"chunked", read_chunked, chunked_free, FALSE};

/* The grid of chunks and the bytes of one; a scalar is one element in one chunk.  `cells` counts
 * the grid's. */
static gboolean take_grid(
	Chunked *chunked, const Hdf5Dataset *dataset, guint64 *cells, Place place, GError **error)
{
	gboolean in_chunks = dataset->layout == HDF5_CHUNKED;
	guint64 bytes = chunked->pipeline.unit;

	*cells = 1;
	chunked->rank = MAX(dataset->rank, 1);
	for (guint i = 0; i < chunked->rank; i++) {
		guint64 size = dataset->rank > 0 ? dataset->shape[i] : 1;
		guint64 side = in_chunks ? dataset->chunk[i] : size;
		if (side == 0 || (in_chunks && (__builtin_mul_overflow(bytes, side, &bytes) ||
						       bytes > HDF5_CHUNK_MOST)))
			return fail_at(error, ERROR_INPUT, place,
				"its chunks are empty, or larger than %u MiB",
				HDF5_CHUNK_MOST >> 20);
		chunked->shape[i] = size;
		chunked->chunk[i] = side;
		chunked->grid[i] = size / side + (size % side != 0);
		*cells *= chunked->grid[i];
	}
	chunked->pipeline.bytes = bytes;
	return TRUE;
}

static gboolean take_filters(
	Chunked *chunked, const Hdf5Dataset *dataset, Place place, GError **error)
{
	guint met = 0;
	for (guint i = 0; i < dataset->filters; i++) {
		guint32 filter = dataset->filter[i];
		if (filter < HDF5_DEFLATE || filter > HDF5_FLETCHER32 || (met >> filter & 1))
			return fail_at(error, ERROR_INPUT, place,
				"its chunks went through a filter that is not known, or twice "
				"through one");
		met |= 1u << filter;
		chunked->pipeline.filter[i] = filter;
	}
	chunked->pipeline.n = dataset->filters;
	return TRUE;
}

/* `stored` adds up the chunks' bytes. */
static gboolean check_table(
	const Chunked *chunked, guint64 cells, guint64 *stored, Place place, GError **error)
{
	*stored = 0;
	for (guint i = 0; i < chunked->table->len; i++) {
		const Hdf5Chunk *chunk = &g_array_index(chunked->table, Hdf5Chunk, i);
		if (chunk->cell >= cells ||
			!span_within(chunk->offset, chunk->stored, bytes_length(chunked->whole)))
			return fail_at(error, ERROR_INPUT, place,
				"its chunk at byte %" PRIu64 " lies outside of it, or of the file",
				chunk->offset);
		if (!hdf5_stored_fits(&chunked->pipeline, chunk->mask, chunk->stored))
			return fail_at(error, ERROR_INPUT, place,
				"its chunk at byte %" PRIu64
				" cannot be %u bytes, of which %" PRIu32 " are stored",
				chunk->offset, (guint)chunked->pipeline.bytes, chunk->stored);
		*stored += chunk->stored;
	}
	return TRUE;
}

static gboolean check_storage(const Chunked *chunked, const Hdf5Dataset *dataset, guint64 cells,
	guint64 elements, guint64 stored, Place place, GError **error)
{
	guint64 bytes = elements * chunked->pipeline.unit;

	if (stored > bytes_length(chunked->whole))
		return fail_at(error, ERROR_INPUT, place,
			"its chunks are %" PRIu64 " bytes together, more than the file", stored);
	if (bytes > DECLARED_FREE && bytes / DECLARED_TIMES > stored)
		return fail_at(error, ERROR_INPUT, place,
			"%" PRIu64 " bytes cannot come of the %" PRIu64 " that are stored", bytes,
			stored);
	if (chunked->table->len < cells && !dataset->filled)
		return fail_at(error, ERROR_INPUT, place,
			"parts of it were never written, and it has no value for those");
	return TRUE;
}

static gboolean take(
	Chunked *chunked, const Hdf5Dataset *dataset, guint64 elements, Place place, GError **error)
{
	guint64 cells, stored;

	if (!take_grid(chunked, dataset, &cells, place, error) ||
		!take_filters(chunked, dataset, place, error) ||
		!check_table(chunked, cells, &stored, place, error) ||
		!check_storage(chunked, dataset, cells, elements, stored, place, error))
		return FALSE;
	memcpy(chunked->fill, dataset->fill, sizeof chunked->fill);
	if (chunked->swapped)
		dtype_swap(chunked->dtype, 1, chunked->fill);
	return TRUE;
}

Source *hdf5_chunks_source(Bytes *whole, const Hdf5Row *row, guint64 elements, Cache *cache,
	Place place, GError **error)
{
	Chunked *chunked = g_new0(Chunked, 1);

	chunked->whole = bytes_ref(whole);
	chunked->cache = cache_ref(cache);
	chunked->path = g_strdup(place.file);
	chunked->dtype = row->dataset->dtype;
	chunked->swapped = row->dataset->swapped != 0;
	chunked->pipeline.unit = dtype_info(row->dataset->dtype)->bits / 8;
	chunked->table = row->chunks != NULL ? g_array_ref(row->chunks)
					     : g_array_new(FALSE, FALSE, sizeof(Hdf5Chunk));
	if (take(chunked, row->dataset, elements, place, error))
		return source_new(&chunked_class, chunked, row->dataset->dtype, elements, NULL);
	chunked_free(chunked);
	return NULL;
}
