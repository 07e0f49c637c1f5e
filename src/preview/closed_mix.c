/* closed_mix.c - mixes whose factors follow from inner products, and methods that draw.
 *
 * The coefficients of the inputs are found first; their inner products are cᵢᵀ G cⱼ, summed over
 * the tensors that one set of factors is about. */
#include "preview/closed_walk.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

GPtrArray *walk_bodies(Walk *walk, const Node *call, GError **error)
{
	g_autoptr(GPtrArray) bodies = g_ptr_array_new_with_free_func(g_free);
	g_autofree double *one = walk_factors(walk, 1);
	for (guint i = 0; i < call->children->len; i++) {
		g_ptr_array_add(bodies, walk_table(walk));
		if (!walk_node(walk, method_body(call, i), one, bodies->pdata[i], error))
			return NULL;
	}
	return g_steal_pointer(&bodies);
}

/* ⟨x, y⟩ from the coefficients of x and the products of y; what has no coefficient is left out, as
 * an unknown product is NaN. */
static double product_of(const Walk *walk, const double *c, const double *products)
{
	double sum = 0;
	for (guint v = 0; v < walk->vectors; v++)
		if (c[v] != 0)
			sum += c[v] * products[v];
	return sum;
}

static gboolean fail_not_finite(const Walk *walk, const Node *call, guint tensor, GError **error)
{
	const char *name = collection_tensor(walk->collection, tensor)->name;
	return fail_at(error, ERROR_INPUT,
		(Place){.tensor = name, .remedy = "leave the tensor out with a scope"},
		"an input of %s has elements that are no finite numbers", call->method->name);
}

gboolean walk_products(const Walk *walk, const Node *call, const GPtrArray *bodies, guint tensor,
	double *products, GError **error)
{
	g_autofree double *of = g_new(double, walk->vectors);
	products[0] += *gram_cell(walk->gram, tensor, 0, 0);
	for (guint i = 0; i < bodies->len; i++) {
		memset(of, 0, walk->vectors * sizeof *of);
		gram_linear(walk->gram, tensor, walk_row(walk, bodies->pdata[i], tensor), of);
		products[gram_packed(i + 1, 0)] += of[0];
		for (guint j = 0; j <= i; j++) {
			double *cell = &products[gram_packed(i + 1, j + 1)];
			*cell += product_of(walk, walk_row(walk, bodies->pdata[j], tensor), of);
			if (!isfinite(*cell))
				return fail_not_finite(walk, call, tensor, error);
		}
	}
	return TRUE;
}

static gboolean sum_products(const Walk *walk, const Node *call, const GPtrArray *bodies,
	const GArray *domain, double *products, GError **error)
{
	for (guint i = 0; i < domain->len; i++)
		if (!walk_products(
			    walk, call, bodies, g_array_index(domain, guint, i), products, error))
			return FALSE;
	return TRUE;
}

static guint64 domain_elements(const Collection *collection, const GArray *domain)
{
	guint64 elements = 0;
	for (guint i = 0; i < domain->len; i++)
		elements +=
			collection_tensor(collection, g_array_index(domain, guint, i))->elements;
	return elements;
}

/* Adds factor · (found[0] θ₀ + Σ found[i] xᵢ) on one tensor. */
static void add_bodies(const Walk *walk, const GPtrArray *bodies, guint tensor, double factor,
	const double *found, double *c)
{
	double *out = walk_row(walk, c, tensor);
	out[0] += factor * found[0];
	for (guint i = 0; i < bodies->len; i++)
		for (guint v = 0; v < walk->vectors; v++)
			out[v] +=
				factor * found[i + 1] * walk_row(walk, bodies->pdata[i], tensor)[v];
}

/* Finds the factors of a mix over one domain and adds its value there. */
static gboolean add_domain(const Walk *walk, const Node *call, const GPtrArray *bodies,
	const GArray *domain, const double *factor, double *c, GError **error)
{
	g_autofree double *found = g_new0(double, bodies->len + 1);
	g_autofree double *products = g_new0(double, gram_packed(bodies->len + 1, 0));
	if (!sum_products(walk, call, bodies, domain, products, error))
		return FALSE;
	g_auto(MethodSite) site = walk_site(walk, call, g_array_index(domain, guint, 0),
		domain_elements(walk->collection, domain));
	MethodMix mix = {.site = site, .products = products};
	if (!call->method->mix(&mix, found, error))
		return FALSE;
	for (guint i = 0; i < domain->len; i++) {
		guint t = g_array_index(domain, guint, i);
		if (factor[t] != 0)
			add_bodies(walk, bodies, t, factor[t], found, c);
	}
	return TRUE;
}

static gboolean same_domain(const Collection *collection, MethodBy by, guint a, guint b)
{
	return by == BY_MODEL || a == b ||
	       (by == BY_LAYER && g_str_equal(collection->layer[a], collection->layer[b]));
}

/* The tensors that share the first one's domain; they are taken out of `left`. */
static GArray *take_domain(const Collection *collection, MethodBy by, GArray *left)
{
	GArray *domain = g_array_new(FALSE, FALSE, sizeof(guint));
	guint kept = 0, first = g_array_index(left, guint, 0);
	for (guint i = 0; i < left->len; i++) {
		guint t = g_array_index(left, guint, i);
		if (same_domain(collection, by, first, t))
			g_array_append_val(domain, t);
		else
			g_array_index(left, guint, kept++) = t;
	}
	g_array_set_size(left, kept);
	return domain;
}

/* Whether scopes leave nothing of a domain. */
static gboolean is_left_out(const GArray *domain, const double *factor)
{
	for (guint i = 0; i < domain->len; i++)
		if (factor[g_array_index(domain, guint, i)] != 0)
			return FALSE;
	return TRUE;
}

gboolean walk_mix(Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	g_autoptr(GPtrArray) bodies = walk_bodies(walk, call, error);
	if (!bodies)
		return FALSE;
	g_autoptr(GArray) left = walk_acting(walk->collection, call);
	while (left->len) {
		g_autoptr(GArray) domain = take_domain(walk->collection, method_by(call), left);
		if (!is_left_out(domain, factor) &&
			!add_domain(walk, call, bodies, domain, factor, c, error))
			return FALSE;
	}
	return TRUE;
}

/* What a method that draws says of one tensor. */
typedef struct {
	double *factor, *square; /* [inputs + 1] */
	double constant;
} Expected;

static gboolean expect_on(const Walk *walk, const Node *call, guint tensor, const double *products,
	Expected *expected)
{
	guint64 elements = collection_tensor(walk->collection, tensor)->elements;
	g_auto(MethodSite) site = walk_site(walk, call, tensor, elements);
	MethodMix mix = {.site = site, .products = products};
	return call->method->expect(&mix, expected->factor, expected->square, &expected->constant);
}

gboolean walk_is_random(const Collection *collection, const Node *call)
{
	guint inputs = call->children->len;
	g_autoptr(GArray) tensors = walk_acting(collection, call);
	if (!call->method->expect || !tensors->len)
		return FALSE;
	Walk walk = {.collection = collection};
	g_autofree double *products = g_new0(double, gram_packed(inputs + 1, 0));
	g_autofree double *factor = g_new0(double, inputs + 1),
			  *square = g_new0(double, inputs + 1);
	Expected expected = {factor, square, 0};
	return expect_on(&walk, call, g_array_index(tensors, guint, 0), products, &expected);
}

/* The key of an input's draws, but for the tensor. */
static guint64 draws_of(const Walk *walk, const Node *call, guint input)
{
	gint seed = method_parameter(call->method, SEED);
	guint64 stream = method_stream(walk->collection, method_body(call, input));
	return seed < 0 ? stream : stream ^ (guint64)method_value(call, (guint)seed, 0);
}

/* A noise for each input, and one for what does not depend on the inputs. */
static GPtrArray *add_noises(const Walk *walk, const Node *call)
{
	GPtrArray *noises = g_ptr_array_new();
	for (guint i = 0; i <= call->children->len; i++) {
		ClosedNoise *noise = g_new0(ClosedNoise, 1);
		gboolean is_rest = i == call->children->len;
		noise->key = draws_of(walk, call, is_rest ? 0 : i);
		noise->deviation = is_rest ? NULL : walk_table(walk);
		noise->kept = is_rest ? NULL : walk_factors(walk, 1);
		noise->rest = is_rest ? walk_factors(walk, 0) : NULL;
		g_ptr_array_add(noises, noise);
		g_ptr_array_add(walk->noise, noise);
	}
	return noises;
}

/* A part f²/(f² + s) of the elements is not dropped where the mean is f·x and the variance s·x². */
static void add_deviation(const Walk *walk, ClosedNoise *noise, double *body, guint tensor,
	double factor, double mean, double square)
{
	if (square <= 0)
		return;
	double deviation = factor * copysign(sqrt(square), mean);
	noise->kept[tensor] = mean * mean / (mean * mean + square);
	for (guint v = 0; v < walk->vectors; v++)
		walk_row(walk, noise->deviation, tensor)[v] =
			deviation * walk_row(walk, body, tensor)[v];
}

static void add_expected(const Walk *walk, const GPtrArray *bodies, const GPtrArray *noises,
	guint tensor, double factor, const Expected *expected, double *c)
{
	ClosedNoise *rest = noises->pdata[bodies->len];
	add_bodies(walk, bodies, tensor, factor, expected->factor, c);
	rest->rest[tensor] = factor * sqrt(expected->constant);
	for (guint i = 0; i < bodies->len; i++)
		add_deviation(walk, noises->pdata[i], bodies->pdata[i], tensor, factor,
			expected->factor[i + 1], expected->square[i + 1]);
}

gboolean walk_random(Walk *walk, const Node *call, const double *factor, double *c, GError **error)
{
	guint inputs = call->children->len;
	g_autoptr(GPtrArray) bodies = walk_bodies(walk, call, error);
	if (!bodies)
		return FALSE;
	gsize cells = gram_packed(inputs + 1, 0);
	g_autoptr(GPtrArray) noises = add_noises(walk, call);
	g_autoptr(GArray) tensors = walk_acting(walk->collection, call);
	g_autofree double *products = g_new0(double, cells);
	g_autofree double *mean = g_new0(double, inputs + 1), *square = g_new0(double, inputs + 1);
	for (guint i = 0; i < tensors->len; i++) {
		guint t = g_array_index(tensors, guint, i);
		Expected expected = {mean, square, 0};
		if (factor[t] == 0)
			continue;
		memset(products, 0, cells * sizeof *products);
		if (!walk_products(walk, call, bodies, t, products, error))
			return FALSE;
		expect_on(walk, call, t, products, &expected);
		add_expected(walk, bodies, noises, t, factor[t], &expected, c);
	}
	return TRUE;
}
