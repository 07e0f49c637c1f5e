/* kernel_change.h - θ − base in single precision; a part of kernel_loops.h. */

#define UNROLL 4u
#define STEP (UNROLL * WIDTH)

/* Between these the square of a largest change, and a thousand times that, is a normal float; what
 * becomes of elements that are 2⁻²³ of it or less does not matter. */
#define CHANGE_LEAST 0x1p-40f
#define CHANGE_MOST 0x1p40f

static const float zeros[KERNEL_BLOCK];

/* What is known of the elements of a run. */
typedef struct {
	vector low[UNROLL], high[UNROLL], largest[UNROLL];
} Bounds;

static inline void bounds_init(Bounds *bounds)
{
	UNROLLED
	for (guint u = 0; u < UNROLL; u++) {
		bounds->low[u] = vector_set(INFINITY);
		bounds->high[u] = vector_set(-INFINITY);
		bounds->largest[u] = vector_set(0);
	}
}

/* Whole steps of elements of one type. */
#define CHANGE_LOOP(NAME, TYPE)                                                                    \
	static void change_##NAME(                                                                 \
		const TYPE *raw, const float *base, gsize n, float *out, Bounds *bounds)           \
	{                                                                                          \
		Bounds now = *bounds;                                                              \
		for (gsize i = 0; i < n; i += STEP) {                                              \
			UNROLLED                                                                   \
			for (guint u = 0; u < UNROLL; u++) {                                       \
				gsize at = i + u * WIDTH;                                          \
				vector x = vector_from_##NAME(raw + at);                           \
				vector change = vector_subtract(x, vector_load(base + at));        \
				now.low[u] = vector_min(x, now.low[u]);                            \
				now.high[u] = vector_max(x, now.high[u]);                          \
				now.largest[u] = vector_larger(change, now.largest[u]);            \
				vector_store(out + at, change);                                    \
			}                                                                          \
		}                                                                                  \
		*bounds = now;                                                                     \
	}

CHANGE_LOOP(f32, float)
#ifdef VECTOR_HALVES
CHANGE_LOOP(f16, guint16)
CHANGE_LOOP(bf16, guint16)
#endif

static void decode(const Coding *coding, const void *raw, gsize n, float *out)
{
	const guint8 *codes = raw;
	if (dtype_info(coding->dtype)->bits != 8)
		dtype_decode_float(coding->dtype, raw, n, out);
	else
		for (gsize i = 0; i < n; i++)
			out[i] = (float)coding->value[codes[i]];
}

static void change_steps(const Coding *coding, const void *raw, const float *base, gsize n,
	float *out, Bounds *bounds)
{
	switch (coding->dtype) {
	case DTYPE_F32:
		change_f32(raw, base, n, out, bounds);
		break;
#ifdef VECTOR_HALVES
	case DTYPE_F16:
		change_f16(raw, base, n, out, bounds);
		break;
	case DTYPE_BF16:
		change_bf16(raw, base, n, out, bounds);
		break;
#endif
	default:
		decode(coding, raw, n, out);
		change_f32(out, base, n, out, bounds);
	}
}

/* Fewer elements than a step: the last is repeated, which changes no bounds. */
static void change_tail(const Coding *coding, const guint8 *raw, const float *base, gsize n,
	float *out, Bounds *bounds)
{
	gsize size = dtype_info(coding->dtype)->bits / 8;
	_Alignas(64) guint8 step_raw[STEP * sizeof(float)];
	float step_base[STEP], step_out[STEP];
	for (gsize i = 0; i < STEP; i++) {
		memcpy(step_raw + i * size, raw + MIN(i, n - 1) * size, size);
		step_base[i] = base[MIN(i, n - 1)];
	}
	change_steps(coding, step_raw, step_base, STEP, step_out, bounds);
	memcpy(out, step_out, n * sizeof *out);
}

static inline void bounds_join(Bounds *bounds)
{
	UNROLLED
	for (guint u = 1; u < UNROLL; u++) {
		bounds->low[0] = vector_min(bounds->low[u], bounds->low[0]);
		bounds->high[0] = vector_max(bounds->high[u], bounds->high[0]);
		bounds->largest[0] = vector_larger(bounds->largest[u], bounds->largest[0]);
	}
}

static gboolean change_take(
	Bounds *bounds, gboolean is_base, float *out, gsize n, Extremes *extremes)
{
	bounds_join(bounds);
	float largest = vector_largest(bounds->largest[0]);
	if (largest != 0 && !(largest >= CHANGE_LEAST && largest <= CHANGE_MOST)) {
		memset(out, 0, padded(n) * sizeof *out);
		return FALSE;
	}
	extremes->minimum = MIN(extremes->minimum, (double)vector_least(bounds->low[0]));
	extremes->maximum = MAX(extremes->maximum, (double)vector_most(bounds->high[0]));
	if (!is_base)
		extremes->largest_change = MAX(extremes->largest_change, (double)largest);
	return TRUE;
}

static gboolean change(const Coding *coding, const void *raw, const float *base, gsize n,
	float *out, Extremes *extremes)
{
	const float *from = base != NULL ? base : zeros;
	gsize size = dtype_info(coding->dtype)->bits / 8, done = n - n % STEP;
	Bounds bounds;
	bounds_init(&bounds);
	if (coding->dtype == DTYPE_F64) {
		memset(out, 0, padded(n) * sizeof *out);
		return FALSE;
	}
	change_steps(coding, raw, from, done, out, &bounds);
	if (done < n)
		change_tail(coding, (const guint8 *)raw + done * size, from + done, n - done,
			out + done, &bounds);
	for (gsize i = n; i < padded(n); i++)
		out[i] = 0;
	return n == 0 || change_take(&bounds, base == NULL, out, n, extremes);
}
