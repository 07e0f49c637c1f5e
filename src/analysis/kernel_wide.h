/* kernel_wide.h - the loops in double; a part of kernel_loops.h. */

/* As many doubles as fit a vector. */
typedef double wide __attribute__((vector_size(WIDTH * sizeof(float))));
#define WIDE_WIDTH (WIDTH / 2)
#define WIDE_ROWS 2u
#define WIDE_COLUMNS 4u

static inline wide wide_load(const double *from)
{
	wide v;
	memcpy(&v, from, sizeof v);
	return v;
}

static void decode_wide(const Coding *coding, const void *raw, gsize n, double *out)
{
	const guint8 *codes = raw;
	if (dtype_info(coding->dtype)->bits != 8)
		dtype_decode_double(coding->dtype, raw, n, out);
	else
		for (gsize i = 0; i < n; i++)
			out[i] = coding->value[codes[i]];
}

static void change_wide(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	Extremes now = *extremes;
	decode_wide(coding, raw, n, out);
	for (gsize i = 0; i < n; i++) {
		double x = isfinite(out[i]) ? out[i] : (double)NAN;
		out[i] = base != NULL ? x - base[i] : x;
		now.nonfinite += isnan(x) ? 1 : 0;
		now.minimum = x < now.minimum ? x : now.minimum;
		now.maximum = x > now.maximum ? x : now.maximum;
		double size = base != NULL ? fabs(out[i]) : 0;
		now.largest_change = size > now.largest_change ? size : now.largest_change;
	}
	for (gsize i = n; i < padded(n); i++)
		out[i] = 0;
	*extremes = now;
}

/* Sums in the order of the lanes. */
static double wide_total(wide v)
{
	double total = 0;
	for (guint i = 0; i < WIDE_WIDTH; i++)
		total += v[i];
	return total;
}

TILE void wide_tile(const double *const row[WIDE_ROWS], const double *const column[WIDE_COLUMNS],
	gsize n, double sums[WIDE_ROWS][WIDE_COLUMNS])
{
	wide sum[WIDE_ROWS][WIDE_COLUMNS];
	memset(sum, 0, sizeof sum);
	for (gsize i = 0; i < n; i += WIDE_WIDTH) {
		wide b[WIDE_COLUMNS];
		UNROLLED
		for (guint c = 0; c < WIDE_COLUMNS; c++)
			b[c] = wide_load(column[c] + i);
		UNROLLED
		for (guint r = 0; r < WIDE_ROWS; r++) {
			wide a = wide_load(row[r] + i);
			UNROLLED
			for (guint c = 0; c < WIDE_COLUMNS; c++)
				sum[r][c] += a * b[c];
		}
	}
	UNROLLED
	for (guint r = 0; r < WIDE_ROWS; r++) {
		UNROLLED
		for (guint c = 0; c < WIDE_COLUMNS; c++)
			sums[r][c] = wide_total(sum[r][c]);
	}
}

/* Tiles that reach over the edge repeat the last vector there. */
static void products_wide_tile(double *const *vectors, guint row, guint column, guint first,
	guint count, gsize n, double *sums)
{
	const double *a[WIDE_ROWS], *b[WIDE_COLUMNS];
	double found[WIDE_ROWS][WIDE_COLUMNS];
	for (guint r = 0; r < WIDE_ROWS; r++)
		a[r] = vectors[MIN(row + r, count - 1)];
	for (guint c = 0; c < WIDE_COLUMNS; c++)
		b[c] = vectors[MIN(column + c, count - 1)];
	wide_tile(a, b, padded(n), found);
	gsize skipped = (gsize)first * (first + 1) / 2;
	for (guint i = row; i < MIN(row + WIDE_ROWS, count); i++)
		for (guint j = column; j < MIN(column + WIDE_COLUMNS, i + 1); j++)
			sums[(gsize)i * (i + 1) / 2 + j - skipped] += found[i - row][j - column];
}

static void products_wide(double *const *vectors, guint first, guint count, gsize n, double *sums)
{
	for (guint row = first; row < count; row += WIDE_ROWS)
		for (guint column = 0; column < MIN(row + WIDE_ROWS, count); column += WIDE_COLUMNS)
			products_wide_tile(vectors, row, column, first, count, n, sums);
}
