/* trajectory.c - how a task vector came about: its direction and length over a training run.
 *
 * Updates are differences of rows of the Gram table: ‖τ_t − τ_(t−1)‖² and the angles between
 * updates follow from the inner products of the steps alone. */
#include "analysis/trajectory.h"
#include "core/error.h"

#include <math.h>

/* The cosine to the final vector from which on we say that the direction has settled. */
#define SETTLED_COSINE 0.9

static void path_free(TrajectoryPath *path)
{
	if (path == NULL)
		return;
	g_free(path->scope);
	g_free(path->norm);
	g_free(path->relative);
	g_free(path->cosine_to_final);
	g_free(path->cosine_to_previous);
	g_free(path->turn_degrees);
	g_free(path->update);
	g_free(path);
}

/* Steps whose inner products are needed: with itself, the one before and the one before that. */
#define LAGS 3

/* Inner products of the steps over one scope; step -1 and before is the vector 0. */
typedef struct {
	double *lag[LAGS]; /* [steps]: with the step so many before; 0 before the first */
	double *along;     /* [steps]: with the reference */
	double target;     /* of the reference with itself */
	double base;
} Steps;

static void steps_clear(Steps *steps)
{
	for (guint lag = 0; lag < LAGS; lag++)
		g_free(steps->lag[lag]);
	g_free(steps->along);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Steps, steps_clear)

static void steps_add(
	Steps *steps, const Gram *gram, guint tensor, const Trajectory *trajectory, guint reference)
{
	const guint *member = trajectory->member;
	for (guint t = 0; t < trajectory->count; t++) {
		for (guint lag = 0; lag < LAGS && lag <= t; lag++)
			steps->lag[lag][t] += *gram_cell(gram, tensor, member[t], member[t - lag]);
		steps->along[t] += *gram_cell(gram, tensor, member[t], reference);
	}
	steps->target += *gram_cell(gram, tensor, reference, reference);
	steps->base += *gram_cell(gram, tensor, 0, 0);
}

static Steps steps_of(
	const Gram *gram, const Scope *scope, const Trajectory *trajectory, guint reference)
{
	Steps steps = {.along = g_new0(double, trajectory->count)};
	for (guint lag = 0; lag < LAGS; lag++)
		steps.lag[lag] = g_new0(double, trajectory->count);
	for (guint i = 0; i < scope->tensors->len; i++)
		steps_add(&steps, gram, g_array_index(scope->tensors, guint, i), trajectory,
			reference);
	return steps;
}

static double product(const Steps *steps, gint i, gint j)
{
	return i < 0 || j < 0 ? 0 : steps->lag[ABS(i - j)][MAX(i, j)];
}

/* ⟨τ_i − τ_(i−1), τ_j − τ_(j−1)⟩ */
static double update_product(const Steps *steps, gint i, gint j)
{
	return product(steps, i, j) - product(steps, i, j - 1) - product(steps, i - 1, j) +
	       product(steps, i - 1, j - 1);
}

static double length_of(double square)
{
	return square < 0 ? 0 : sqrt(square);
}

static double degrees(double cosine)
{
	return acos(cosine) * 180 / G_PI;
}

static void fill_step(TrajectoryPath *path, const Steps *steps, gint t)
{
	double norm = length_of(product(steps, t, t));
	path->norm[t] = norm;
	path->relative[t] = steps->base > 0 ? norm / sqrt(steps->base) : NAN;
	path->cosine_to_final[t] = cosine_of(steps->along[t], norm, length_of(steps->target));
	path->update[t] = length_of(update_product(steps, t, t));
	path->path_length += path->update[t];
	path->cosine_to_previous[t] = path->turn_degrees[t] = NAN;
	if (t == 0)
		return;
	path->cosine_to_previous[t] = cosine_of(product(steps, t, t - 1), norm, path->norm[t - 1]);
	path->turn_degrees[t] = degrees(
		cosine_of(update_product(steps, t, t - 1), path->update[t], path->update[t - 1]));
}

static TrajectoryPath *path_new(
	const Gram *gram, const Scope *scope, const Trajectory *trajectory, guint reference)
{
	g_auto(Steps) steps = steps_of(gram, scope, trajectory, reference);
	guint n = trajectory->count;
	TrajectoryPath *path = g_new0(TrajectoryPath, 1);
	path->scope = g_strdup(scope->label);
	path->elements = scope->elements;
	path->count = n;
	path->norm = g_new(double, n);
	path->relative = g_new(double, n);
	path->cosine_to_final = g_new(double, n);
	path->cosine_to_previous = g_new(double, n);
	path->turn_degrees = g_new(double, n);
	path->update = g_new(double, n);
	for (guint t = 0; t < n; t++)
		fill_step(path, &steps, (gint)t);
	path->displacement = path->norm[n - 1];
	return path;
}

static gboolean fill_steps(
	Trajectory *trajectory, const Collection *collection, const char *run, GError **error)
{
	g_autoptr(GArray) members = collection_run(collection, run);
	if (members == NULL || members->len == 0)
		return fail(error, ERROR_USAGE, "there is no run named %s", run);
	trajectory->run = g_strdup(run);
	trajectory->count = members->len;
	trajectory->member = g_new(guint, members->len);
	trajectory->step = g_new(gint64, members->len);
	for (guint i = 0; i < members->len; i++) {
		trajectory->member[i] = g_array_index(members, guint, i);
		trajectory->step[i] = collection_member(collection, trajectory->member[i])->step;
	}
	return TRUE;
}

Trajectory *trajectory_new(const Collection *collection, const Gram *gram, const char *run,
	gint reference, const char *pattern, GroupBy by, GError **error)
{
	g_autoptr(Trajectory) trajectory = g_new0(Trajectory, 1);
	trajectory->groups = g_ptr_array_new_with_free_func((GDestroyNotify)path_free);
	if (!fill_steps(trajectory, collection, run, error))
		return NULL;
	g_autoptr(Scope) scope =
		scope_new(collection, pattern, trajectory->member, trajectory->count, error);
	if (scope == NULL)
		return NULL;
	guint with = reference >= 0 ? (guint)reference : trajectory->member[trajectory->count - 1];
	trajectory->whole = path_new(gram, scope, trajectory, with);
	if (by == GROUP_ALL)
		return g_steal_pointer(&trajectory);
	g_autoptr(GPtrArray) scopes = scope_groups(collection, scope, by);
	for (guint i = 0; i < scopes->len; i++)
		g_ptr_array_add(trajectory->groups,
			path_new(gram, g_ptr_array_index(scopes, i), trajectory, with));
	return g_steal_pointer(&trajectory);
}

void trajectory_free(Trajectory *trajectory)
{
	if (trajectory == NULL)
		return;
	g_free(trajectory->run);
	g_free(trajectory->member);
	g_free(trajectory->step);
	path_free(trajectory->whole);
	g_ptr_array_unref(trajectory->groups);
	g_free(trajectory);
}

/* The first position from which on the cosine stays at SETTLED_COSINE or above; count: none. */
static guint settled_from(const TrajectoryPath *path)
{
	guint from = path->count;
	while (from > 0 && path->cosine_to_final[from - 1] >= SETTLED_COSINE)
		from--;
	return from;
}

static void say_settled(GString *text, const Trajectory *trajectory)
{
	const double *cosine = trajectory->whole->cosine_to_final;
	guint from = settled_from(trajectory->whole), last = trajectory->count - 1;
	if (!isfinite(cosine[last]))
		g_string_append_printf(text, "%s has no direction at its end", trajectory->run);
	else if (from > last)
		g_string_append_printf(text, "%s ends in another direction (cos %.2f)",
			trajectory->run, cosine[last]);
	else if (from == last)
		g_string_append_printf(
			text, "%s finds its direction only at its end", trajectory->run);
	else
		g_string_append_printf(text, "%s settles by step %" G_GINT64_FORMAT " (cos %.2f)",
			trajectory->run, trajectory->step[from], cosine[from]);
}

char *trajectory_sentence(const Trajectory *trajectory)
{
	const TrajectoryPath *path = trajectory->whole;
	if (!isfinite(path->path_length))
		return g_strdup_printf("%s holds values that are not finite", trajectory->run);
	if (path->path_length <= 0)
		return g_strdup_printf("%s does not leave the base", trajectory->run);
	if (path->displacement <= 0)
		return g_strdup_printf("%s leaves the base and returns to it", trajectory->run);
	g_autoptr(GString) text = g_string_new(NULL);
	say_settled(text, trajectory);
	g_string_append_printf(
		text, "; path %.2f × displacement", path->path_length / path->displacement);
	return g_strdup(text->str);
}
