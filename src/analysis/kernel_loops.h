/* kernel_loops.h - the one text of the hot loops; included once by each kernel_*.c.
 *
 * The file that includes it defines the type `vector` of WIDTH doubles, its operations vector_*,
 * the shape of the tile that its registers hold (ROWS x COLUMNS), and KERNEL, the table's name.
 * vector_min(a, b) and vector_max(a, b) give b where a is NaN.  VECTOR_HALVES says that there are
 * loads of half precision too; other types are decoded by core/dtype. */

#define DECODE_LOOP(NAME, DTYPE, TYPE)                                                             \
	static void decode_##NAME(const TYPE *raw, gsize n, double *out)                           \
	{                                                                                          \
		gsize whole = n - n % WIDTH;                                                       \
		for (gsize i = 0; i < whole; i += WIDTH)                                           \
			vector_store(out + i, vector_from_##NAME(raw + i));                        \
		dtype_decode_double(DTYPE, raw + whole, n - whole, out + whole);                   \
	}

DECODE_LOOP(f32, DTYPE_F32, float)
#ifdef VECTOR_HALVES
DECODE_LOOP(f16, DTYPE_F16, guint16)
DECODE_LOOP(bf16, DTYPE_BF16, guint16)
#endif

static gsize padded(gsize n)
{
	return (n + KERNEL_PAD - 1) / KERNEL_PAD * KERNEL_PAD;
}

static void decode(Dtype dtype, const void *raw, gsize n, double *out)
{
	switch (dtype) {
	case DTYPE_F32:
		decode_f32(raw, n, out);
		break;
#ifdef VECTOR_HALVES
	case DTYPE_F16:
		decode_f16(raw, n, out);
		break;
	case DTYPE_BF16:
		decode_bf16(raw, n, out);
		break;
#endif
	default:
		dtype_decode_double(dtype, raw, n, out);
	}
	for (gsize i = n; i < padded(n); i++)
		out[i] = 0;
}

static void survey_each(double *values, gsize n, Extremes *extremes)
{
	for (gsize i = 0; i < n; i++) {
		if (isfinite(values[i])) {
			extremes->minimum = MIN(values[i], extremes->minimum);
			extremes->maximum = MAX(values[i], extremes->maximum);
		} else {
			extremes->nonfinite++;
			values[i] = NAN;
		}
	}
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

/* x − x is 0 for a finite x and NaN for any other, so one sum tells whether all are finite. */
static void survey(double *values, gsize n, Extremes *extremes)
{
	gsize whole = n - n % WIDTH;
	vector low = vector_set(INFINITY), high = vector_set(-INFINITY), odd = vector_set(0);
	for (gsize i = 0; i < whole; i += WIDTH) {
		vector x = vector_load(values + i);
		odd = vector_add(odd, vector_subtract(x, x));
		low = vector_min(x, low);
		high = vector_max(x, high);
	}
	double bound[2 * WIDTH];
	vector_store(bound, low);
	vector_store(bound + WIDTH, high);
	if (isnan(vector_total(odd)))
		survey_each(values, whole, extremes);
	else if (whole > 0)
		survey_each(bound, 2 * WIDTH, extremes);
	survey_each(values + whole, n - whole, extremes);
}

static void subtract(double *values, const double *base, gsize n, Extremes *extremes)
{
	vector largest = vector_set(0);
	for (gsize i = 0; i < padded(n); i += WIDTH) {
		vector change = vector_subtract(vector_load(values + i), vector_load(base + i));
		largest = vector_max(vector_absolute(change), largest);
		vector_store(values + i, change);
	}
	double lane[WIDTH];
	vector_store(lane, largest);
	for (guint i = 0; i < WIDTH; i++)
		extremes->largest_change = MAX(lane[i], extremes->largest_change);
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
	.decode = decode,
	.survey = survey,
	.subtract = subtract,
	.products = products,
};
