/* kernel_wide.h - the loops in double; a part of kernel_loops.h. */

#define WIDE_ROWS (WIDTH / 4 > 2 ? WIDTH / 4 : 2u)
#define WIDE_COLUMNS 4u

static const double wide_zeros[KERNEL_BLOCK_WIDE];

/* WIDTH elements. */
typedef struct {
	wide low, high;
} Pair;

#define PAIR_FROM(NAME, TYPE)                                                                      \
	static inline Pair pair_from_##NAME(const TYPE *raw)                                       \
	{                                                                                          \
		vector v = vector_from_##NAME(raw);                                                \
		return (Pair){vector_low(v), vector_high(v)};                                      \
	}

PAIR_FROM(f32, float)
#ifdef VECTOR_HALVES
PAIR_FROM(f16, guint16)
PAIR_FROM(bf16, guint16)
#endif

static inline Pair pair_from_f64(const double *raw)
{
	return (Pair){wide_load(raw), wide_load(raw + WIDE_WIDTH)};
}

/* What is known of some elements. */
typedef struct {
	wide low, high, largest;
	wide odd; /* NaN where a change was NaN or Inf, or large enough to become that */
} WideRange;

static inline void wide_range_add(WideRange *range, Pair x, Pair change)
{
	wide size = wide_max(wide_size(change.low), wide_size(change.high));
	range->low = wide_min(wide_min(x.low, x.high), range->low);
	range->high = wide_max(wide_max(x.low, x.high), range->high);
	range->largest = wide_max(size, range->largest);
	range->odd += (change.low + change.high) * wide_set(0);
}

/* Whole pairs of elements of one type. */
#define CHANGE_WIDE_LOOP(NAME, TYPE)                                                               \
	static void change_wide_##NAME(                                                            \
		const TYPE *raw, const double *base, gsize n, double *out, WideRange *range)       \
	{                                                                                          \
		WideRange now = *range;                                                            \
		for (gsize i = 0; i < n; i += WIDTH) {                                             \
			Pair x = pair_from_##NAME(raw + i), less = pair_from_f64(base + i);        \
			Pair change = {x.low - less.low, x.high - less.high};                      \
			wide_range_add(&now, x, change);                                           \
			wide_store(out + i, change.low);                                           \
			wide_store(out + i + WIDE_WIDTH, change.high);                             \
		}                                                                                  \
		*range = now;                                                                      \
	}

CHANGE_WIDE_LOOP(f64, double)
CHANGE_WIDE_LOOP(f32, float)
#ifdef VECTOR_HALVES
CHANGE_WIDE_LOOP(f16, guint16)
CHANGE_WIDE_LOOP(bf16, guint16)
#endif

static void decode_wide(const Coding *coding, const void *raw, gsize n, double *out)
{
	const guint8 *codes = raw;
	if (dtype_info(coding->dtype)->bits != 8)
		dtype_decode_double(coding->dtype, raw, n, out);
	else
		for (gsize i = 0; i < n; i++)
			out[i] = coding->value[codes[i]];
}

static void change_wide_steps(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, WideRange *range)
{
	switch (coding->dtype) {
	case DTYPE_F64:
		change_wide_f64(raw, base, n, out, range);
		break;
	case DTYPE_F32:
		change_wide_f32(raw, base, n, out, range);
		break;
#ifdef VECTOR_HALVES
	case DTYPE_F16:
		change_wide_f16(raw, base, n, out, range);
		break;
	case DTYPE_BF16:
		change_wide_bf16(raw, base, n, out, range);
		break;
#endif
	default:
		decode_wide(coding, raw, n, out);
		change_wide_f64(out, base, n, out, range);
	}
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

static void wide_range_join(const WideRange *range, gboolean is_base, Extremes *extremes)
{
	for (guint i = 0; i < WIDE_WIDTH; i++) {
		extremes->minimum = MIN(extremes->minimum, range->low[i]);
		extremes->maximum = MAX(extremes->maximum, range->high[i]);
		if (!is_base)
			extremes->largest_change = MAX(extremes->largest_change, range->largest[i]);
	}
}

static gboolean is_odd(const WideRange *range)
{
	gboolean odd = FALSE;
	for (guint i = 0; i < WIDE_WIDTH; i++)
		odd |= isnan(range->odd[i]);
	return odd;
}

/* Returns how many were done: whole pairs, or none where there is an odd number among them. */
static gsize change_whole(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	WideRange range = {wide_set(INFINITY), wide_set(-INFINITY), wide_set(0), wide_set(0)};
	gsize whole = n - n % WIDTH;
	change_wide_steps(coding, raw, base != NULL ? base : wide_zeros, whole, out, &range);
	if (is_odd(&range))
		return 0;
	wide_range_join(&range, base == NULL, extremes);
	return whole;
}

static void change_wide(const Coding *coding, const void *raw, const double *base, gsize n,
	double *out, Extremes *extremes)
{
	gsize size = dtype_info(coding->dtype)->bits / 8;
	gsize done = change_whole(coding, raw, base, n, out, extremes);
	decode_wide(coding, (const guint8 *)raw + done * size, n - done, out + done);
	change_each(base != NULL ? base + done : NULL, n - done, out + done, extremes);
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
