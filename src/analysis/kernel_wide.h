/* kernel_wide.h - the loops in double; a part of kernel_loops.h. */

/* As many doubles as fit a vector. */
typedef double wide __attribute__((vector_size(WIDTH * sizeof(float))));
typedef gint64 wide_mask __attribute__((vector_size(WIDTH * sizeof(float))));
#define WIDE_WIDTH (WIDTH / 2)
#define WIDE_ROWS (WIDTH / 4 > 2 ? WIDTH / 4 : 2u)
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

static inline void wide_store(double *to, wide v)
{
	memcpy(to, &v, sizeof v);
}

static inline wide wide_select(wide_mask which, wide a, wide b)
{
	return (wide)((which & (wide_mask)a) | (~which & (wide_mask)b));
}

static inline wide wide_set(double value)
{
	return value - (wide){0};
}

/* Whether all exponents are of finite numbers. */
static gboolean are_finite(const double *values, gsize n)
{
	const guint64 infinite = 0x7ff0000000000000;
	guint64 bad = 0;
	for (gsize i = 0; i < n; i++) {
		guint64 bits;
		memcpy(&bits, values + i, sizeof bits);
		bad |= (bits & infinite) == infinite;
	}
	return !bad;
}

/* Any numbers, one by one. */
static void change_each(const double *base, gsize n, double *out, Extremes *extremes)
{
	Extremes now = *extremes;
	for (gsize i = 0; i < n; i++) {
		double x = isfinite(out[i]) ? out[i] : (double)NAN;
		out[i] = base != NULL ? x - base[i] : x;
		now.nonfinite += isnan(x) ? 1 : 0;
		now.minimum = x < now.minimum ? x : now.minimum;
		now.maximum = x > now.maximum ? x : now.maximum;
		double size = base != NULL ? fabs(out[i]) : 0;
		now.largest_change = size > now.largest_change ? size : now.largest_change;
	}
	*extremes = now;
}

/* The same of whole vectors of finite numbers. */
static void change_finite(const double *base, gsize n, double *out, Extremes *extremes)
{
	wide low = wide_set(extremes->minimum), high = wide_set(extremes->maximum);
	wide largest = wide_set(extremes->largest_change), zero = wide_set(0);
	for (gsize i = 0; i < n; i += WIDE_WIDTH) {
		wide x = wide_load(out + i), change = x - wide_load(base + i);
		wide size = wide_select(change < zero, -change, change);
		low = wide_select(x < low, x, low);
		high = wide_select(x > high, x, high);
		largest = wide_select(size > largest, size, largest);
		wide_store(out + i, change);
	}
	for (guint i = 0; i < WIDE_WIDTH; i++) {
		extremes->minimum = MIN(extremes->minimum, low[i]);
		extremes->maximum = MAX(extremes->maximum, high[i]);
		extremes->largest_change = MAX(extremes->largest_change, largest[i]);
	}
}

static void change_wide(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	gsize whole = 0;
	decode_wide(coding, raw, n, out);
	if (base != NULL && are_finite(out, n) && are_finite(base, n)) {
		whole = n - n % WIDE_WIDTH;
		change_finite(base, whole, out, extremes);
	}
	change_each(base != NULL ? base + whole : NULL, n - whole, out + whole, extremes);
	for (gsize i = n; i < padded(n); i++)
		out[i] = 0;
}

/* Sums in the order of the lanes. */
static double wide_total(wide v)
{
	double lane[WIDE_WIDTH], total = 0;
	wide_store(lane, v);
	for (guint i = 0; i < WIDE_WIDTH; i++)
		total += lane[i];
	return total;
}

TILE void wide_tile(const double *const row[WIDE_ROWS], const double *const column[WIDE_COLUMNS],
	gsize n, double sums[WIDE_ROWS][WIDE_COLUMNS])
{
	wide sum[WIDE_ROWS][WIDE_COLUMNS];
	UNROLLED
	for (guint r = 0; r < WIDE_ROWS; r++) {
		UNROLLED
		for (guint c = 0; c < WIDE_COLUMNS; c++)
			sum[r][c] = wide_set(0);
	}
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
