/* kernel_products.h - inner products in single precision; a part of kernel_loops.h.
 *
 * Vectors are taken in groups of at most GROUP, and the products of two groups are held in
 * registers.  A pair has its own sums whatever its groups are. */

/* Products that are added up in single precision before they are widened. */
#define CHAIN 64u
/* Elements that all pairs are multiplied on before the next: those of some ten vectors stay in the
 * nearest cache.  A multiple of all chains. */
#define PRODUCTS_BLOCK 1024u

#define TILE static inline __attribute__((always_inline))

/* Adds a vector to the first WIDE_WIDTH of an array. */
static inline void vector_widen(double *lanes, vector v)
{
	wide_store(lanes, wide_load(lanes) + (vector_low(v) + vector_high(v)));
}

/* The products of `rows` vectors with `columns` vectors, of one chain; where both are the same
 * vectors, of the triangle. */
TILE void tile_chain(const float *const *row, const float *const *column, guint rows, guint columns,
	gboolean same, gsize from, gsize to, vector sum[GROUP][GROUP])
{
	UNROLLED
	for (guint r = 0; r < rows; r++) {
		UNROLLED
		for (guint c = 0; c < columns; c++)
			sum[r][c] = vector_set(0);
	}
	for (gsize i = from; i < to; i += WIDTH) {
		vector b[GROUP];
		UNROLLED
		for (guint c = 0; c < columns; c++)
			b[c] = vector_load(column[c] + i);
		UNROLLED
		for (guint r = 0; r < rows; r++) {
			vector a = same ? b[r] : vector_load(row[r] + i);
			UNROLLED
			for (guint c = 0; c < columns; c++)
				if (c <= r || !same)
					sum[r][c] = vector_multiply_add(a, b[c], sum[r][c]);
		}
	}
}

/* lanes[r] + c * KERNEL_LANES are the sums of row r and column c. */
TILE void tile(const float *const *row, const float *const *column, guint rows, guint columns,
	gboolean same, gsize from, gsize to, double *const *lanes)
{
	vector sum[GROUP][GROUP];
	for (; from < to; from += CHAIN * WIDTH) {
		gsize end = MIN(to, from + CHAIN * WIDTH);
		tile_chain(row, column, rows, columns, same, from, end, sum);
		UNROLLED
		for (guint r = 0; r < rows; r++) {
			UNROLLED
			for (guint c = 0; c < columns; c++)
				if (c <= r || !same)
					vector_widen(lanes[r] + c * KERNEL_LANES, sum[r][c]);
		}
	}
}

typedef void (*Tile)(const float *const *row, const float *const *column, gsize from, gsize to,
	double *const *lanes);

#define TILE_OF(ROWS, COLUMNS)                                                                     \
	static void tile_##ROWS##_##COLUMNS(const float *const *row, const float *const *column,   \
		gsize from, gsize to, double *const *lanes)                                        \
	{                                                                                          \
		tile(row, column, ROWS, COLUMNS, FALSE, from, to, lanes);                          \
	}
#define TRIANGLE_OF(ROWS)                                                                          \
	static void triangle_##ROWS(const float *const *row, const float *const *column,           \
		gsize from, gsize to, double *const *lanes)                                        \
	{                                                                                          \
		tile(row, column, ROWS, ROWS, TRUE, from, to, lanes);                              \
	}

TILE_OF(1, 1)
TILE_OF(1, 2)
TILE_OF(1, 3)
TILE_OF(2, 1)
TILE_OF(2, 2)
TILE_OF(2, 3)
TILE_OF(3, 1)
TILE_OF(3, 2)
TILE_OF(3, 3)
TRIANGLE_OF(1)
TRIANGLE_OF(2)
TRIANGLE_OF(3)
#if GROUP == 3
static const Tile tiles[GROUP][GROUP] = {{tile_1_1, tile_1_2, tile_1_3},
	{tile_2_1, tile_2_2, tile_2_3}, {tile_3_1, tile_3_2, tile_3_3}};
static const Tile triangles[GROUP] = {triangle_1, triangle_2, triangle_3};
#else
TILE_OF(1, 4)
TILE_OF(1, 5)
TILE_OF(2, 4)
TILE_OF(2, 5)
TILE_OF(3, 4)
TILE_OF(3, 5)
TILE_OF(4, 1)
TILE_OF(4, 2)
TILE_OF(4, 3)
TILE_OF(4, 4)
TILE_OF(4, 5)
TILE_OF(5, 1)
TILE_OF(5, 2)
TILE_OF(5, 3)
TILE_OF(5, 4)
TILE_OF(5, 5)
TRIANGLE_OF(4)
TRIANGLE_OF(5)
static const Tile tiles[GROUP][GROUP] = {{tile_1_1, tile_1_2, tile_1_3, tile_1_4, tile_1_5},
	{tile_2_1, tile_2_2, tile_2_3, tile_2_4, tile_2_5},
	{tile_3_1, tile_3_2, tile_3_3, tile_3_4, tile_3_5},
	{tile_4_1, tile_4_2, tile_4_3, tile_4_4, tile_4_5},
	{tile_5_1, tile_5_2, tile_5_3, tile_5_4, tile_5_5}};
static const Tile triangles[GROUP] = {triangle_1, triangle_2, triangle_3, triangle_4, triangle_5};
#endif

/* How many of `left` vectors the next group takes, so that groups are as even as can be. */
static guint group_of(guint left)
{
	guint groups = (left + GROUP - 1) / GROUP;
	return (left + groups - 1) / groups;
}

static double *lanes_of(double *lanes, guint first, guint i, guint j)
{
	gsize skipped = (gsize)first * (first + 1) / 2;
	return lanes + ((gsize)i * (i + 1) / 2 + j - skipped) * KERNEL_LANES;
}

/* The products of rows [row, row + rows) with all vectors up to them. */
static void products_rows(float *const *vectors, guint first, guint row, guint rows, gsize from,
	gsize to, double *lanes)
{
	const float *const *all = (const float *const *)vectors;
	double *sums[GROUP];
	for (guint column = 0, columns; column <= row; column += columns) {
		columns = column < first ? group_of(first - column)
			  : column < row ? group_of(row - column)
					 : rows;
		for (guint r = 0; r < rows; r++)
			sums[r] = lanes_of(lanes, first, row + r, column);
		Tile work = column < row ? tiles[rows - 1][columns - 1] : triangles[rows - 1];
		work(all + row, all + column, from, to, sums);
	}
}

static void products(float *const *vectors, guint first, guint count, gsize n, double *lanes)
{
	for (gsize from = 0; from < padded(n); from += PRODUCTS_BLOCK) {
		gsize to = MIN(padded(n), from + PRODUCTS_BLOCK);
		for (guint row = first, rows; row < count; row += rows) {
			rows = group_of(count - row);
			products_rows(vectors, first, row, rows, from, to, lanes);
		}
	}
}
