/* kernel_loops.h - the one text of the hot loops; included once by each kernel_*.c.
 *
 * The file that includes it defines the type `vector` of WIDTH doubles, its operations vector_*,
 * the shape of the tile that its registers hold (ROWS x COLUMNS), and KERNEL, the table's name.
 * vector_min(a, b) and vector_max(a, b) give b where a is NaN.  VECTOR_HALVES says that there are
 * loads of half precision too; other types are decoded first. */

#define XXH_INLINE_ALL
#include <xxhash.h>

#define STEP (UNROLL * WIDTH)

static const double zeros[KERNEL_BLOCK];

static gsize padded(gsize n)
{
	return (n + KERNEL_PAD - 1) / KERNEL_PAD * KERNEL_PAD;
}

/* Sums in the order of the lanes. */
static double vector_total(vector v)
{
	double lane[WIDTH], total = 0;
	vector_store(lane, v);
	for (guint i = 0; i < WIDTH; i++)
		total += lane[i];
	return total;
}

static double vector_least(vector v)
{
	double lane[WIDTH], least = INFINITY;
	vector_store(lane, v);
	for (guint i = 0; i < WIDTH; i++)
		least = MIN(lane[i], least);
	return least;
}

static double vector_largest(vector v)
{
	return -vector_least(vector_subtract(vector_set(0), v));
}

/* out holds θ; the careful way, for tails and for blocks with something that is not finite. */
static void change_each(const double *base, gsize n, double *out, Extremes *extremes)
{
	for (gsize i = 0; i < n; i++) {
		double x = isfinite(out[i]) ? out[i] : NAN;
		out[i] = x - base[i];
		extremes->nonfinite += isnan(x) ? 1 : 0;
		extremes->minimum = x < extremes->minimum ? x : extremes->minimum;
		extremes->maximum = x > extremes->maximum ? x : extremes->maximum;
		double size = fabs(out[i]);
		extremes->largest_change = MAX(size, extremes->largest_change);
	}
}

/* Whole steps of elements of one type.  0 x is 0 for a finite x and NaN for any other, so one sum
 * tells whether all are finite: FALSE and no extremes where they are not. */
#define CHANGE_LOOP(NAME, TYPE)                                                                    \
	static gboolean change_##NAME(                                                             \
		const TYPE *raw, const double *base, gsize n, double *out, Extremes *extremes)     \
	{                                                                                          \
		vector low[UNROLL], high[UNROLL], odd[UNROLL], largest[UNROLL];                    \
		for (guint u = 0; u < UNROLL; u++) {                                               \
			low[u] = vector_set(INFINITY);                                             \
			high[u] = vector_set(-INFINITY);                                           \
			odd[u] = largest[u] = vector_set(0);                                       \
		}                                                                                  \
		for (gsize i = 0; i < n; i += STEP) {                                              \
			for (guint u = 0; u < UNROLL; u++) {                                       \
				gsize at = i + u * WIDTH;                                          \
				vector x = vector_from_##NAME(raw + at);                           \
				vector change = vector_subtract(x, vector_load(base + at));        \
				odd[u] = vector_multiply_add(x, vector_set(0), odd[u]);            \
				low[u] = vector_min(x, low[u]);                                    \
				high[u] = vector_max(x, high[u]);                                  \
				largest[u] = vector_max(vector_absolute(change), largest[u]);      \
				vector_store(out + at, change);                                    \
			}                                                                          \
		}                                                                                  \
		for (guint u = 1; u < UNROLL; u++) {                                               \
			odd[0] = vector_add(odd[u], odd[0]);                                       \
			low[0] = vector_min(low[u], low[0]);                                       \
			high[0] = vector_max(high[u], high[0]);                                    \
			largest[0] = vector_max(largest[u], largest[0]);                           \
		}                                                                                  \
		if (isnan(vector_total(odd[0])))                                                   \
			return FALSE;                                                              \
		extremes->minimum = MIN(extremes->minimum, vector_least(low[0]));                  \
		extremes->maximum = MAX(extremes->maximum, vector_largest(high[0]));               \
		extremes->largest_change =                                                         \
			MAX(extremes->largest_change, vector_largest(largest[0]));                 \
		return TRUE;                                                                       \
	}

CHANGE_LOOP(f64, double)
CHANGE_LOOP(f32, float)
#ifdef VECTOR_HALVES
CHANGE_LOOP(f16, guint16)
CHANGE_LOOP(bf16, guint16)
#endif

static void decode(const Coding *coding, const void *raw, gsize n, double *out)
{
	const guint8 *codes = raw;
	if (dtype_info(coding->dtype)->bits != 8)
		dtype_decode_double(coding->dtype, raw, n, out);
	else
		for (gsize i = 0; i < n; i++)
			out[i] = coding->value[codes[i]];
}

/* Whole steps; FALSE where something is not finite. */
static gboolean change_steps(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	switch (coding->dtype) {
	case DTYPE_F32:
		return change_f32(raw, base, n, out, extremes);
#ifdef VECTOR_HALVES
	case DTYPE_F16:
		return change_f16(raw, base, n, out, extremes);
	case DTYPE_BF16:
		return change_bf16(raw, base, n, out, extremes);
#endif
	default:
		decode(coding, raw, n, out);
		return change_f64(out, base, n, out, extremes);
	}
}

static void change(const Coding *coding, const void *raw, const double *base, gsize n, double *out,
	Extremes *extremes)
{
	gsize size = dtype_info(coding->dtype)->bits / 8, done = n - n % STEP;
	const double *from = base != NULL ? base : zeros;
	if (!change_steps(coding, raw, from, done, out, extremes))
		done = 0;
	decode(coding, (const guint8 *)raw + done * size, n - done, out + done);
	change_each(from + done, n - done, out + done, extremes);
	for (gsize i = n; i < padded(n); i++)
		out[i] = 0;
	if (base == NULL)
		extremes->largest_change = 0;
}

static void hash(gpointer state, const void *raw, gsize length)
{
	XXH3_64bits_update(state, raw, length);
}

/* The inner products of ROWS vectors with COLUMNS vectors; each has one accumulator of its own. */
static inline void tile(const double *const row[ROWS], const double *const column[COLUMNS], gsize n,
	double sums[ROWS][COLUMNS])
{
	vector sum[ROWS][COLUMNS];
	for (guint r = 0; r < ROWS; r++)
		for (guint c = 0; c < COLUMNS; c++)
			sum[r][c] = vector_set(0);
	for (gsize i = 0; i < n; i += WIDTH) {
		vector b[COLUMNS];
		for (guint c = 0; c < COLUMNS; c++)
			b[c] = vector_load(column[c] + i);
		for (guint r = 0; r < ROWS; r++) {
			vector a = vector_load(row[r] + i);
			for (guint c = 0; c < COLUMNS; c++)
				sum[r][c] = vector_multiply_add(a, b[c], sum[r][c]);
		}
	}
	for (guint r = 0; r < ROWS; r++)
		for (guint c = 0; c < COLUMNS; c++)
			sums[r][c] = vector_total(sum[r][c]);
}

/* Tiles that reach over the edge repeat the last vector there. */
static void products_tile(double *const *vectors, guint row, guint column, guint first, guint count,
	gsize n, double *sums)
{
	const double *a[ROWS], *b[COLUMNS];
	double found[ROWS][COLUMNS];
	for (guint r = 0; r < ROWS; r++)
		a[r] = vectors[MIN(row + r, count - 1)];
	for (guint c = 0; c < COLUMNS; c++)
		b[c] = vectors[MIN(column + c, count - 1)];
	tile(a, b, padded(n), found);
	gsize skipped = (gsize)first * (first + 1) / 2;
	for (guint i = row; i < MIN(row + ROWS, count); i++)
		for (guint j = column; j < MIN(column + COLUMNS, i + 1); j++)
			sums[(gsize)i * (i + 1) / 2 + j - skipped] += found[i - row][j - column];
}

static void products(double *const *vectors, guint first, guint count, gsize n, double *sums)
{
	for (guint row = first; row < count; row += ROWS)
		for (guint column = 0; column < MIN(row + ROWS, count); column += COLUMNS)
			products_tile(vectors, row, column, first, count, n, sums);
}

const Kernel KERNEL = {
	.name = KERNEL_NAME,
	.change = change,
	.products = products,
	.hash = hash,
};
