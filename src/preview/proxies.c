/* proxies.c - what an edit that is not linear is likely made of. */
#include "preview/proxies.h"

#include "preview/closed.h"
#include "edit/method.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

/* Whether a value may hold some of θ₀. */
static gboolean is_of_weights(const Node *node)
{
	const Method *method = node->kind == NODE_CALL ? node->method : NULL;
	if (method && ((method->mix && method->wants_products) ||
			      (method->on_weights && method->on_weights(node))))
		return TRUE;
	for (guint i = 0; i < node->children->len; i++)
		if (is_of_weights(node_child(node, i)))
			return TRUE;
	return FALSE;
}

static double *coefficients_on(const Proxies *proxies, guint tensor)
{
	return proxies->coefficients + (gsize)tensor * proxies->vectors;
}

/* How large a task is in the edit. */
static double size_of(const Proxies *proxies, guint member)
{
	double square = 0;
	for (guint t = 0; t < collection_tensors(proxies->collection); t++) {
		double c = coefficients_on(proxies, t)[member];
		double cell = *gram_cell(proxies->gram, t, member, member);
		square += c != 0 && isfinite(cell) ? c * c * cell : 0;
	}
	return square;
}

typedef struct {
	guint member;
	double size;
} Sized;

static gint larger_first(gconstpointer a, gconstpointer b)
{
	double x = ((const Sized *)a)->size, y = ((const Sized *)b)->size;
	return x > y ? -1 : x < y;
}

static void add_tasks(Proxies *proxies, const GArray *members, guint most)
{
	g_autoptr(GArray) sized = g_array_new(FALSE, FALSE, sizeof(Sized));
	for (guint i = 0; i < members->len; i++) {
		guint member = g_array_index(members, guint, i);
		Sized entry = {member, size_of(proxies, member)};
		g_array_append_val(sized, entry);
	}
	g_array_sort(sized, larger_first);
	for (guint i = 0; i < sized->len; i++)
		proxies->proxy[g_array_index(sized, Sized, i).member] = (gint)MIN(i, most - 1);
	proxies->count = MIN(sized->len, most);
}

static double mean_square(const Proxies *proxies, const GArray *members)
{
	double sum = 0, elements = 0;
	for (guint i = 0; i < members->len; i++)
		sum += size_of(proxies, g_array_index(members, guint, i));
	for (guint t = 0; t < collection_tensors(proxies->collection); t++)
		if (collection_is_float(proxies->collection, t))
			elements += (double)collection_tensor(proxies->collection, t)->elements;
	return elements > 0 ? sum / elements : 0;
}

static void add_base(Proxies *proxies)
{
	proxies->base = (gint)proxies->count++;
	proxies->proxy[0] = proxies->base;
	for (guint t = 0; t < collection_tensors(proxies->collection); t++)
		coefficients_on(proxies, t)[0] = 1;
}

Proxies *proxies_new(const Collection *collection, const Gram *gram, const Node *edit)
{
	Proxies *proxies = g_new0(Proxies, 1);
	gboolean of_weights = is_of_weights(edit);
	g_autoptr(GArray) members = expression_members(edit);
	proxies->collection = collection;
	proxies->gram = gram;
	proxies->vectors = collection_members(collection);
	proxies->coefficients = closed_inputs(collection, edit);
	proxies->base = -1;
	proxies->proxy = g_new(gint, proxies->vectors);
	for (guint v = 0; v < proxies->vectors; v++)
		proxies->proxy[v] = -1;
	add_tasks(proxies, members, PROXIES_MOST - (of_weights ? 1 : 0));
	proxies->mean_square = mean_square(proxies, members);
	if (of_weights)
		add_base(proxies);
	return proxies;
}

void proxies_free(Proxies *proxies)
{
	if (!proxies)
		return;
	g_free(proxies->proxy);
	g_free(proxies->coefficients);
	g_free(proxies);
}

void proxies_values(
	const Proxies *proxies, const PrepareSample *sample, guint tensor, guint64 n, double *z)
{
	const double *c = coefficients_on(proxies, tensor);
	memset(z, 0, proxies->count * n * sizeof *z);
	for (guint v = 0; v < proxies->vectors; v++) {
		const double *value = v ? sample->task[v][tensor] : sample->base[tensor];
		if (proxies->proxy[v] < 0 || c[v] == 0 || !value)
			continue;
		double *out = z + (gsize)proxies->proxy[v] * n;
		for (guint64 i = 0; i < n; i++)
			out[i] += c[v] * value[i];
	}
}

void proxies_sizes(const Proxies *proxies, const double *z, guint64 n, double *size)
{
	memset(size, 0, n * sizeof *size);
	for (guint k = 0; k < proxies->count; k++)
		for (guint64 i = 0; (gint)k != proxies->base && i < n; i++)
			size[i] += z[k * n + i] * z[k * n + i];
}

double proxies_largest(const Proxies *proxies, const PreviewSample *sample, guint tensor)
{
	double sum[PROXIES_MOST] = {0}, largest = 0;
	for (guint v = 1; v < proxies->vectors; v++)
		if (proxies->proxy[v] >= 0)
			sum[proxies->proxy[v]] += fabs(coefficients_on(proxies, tensor)[v]) *
						  preview_sample_largest(sample, v, tensor);
	for (guint k = 0; k < proxies->count; k++)
		largest = fmax(largest, sum[k] * sum[k]);
	return largest;
}

/* G times the coefficients of one proxy. */
static void multiply(const Proxies *proxies, guint tensor, gint proxy, double *c, double *out)
{
	memset(out, 0, proxies->vectors * sizeof *out);
	for (guint v = 0; v < proxies->vectors; v++)
		c[v] = proxies->proxy[v] == proxy ? coefficients_on(proxies, tensor)[v] : 0;
	gram_linear(proxies->gram, tensor, c, out);
}

static double pair_of(const Proxies *proxies, guint tensor, guint proxy, const double *products)
{
	double sum = 0;
	for (guint v = 0; v < proxies->vectors; v++)
		if (proxies->proxy[v] == (gint)proxy && coefficients_on(proxies, tensor)[v] != 0)
			sum += coefficients_on(proxies, tensor)[v] * products[v];
	return sum;
}

gboolean proxies_products(const Proxies *proxies, guint tensor, const guint *task, guint tasks,
	double *pairs, double *products)
{
	g_autofree double *c = g_new(double, proxies->vectors);
	g_autofree double *of = g_new(double, proxies->vectors);
	gboolean known = TRUE;
	for (guint k = 0; k < proxies->count; k++) {
		multiply(proxies, tensor, (gint)k, c, of);
		for (guint i = 0; i <= k; i++) {
			pairs[gram_packed(k, i)] = pair_of(proxies, tensor, i, of);
			known = known && isfinite(pairs[gram_packed(k, i)]);
		}
		for (guint j = 0; j < tasks; j++) {
			products[k * tasks + j] = of[task[j]];
			known = known && isfinite(of[task[j]]);
		}
	}
	return known;
}
