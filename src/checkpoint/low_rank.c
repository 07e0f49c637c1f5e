/* low_rank.c - see low_rank.h.
 *
 * As it is stored, the product is left times right: rows of the storage on the left, its columns on
 * the right.  Both are read in tiles, and the right one is laid out in strips of a few columns, so
 * that the inner loop keeps a strip's sums in registers while it walks the rank. */
#include "checkpoint/low_rank.h"

#include <string.h>

#define STRIP 8u
/* Indices of the rank that a tile has at most, so that it keeps some width. */
#define RANK_TILE 1024u

/* Two columns in a register, and a strip of them at one index of the rank. */
typedef double Pair __attribute__((vector_size(2 * sizeof(double))));
typedef union {
	Pair pairs[STRIP / 2];
	double lanes[STRIP];
} Strip;

/* A factor: places are rows of the storage for the left one, columns for the right one. */
typedef struct {
	const Checkpoint *checkpoint;
	guint tensor;
	guint64 line;        /* elements of one of its own lines */
	gboolean rank_major; /* it is [rank][places], else [places][rank] */
} Factor;

typedef struct {
	guint64 rank, place; /* the first */
	gsize ranks, places;
} Tile;

/* One call's work. */
typedef struct {
	Factor left, right;
	guint64 rank, width; /* of the whole product; width: its columns as stored */
	guint64 first, end;  /* elements */
	gsize ranks, most;   /* of a tile: ranks, and places */
	double *rows;        /* [places][ranks] of the left tile */
	Strip *strips;       /* [places / STRIP][ranks] of the right tile */
	double *scratch;
	double *out;
} Work;

typedef struct {
	LowRank product;
	gpointer owner;
	GDestroyNotify release;
} State;

/* A tile as it lies in the file, line after line; whole lines are one run. */
static gboolean read_tile(const Factor *factor, Tile tile, double *out, GError **error)
{
	gsize lines = factor->rank_major ? tile.ranks : tile.places;
	gsize run = factor->rank_major ? tile.places : tile.ranks;
	guint64 first = factor->rank_major ? tile.rank * factor->line + tile.place
					   : tile.place * factor->line + tile.rank;

	if (run == factor->line) {
		run *= lines;
		lines = 1;
	}
	for (gsize i = 0; i < lines; i++)
		if (!checkpoint_read_double(factor->checkpoint, factor->tensor,
			    first + i * factor->line, run, out + i * run, error))
			return FALSE;
	return TRUE;
}

static gboolean load_left(Work *work, Tile tile, GError **error)
{
	if (!work->left.rank_major)
		return read_tile(&work->left, tile, work->rows, error);
	if (!read_tile(&work->left, tile, work->scratch, error))
		return FALSE;
	for (gsize r = 0; r < tile.ranks; r++)
		for (gsize i = 0; i < tile.places; i++)
			work->rows[i * tile.ranks + r] = work->scratch[r * tile.places + i];
	return TRUE;
}

static gboolean load_right(Work *work, Tile tile, GError **error)
{
	gsize by_rank = work->right.rank_major ? tile.places : 1;
	gsize by_place = work->right.rank_major ? 1 : tile.ranks;

	if (!read_tile(&work->right, tile, work->scratch, error))
		return FALSE;
	for (gsize place = 0; place < tile.places; place += STRIP) {
		const double *from = work->scratch + place * by_place;
		Strip *to = work->strips + place / STRIP * tile.ranks;
		gsize n = MIN(STRIP, tile.places - place);
		for (gsize r = 0; r < tile.ranks; r++) {
			to[r] = (Strip){0};
			for (gsize k = 0; k < n; k++)
				to[r].lanes[k] = from[r * by_rank + k * by_place];
		}
	}
	return TRUE;
}

/* Adds a row's products with a strip of columns to n of their sums, from lane `skip` on.  The sums
 * are named one by one so that they stay in registers. */
static void add_strip(
	const double *row, const Strip *strip, gsize ranks, gsize skip, gsize n, double *sums)
{
	Strip sum = {0};

	memcpy(sum.lanes + skip, sums, n * sizeof *sums);
	Pair s0 = sum.pairs[0], s1 = sum.pairs[1], s2 = sum.pairs[2], s3 = sum.pairs[3];
	for (gsize r = 0; r < ranks; r++) {
		s0 += row[r] * strip[r].pairs[0];
		s1 += row[r] * strip[r].pairs[1];
		s2 += row[r] * strip[r].pairs[2];
		s3 += row[r] * strip[r].pairs[3];
	}
	sum = (Strip){{s0, s1, s2, s3}};
	memcpy(sums, sum.lanes + skip, n * sizeof *sums);
}

/* One row of the left tile with all of the right tile that is wanted of this row. */
static void add_row(const Work *work, const double *row, guint64 row_first, Tile right)
{
	guint64 from = MAX(work->first, row_first + right.place);
	guint64 to = MIN(work->end, row_first + right.place + right.places);

	for (guint64 at = from, n; at < to; at += n) {
		gsize place = at - row_first - right.place, skip = place % STRIP;
		n = MIN(STRIP - skip, to - at);
		add_strip(row, work->strips + place / STRIP * right.ranks, right.ranks, skip, n,
			work->out + (at - work->first));
	}
}

/* The rows of a left tile with the columns [from, to), one right tile after the other. */
static gboolean add_rows(Work *work, Tile left, guint64 from, guint64 to, GError **error)
{
	if (!load_left(work, left, error))
		return FALSE;
	for (guint64 place = from; place < to; place += work->most) {
		Tile right = {left.rank, place, left.ranks, MIN(work->most, to - place)};
		if (!load_right(work, right, error))
			return FALSE;
		for (gsize i = 0; i < left.places; i++)
			add_row(work, work->rows + i * left.ranks, (left.place + i) * work->width,
				right);
	}
	return TRUE;
}

static gboolean add_all(Work *work, GError **error)
{
	guint64 top = work->first / work->width, bottom = (work->end - 1) / work->width;
	guint64 from = top == bottom ? work->first % work->width : 0;
	guint64 to = top == bottom ? (work->end - 1) % work->width + 1 : work->width;

	for (guint64 rank = 0; rank < work->rank; rank += work->ranks)
		for (guint64 row = top; row <= bottom; row += work->most) {
			Tile left = {rank, row, MIN(work->ranks, work->rank - rank),
				MIN(work->most, bottom + 1 - row)};
			if (!add_rows(work, left, from, to, error))
				return FALSE;
		}
	return TRUE;
}

static Work work_of(const LowRank *product, guint64 first, guint64 count, double *out)
{
	Work work = {.left = {product->factors, product->b, product->rank, FALSE},
		.right = {product->factors, product->a, product->columns, TRUE},
		.rank = product->rank,
		.width = product->transposed ? product->rows : product->columns,
		.first = first,
		.end = first + count,
		.ranks = MIN(product->rank, RANK_TILE),
		.out = out};

	if (product->transposed) {
		Factor left = work.left;
		work.left = work.right;
		work.right = left;
	}
	guint64 places = MAX(work.width, count / work.width + 2);
	work.most = MIN(SOURCE_BLOCK / work.ranks, places + STRIP) / STRIP * STRIP;
	return work;
}

gboolean low_rank_read(
	const LowRank *product, guint64 first, guint64 count, double *out, GError **error)
{
	if (count == 0)
		return TRUE;
	Work work = work_of(product, first, count, out);
	gsize tile = work.most * work.ranks * sizeof(double);
	g_autofree double *rows = g_malloc(tile);
	g_autofree double *scratch = g_malloc(tile);
	Strip *strips = g_aligned_alloc(1, tile, sizeof(Strip));
	work.rows = rows;
	work.strips = strips;
	work.scratch = scratch;

	memset(out, 0, count * sizeof *out);
	gboolean added = add_all(&work, error);
	g_aligned_free(strips);
	for (guint64 i = 0; added && i < count; i++)
		out[i] *= product->scaling;
	return added;
}

static gboolean read_product(
	gconstpointer state, guint64 first, guint64 count, void *out, GError **error)
{
	g_autofree double *values = g_new(double, count);
	if (!low_rank_read(&((const State *)state)->product, first, count, values, error))
		return FALSE;
	dtype_encode(DTYPE_F64, values, count, out);
	return TRUE;
}

static void state_free(gpointer data)
{
	State *state = data;
	if (state->release != NULL)
		state->release(state->owner);
	g_free(state);
}

static const SourceClass low_rank_class = {"low rank", read_product, state_free, TRUE};

Source *low_rank_source(
	const LowRank *product, gpointer owner, GDestroyNotify release, Cache *cache)
{
	State *state = g_new0(State, 1);
	*state = (State){*product, owner, release};
	return source_new(
		&low_rank_class, state, DTYPE_F64, product->rows * product->columns, cache);
}
