/* adapted.c - see adapted.h.
 *
 * A row's length takes a pass over the row.  A row lies in one run where the product is not
 * transposed, and its length is found for each block that touches it; else each row is spread over
 * the whole tensor, and all lengths are found in one pass, once. */
#include "checkpoint/adapted.h"

#include <pthread.h>
#include <math.h>
#include <string.h>

typedef struct {
	Adapted adapted;
	gpointer owner;
	GDestroyNotify release;
	pthread_mutex_t lock; /* guards the scales */
	double *scales;       /* [rows of the product], where it is transposed; NULL until known */
} State;

typedef struct {
	Scaled scaled;
	gpointer owner;
	GDestroyNotify release;
} ScaledState;

/* Columns of the product as it is stored. */
static guint64 width_of(const Adapted *adapted)
{
	const LowRank *product = &adapted->product;
	return product->transposed ? product->rows : product->columns;
}

/* V into out, and W into weights. */
static gboolean read_sum(const Adapted *adapted, guint64 first, guint64 count, double *weights,
	double *out, GError **error)
{
	if (!checkpoint_read_double(
		    adapted->weights, adapted->weight, first, count, weights, error) ||
		!low_rank_read(&adapted->product, first, count, out, error))
		return FALSE;
	for (guint64 i = 0; i < count; i++)
		out[i] += weights[i];
	return TRUE;
}

/* Adds the squares of a run of V to the sums of their rows; the first sum is of row `top`. */
static void add_squares(const Adapted *adapted, guint64 first, guint64 count, const double *values,
	guint64 top, double *sums)
{
	guint64 width = width_of(adapted);

	for (guint64 done = 0, n; done < count; done += n) {
		guint64 line = (first + done) / width, column = (first + done) % width;
		const double *from = values + done;
		n = MIN(count - done, width - column);
		if (adapted->product.transposed)
			for (guint64 i = 0; i < n; i++)
				sums[column + i] += from[i] * from[i];
		else
			for (guint64 i = 0; i < n; i++)
				sums[line - top] += from[i] * from[i];
	}
}

/* What to multiply rows [top, top+rows) by, of which [first, end) is all the elements. */
static gboolean find_scales(const Adapted *adapted, guint64 top, guint64 rows, guint64 first,
	guint64 end, double *scales, GError **error)
{
	g_autofree double *values = g_new(double, SOURCE_BLOCK);
	g_autofree double *weights = g_new(double, SOURCE_BLOCK);
	g_autofree double *sums = g_new0(double, rows);

	for (guint64 at = first, n; at < end; at += n) {
		n = MIN(end - at, SOURCE_BLOCK);
		if (!read_sum(adapted, at, n, weights, values, error))
			return FALSE;
		add_squares(adapted, at, n, values, top, sums);
	}
	if (!checkpoint_read_double(
		    adapted->product.factors, (guint)adapted->magnitude, top, rows, scales, error))
		return FALSE;
	for (guint64 i = 0; i < rows; i++)
		scales[i] /= sqrt(sums[i]);
	return TRUE;
}

static gboolean scale_rows(
	const Adapted *adapted, guint64 first, guint64 count, double *values, GError **error)
{
	guint64 width = width_of(adapted);
	guint64 top = first / width, bottom = (first + count - 1) / width;
	g_autofree double *scales = g_new(double, bottom + 1 - top);

	if (!find_scales(adapted, top, bottom + 1 - top, top * width, (bottom + 1) * width, scales,
		    error))
		return FALSE;
	for (guint64 i = 0; i < count; i++)
		values[i] *= scales[(first + i) / width - top];
	return TRUE;
}

static double *find_all_scales(const Adapted *adapted, GError **error)
{
	guint64 rows = adapted->product.rows;
	g_autofree double *scales = g_new(double, rows);

	return find_scales(adapted, 0, rows, 0, rows * adapted->product.columns, scales, error)
		       ? g_steal_pointer(&scales)
		       : NULL;
}

/* All scales of a transposed product; borrowed.  One thread finds them, others wait. */
static const double *all_scales(State *state, GError **error)
{
	pthread_mutex_lock(&state->lock);
	if (state->scales == NULL)
		state->scales = find_all_scales(&state->adapted, error);
	const double *scales = state->scales;
	pthread_mutex_unlock(&state->lock);
	return scales;
}

static gboolean scale_columns(
	State *state, guint64 first, guint64 count, double *values, GError **error)
{
	const double *scales = all_scales(state, error);
	guint64 width = width_of(&state->adapted);

	for (guint64 i = 0; scales != NULL && i < count; i++)
		values[i] *= scales[(first + i) % width];
	return scales != NULL;
}

static gboolean scale(State *state, guint64 first, guint64 count, double *values, GError **error)
{
	if (state->adapted.magnitude < 0)
		return TRUE;
	if (state->adapted.product.transposed)
		return scale_columns(state, first, count, values, error);
	return scale_rows(&state->adapted, first, count, values, error);
}

static gboolean read_adapted(
	gconstpointer data, guint64 first, guint64 count, void *out, GError **error)
{
	State *state = (State *)data;
	g_autofree double *weights = g_new(double, count);
	g_autofree double *values = g_new(double, count);

	if (!read_sum(&state->adapted, first, count, weights, values, error) ||
		!scale(state, first, count, values, error))
		return FALSE;
	for (guint64 i = 0; state->adapted.difference && i < count; i++)
		values[i] -= weights[i];
	dtype_encode(DTYPE_F64, values, count, out);
	return TRUE;
}

static void state_free(gpointer data)
{
	State *state = data;
	state->release(state->owner);
	pthread_mutex_destroy(&state->lock);
	g_free(state->scales);
	g_free(state);
}

static const SourceClass adapted_class = {"adapted", read_adapted, state_free, TRUE};

Source *adapted_source(const Adapted *adapted, gpointer owner, GDestroyNotify release, Cache *cache)
{
	State *state = g_new0(State, 1);
	state->adapted = *adapted;
	state->owner = owner;
	state->release = release;
	pthread_mutex_init(&state->lock, NULL);
	return source_new(&adapted_class, state, DTYPE_F64,
		adapted->product.rows * adapted->product.columns, cache);
}

static gboolean read_scaled(
	gconstpointer data, guint64 first, guint64 count, void *out, GError **error)
{
	const Scaled *scaled = &((const ScaledState *)data)->scaled;
	g_autofree double *values = g_new(double, count);

	if (!checkpoint_read_double(
		    scaled->checkpoint, scaled->tensor, first, count, values, error))
		return FALSE;
	for (guint64 i = 0; i < count; i++)
		values[i] *= scaled->factor;
	dtype_encode(DTYPE_F64, values, count, out);
	return TRUE;
}

static void scaled_free(gpointer data)
{
	ScaledState *state = data;
	state->release(state->owner);
	g_free(state);
}

static const SourceClass scaled_class = {"scaled", read_scaled, scaled_free, TRUE};

Source *scaled_source(const Scaled *scaled, gpointer owner, GDestroyNotify release, Cache *cache)
{
	ScaledState *state = g_new0(ScaledState, 1);
	*state = (ScaledState){*scaled, owner, release};
	return source_new(&scaled_class, state, DTYPE_F64,
		checkpoint_tensor(scaled->checkpoint, scaled->tensor)->elements, cache);
}
