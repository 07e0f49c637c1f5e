/* hdf5_grid.c - says where the chunks of a dataset lie.  Runs in the child.
 *
 * H5Dget_chunk_info looks at all chunks before the one that it is asked for, which takes minutes
 * where there are 100,000.  Asking to read a chunk finds it through the index; the driver notes the
 * place instead of reading. */
#include "checkpoint/hdf5_walk.h"

#include <string.h>

/* Places that are looked at though few of them hold a chunk. */
#define EMPTY_MOST 4096
#define EMPTY_TIMES 256
/* Places after which to show a sign of life. */
#define ALIVE_EVERY 1024

/* The places of a grid in C order. */
typedef struct {
	Hdf5Walk *walk;
	hid_t dataset;
	const Hdf5Dataset *about;
	gboolean plain_edges;           /* filters leave out chunks that reach beyond the shape */
	hsize_t corner[HDF5_RANK_MOST]; /* the first element of the chunk at hand */
	Hdf5Chunk batch[HDF5_BATCH];
	guint n;
} Grid;

static gboolean count_places(const Hdf5Dataset *about, guint64 *places)
{
	*places = 1;
	for (guint i = 0; i < about->rank; i++) {
		guint64 side = about->chunk[i];
		if (side == 0 ||
			__builtin_mul_overflow(*places,
				about->shape[i] / side + (about->shape[i] % side != 0), places))
			return FALSE;
	}
	return TRUE;
}

static void send_batch(Grid *grid)
{
	if (grid->n > 0)
		hdf5_speak(&grid->walk->speaker, HDF5_CHUNKS,
			(Hdf5Part){grid->batch, grid->n * sizeof *grid->batch}, (Hdf5Part){NULL, 0},
			(Hdf5Part){NULL, 0});
	grid->n = 0;
}

static gboolean reaches_beyond(const Grid *grid)
{
	const Hdf5Dataset *about = grid->about;
	for (guint i = 0; i < about->rank; i++)
		if (about->shape[i] - grid->corner[i] < about->chunk[i])
			return TRUE;
	return FALSE;
}

/* Finds the chunk at hand, which is there. */
static gboolean find_chunk(Grid *grid, guint64 cell)
{
	Hdf5Notes *notes = &grid->walk->notes;
	guint8 untouched;
	uint32_t mask = 0;

	notes->noting = TRUE;
	notes->reads = 0;
	herr_t found = H5Dread_chunk(grid->dataset, H5P_DEFAULT, grid->corner, &mask, &untouched);
	notes->noting = FALSE;
	if (found < 0 || notes->reads != 1 || notes->length > G_MAXUINT32)
		return hdf5_walk_fail(grid->walk, "find a chunk");
	if (grid->plain_edges && reaches_beyond(grid))
		mask = G_MAXUINT32;
	grid->batch[grid->n++] = (Hdf5Chunk){
		.cell = cell,
		.offset = notes->offset,
		.stored = (guint32)notes->length,
		.mask = mask,
	};
	if (grid->n == HDF5_BATCH)
		send_batch(grid);
	return TRUE;
}

static void next_corner(Grid *grid)
{
	const Hdf5Dataset *about = grid->about;
	for (guint i = about->rank; i-- > 0;) {
		if (about->shape[i] - grid->corner[i] > about->chunk[i]) {
			grid->corner[i] += about->chunk[i];
			return;
		}
		grid->corner[i] = 0;
	}
}

/* Stops after the last of the chunks that there are. */
static gboolean find_chunks(Grid *grid, guint64 places, guint64 chunks)
{
	for (guint64 cell = 0; cell < places && chunks > 0; cell++, next_corner(grid)) {
		hsize_t stored = 0;
		if (cell % ALIVE_EVERY == 0)
			grid->walk->alive();
		if (H5Dget_chunk_storage_size(grid->dataset, grid->corner, &stored) < 0)
			return hdf5_walk_fail(grid->walk, "look for a chunk");
		if (stored == 0)
			continue;
		if (!find_chunk(grid, cell))
			return FALSE;
		chunks--;
	}
	send_batch(grid);
	return chunks == 0 || hdf5_walk_refuse(grid->walk,
				      "its index holds chunks that have no place in its shape", "");
}

gboolean hdf5_tell_chunks(
	Hdf5Walk *walk, hid_t dataset, hid_t plan, hid_t space, const Hdf5Dataset *about)
{
	Grid grid = {.walk = walk, .dataset = dataset, .about = about};
	guint64 places;
	hsize_t chunks = 0;
	unsigned options = 0;

	if (!count_places(about, &places))
		return hdf5_walk_refuse(walk, "the number of its chunks overflows 64 bits", "");
	if (H5Dget_num_chunks(dataset, space, &chunks) < 0 || H5Pget_chunk_opts(plan, &options) < 0)
		return hdf5_walk_fail(walk, "read the index of its chunks");
	if (places > EMPTY_MOST && places / EMPTY_TIMES > chunks && chunks > 0)
		return hdf5_walk_refuse(walk,
			"few of its chunks were ever written: this is no tensor of weights", "");
	grid.plain_edges = (options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS) != 0;
	return find_chunks(&grid, places, chunks);
}
