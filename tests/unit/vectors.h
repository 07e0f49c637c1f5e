/* vectors.h - what a mix makes of vectors that a test gives, from its factors. */
#ifndef TAUSCOPE_TEST_VECTORS_H
#define TAUSCOPE_TEST_VECTORS_H

#include "mixes.h"
#include "toy.h"

#include "analysis/gram.h"
#include "edit/method.h"
#include "edit/node.h"

#define ELEMENTS 40

typedef struct {
	char *folder;
	Collection *collection;
} Fixture;

/* A base, five tasks a to e, and `still`, which changes nothing. */
static inline void set_up(Fixture *fixture, gconstpointer data)
{
	(void)data;
	fixture->folder = test_folder();
	g_autofree char *base = g_build_filename(fixture->folder, "base.safetensors", NULL);
	write_toy(base, 1, 2);
	fixture->collection = collection_new(open_checked(base));
	for (guint i = 0; i < MIX_INPUTS; i++) {
		char name[] = {(char)('a' + i), 0};
		add_toy(fixture->collection, fixture->folder, name, MEMBER_TASK, NULL, -1, i, 9);
	}
	add_toy(fixture->collection, fixture->folder, "still", MEMBER_TASK, NULL, -1, 1, 2);
}

static inline void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	collection_free(fixture->collection);
	test_folder_remove(fixture->folder);
}

/* θ₀ and the changes of a to e. */
typedef struct {
	guint n;
	double v[1 + MIX_INPUTS][ELEMENTS];
} Vectors;

/* Changes with something in common, so that their angles are below 90 degrees. */
static inline Vectors random_vectors(guint32 seed, double size)
{
	Vectors vectors = {.n = ELEMENTS};
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	for (guint i = 0; i <= MIX_INPUTS; i++)
		for (guint k = 0; k < ELEMENTS; k++)
			vectors.v[i][k] =
				(i ? size : 1) * (g_rand_double_range(rand, -1, 1) + cos(k));
	return vectors;
}

/* Vectors of two elements in the plane. */
static inline Vectors plane(double ax, double ay, double bx, double by)
{
	return (Vectors){2, {{1, 2}, {ax, ay}, {bx, by}}};
}

static inline void fill_products(const Vectors *vectors, guint inputs, double *products)
{
	for (guint i = 0; i <= inputs; i++)
		for (guint j = 0; j <= i; j++) {
			double *cell = &products[gram_packed(i, j)];
			for (guint k = 0; k < vectors->n; k++)
				*cell += vectors->v[i][k] * vectors->v[j][k];
		}
}

/* The mix of a call; its inputs must be a, b, ... in order.  factor[inputs + 1]. */
static inline gboolean ask(const Fixture *fixture, const char *text, const Vectors *vectors,
	double *factor, GError **error)
{
	g_autoptr(Node) call = expression_parse(fixture->collection, text, error);
	if (!call)
		return FALSE;
	guint inputs = call->children->len, parameters = method_parameters(call->method);
	double weight[MIX_INPUTS] = {0}, parameter[8] = {0};
	double products[(MIX_INPUTS + 1) * (MIX_INPUTS + 2) / 2] = {0};
	for (guint i = 0; i < inputs; i++)
		weight[i] = method_weight(call, i, 0);
	for (guint i = 0; i < parameters; i++)
		parameter[i] = method_value(call, i, 0);
	fill_products(vectors, inputs, products);
	MethodSite site = {fixture->collection, call, 0, inputs, weight, parameter, vectors->n};
	MethodMix mix = {site, call->method->wants_products ? products : NULL};
	return call->method->mix(&mix, factor, error);
}

/* The value of a mix, element by element; returns how many inputs there are. */
static inline void value_of(
	const Fixture *fixture, const char *text, const Vectors *vectors, double *out)
{
	g_autoptr(GError) error = NULL;
	double factor[1 + MIX_INPUTS] = {0};
	ask(fixture, text, vectors, factor, &error);
	if (error)
		g_error("%s: %s", text, error->message);
	for (guint k = 0; k < vectors->n; k++) {
		out[k] = 0;
		for (guint i = 0; i <= MIX_INPUTS; i++)
			out[k] += factor[i] * vectors->v[i][k];
	}
}

static inline double norm_of(const double *a, guint n)
{
	double sum = 0;
	for (guint k = 0; k < n; k++)
		sum += a[k] * a[k];
	return sqrt(sum);
}

static inline double dot(const double *a, const double *b, guint n)
{
	double sum = 0;
	for (guint k = 0; k < n; k++)
		sum += a[k] * b[k];
	return sum;
}

#endif
