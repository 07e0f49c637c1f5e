/* prepared.c - the calls of an edit: what each is about, and what is known of it. */
#include "method/prepared.h"

#include "core/error.h"
#include "edit/node.h"
#include "method/steps.h"

#include <math.h>

static void domain_clear(Domain *domain)
{
	for (guint i = 0; domain->searches && i < domain->step_cuts; i++)
		cut_search_free(domain->searches[i]);
	g_free(domain->searches);
	g_free(domain->sums);
	g_free(domain->figures);
	g_free(domain->cuts);
}

static void call_clear(Call *call)
{
	if (call->context && call->method->close)
		call->method->close(call->context);
	if (call->domains)
		g_array_unref(call->domains);
	g_free(call->domain_of);
	g_free(call->offset);
}

void prepared_free(Prepared *prepared)
{
	if (!prepared)
		return;
	for (guint i = 0; i < prepared->nodes->len; i++)
		call_clear(&prepared->calls[i]);
	g_free(prepared->calls);
	g_free(prepared->in_part);
	latch_free(prepared->failure);
	g_ptr_array_unref(prepared->nodes);
	g_free(prepared);
}

const Call *prepared_call(const Prepared *prepared, const Node *node)
{
	return &prepared->calls[node->call];
}

Domain *call_domain(const Call *call, guint tensor)
{
	guint domain = call->domain_of[tensor];
	return domain == NO_DOMAIN ? NULL : &g_array_index(call->domains, Domain, domain);
}

guint call_inputs(const Call *call)
{
	return call->node->children->len;
}

guint call_cuts_most(guint inputs)
{
	return 4 * inputs + 8;
}

gsize call_site_numbers(const Call *call)
{
	return call_inputs(call) + method_parameters(call->method);
}

static void fill_weights(const Call *call, guint tensor, double *weight)
{
	for (guint i = 0; i < call_inputs(call); i++)
		weight[i] = call->method->weighted ? method_weight(call->node, i, tensor) : 1;
}

MethodSite call_site(
	const Prepared *prepared, const Call *call, guint tensor, guint64 elements, double *memory)
{
	double *parameter = memory + call_inputs(call);
	fill_weights(call, tensor, memory);
	for (guint i = 0; i < method_parameters(call->method); i++)
		parameter[i] = method_value(call->node, i, tensor);
	return (MethodSite){.collection = prepared->collection,
		.call = call->node,
		.tensor = tensor,
		.inputs = call_inputs(call),
		.weight = memory,
		.parameter = parameter,
		.elements = elements};
}

MethodSite call_domain_site(
	const Prepared *prepared, const Call *call, const Domain *domain, double *memory)
{
	return call_site(prepared, call, domain->first, domain->elements, memory);
}

/* An index of the whole domain becomes one of the tensor: where the cut lies in an earlier one, no
 * number equal to its key is above; in a later one, all are. */
static Cut tensor_cut(Cut cut, guint64 offset)
{
	if (!isfinite(cut.key))
		return cut;
	if (cut.index < offset)
		return (Cut){nextafter(cut.key, INFINITY), G_MAXUINT64};
	return (Cut){cut.key, cut.index - offset};
}

void call_tensor_cuts(const Call *call, const Domain *domain, guint tensor, Cut *cuts)
{
	for (guint i = 0; i < domain->cut_count; i++)
		cuts[i] = tensor_cut(domain->cuts[i], call->offset[tensor]);
}

gboolean call_is_partial(const Call *call, guint tensor)
{
	return call->method->mix && !(call->in_part && call->in_part[tensor]) &&
	       method_by(call->node) >= BY_FILTER;
}

static guint64 method_unit(const Prepared *prepared, const Call *call, guint tensor)
{
	const Tensor *of = collection_tensor(prepared->collection, tensor);
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	MethodSite site = call_site(prepared, call, tensor, of->elements, memory);
	return call->method->unit(&site);
}

guint64 call_unit(const Prepared *prepared, const Call *call, guint tensor)
{
	const Tensor *of = collection_tensor(prepared->collection, tensor);
	MethodBy by = call_is_partial(call, tensor) ? method_by(call->node) : BY_TENSOR;
	guint64 unit = by == BY_ROW ? tensor_row(of) : by == BY_FILTER ? tensor_filter(of) : 1;
	if (call->method->unit)
		unit = method_unit(prepared, call, tensor);
	return MAX(unit, 1);
}

/* Which layer a tensor is in, as the number of the first tensor of that layer. */
static guint layer_head(const Collection *collection, guint tensor)
{
	for (guint i = 0; i < tensor; i++)
		if (g_str_equal(collection->layer[i], collection->layer[tensor]))
			return i;
	return tensor;
}

/* A number that all tensors of one domain share. */
static guint domain_key(const Collection *collection, MethodBy by, guint tensor)
{
	if (by == BY_MODEL)
		return 0;
	return by == BY_LAYER ? layer_head(collection, tensor) : tensor;
}

static void add_to_domain(Call *call, GHashTable *known, guint key, guint tensor, guint64 elements)
{
	gpointer found;
	if (!g_hash_table_lookup_extended(known, GUINT_TO_POINTER(key), NULL, &found)) {
		Domain domain = {.first = tensor};
		found = GUINT_TO_POINTER(call->domains->len);
		g_hash_table_insert(known, GUINT_TO_POINTER(key), found);
		g_array_append_val(call->domains, domain);
	}
	call->domain_of[tensor] = GPOINTER_TO_UINT(found);
	Domain *domain = call_domain(call, tensor);
	call->offset[tensor] = domain->elements;
	domain->elements += elements;
}

/* The tensors that a call is about: those wanted of it, or where tensors share their figures, all
 * on which it acts. */
static void find_domains(Prepared *prepared, Call *call, const guint8 *wanted)
{
	const Collection *collection = prepared->collection;
	MethodBy by = method_by(call->node);
	gboolean shared = by == BY_MODEL || by == BY_LAYER;
	g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);
	for (guint i = 0; i < collection_tensors(collection); i++) {
		call->domain_of[i] = NO_DOMAIN;
		if ((shared || wanted[i]) && collection_is_float(collection, i) &&
			collection_tensor(collection, i)->elements > 0 &&
			expression_acts(collection, call->node, i))
			add_to_domain(call, known, domain_key(collection, by, i), i,
				collection_tensor(collection, i)->elements);
	}
}

static gboolean open_call(
	Prepared *prepared, const Node *node, const guint8 *wanted, GError **error)
{
	guint tensors = collection_tensors(prepared->collection);
	Call *call = &prepared->calls[node->call];
	call->node = node;
	call->method = node->method;
	call->domains = g_array_new(FALSE, TRUE, sizeof(Domain));
	g_array_set_clear_func(call->domains, (GDestroyNotify)domain_clear);
	call->domain_of = g_new0(guint, tensors + 1);
	call->offset = g_new0(guint64, tensors + 1);
	find_domains(prepared, call, wanted);
	if (!call->method->open)
		return TRUE;
	g_autoptr(GError) problem = NULL;
	call->context = call->method->open(prepared->collection, node, &problem);
	if (!problem)
		return TRUE;
	g_propagate_error(error, g_steal_pointer(&problem));
	return FALSE;
}

static gboolean open_calls(
	Prepared *prepared, const Node *node, const guint8 *wanted, GError **error);

/* What is wanted of the inputs of a node. */
static guint8 *narrowed(const Prepared *prepared, const Node *node, const guint8 *wanted)
{
	guint tensors = collection_tensors(prepared->collection);
	guint8 *inner = g_memdup2(wanted, tensors + 1);
	for (guint i = 0; i < tensors; i++) {
		if (node->kind == NODE_SCOPE)
			inner[i] = wanted[i] && node->chosen[i];
		if (node->kind == NODE_CALL)
			inner[i] = prepared_call(prepared, node)->domain_of[i] != NO_DOMAIN;
	}
	return inner;
}

static gboolean open_calls(
	Prepared *prepared, const Node *node, const guint8 *wanted, GError **error)
{
	if (node->kind == NODE_CALL && !open_call(prepared, node, wanted, error))
		return FALSE;
	g_autofree guint8 *inner = narrowed(prepared, node, wanted);
	for (guint i = 0; i < node->children->len; i++)
		if (node_child(node, i)->is_vector &&
			!open_calls(prepared, node_child(node, i), inner, error))
			return FALSE;
	return TRUE;
}

/* Whether the rows and columns of a tensor are few and short enough to be held. */
static gboolean check_shape(
	const Prepared *prepared, const Call *call, guint tensor, GError **error)
{
	const Tensor *of = collection_tensor(prepared->collection, tensor);
	Place place = {.tensor = of->name, .remedy = "leave that tensor out with a scope"};
	guint64 unit = call_unit(prepared, call, tensor), columns = tensor_columns(of);
	if (unit > UNIT_MOST)
		return fail_at(error, ERROR_INPUT, place,
			"%s looks at its rows whole, of %" G_GUINT64_FORMAT
			" elements, and %u are the most",
			call->method->name, unit, UNIT_MOST);
	return !call_is_partial(call, tensor) || method_by(call->node) != BY_COLUMN ||
	       columns <= COLUMNS_MOST ||
	       fail_at(error, ERROR_INPUT, place,
		       "%s looks at each of its %" G_GUINT64_FORMAT " columns, and %u are the most",
		       call->method->name, columns, COLUMNS_MOST);
}

/* A mix that wants no products can be asked at once. */
static gboolean check_mix(const Prepared *prepared, const Call *call, guint tensor, GError **error)
{
	if (!call->method->mix || call->method->wants_products)
		return TRUE;
	g_autofree double *memory = g_new(double, call_site_numbers(call) + 1);
	g_autofree double *factor = g_new(double, call_inputs(call) + 1);
	MethodSite site = call_site(prepared, call, tensor,
		collection_tensor(prepared->collection, tensor)->elements, memory);
	return mix_factors(call, &site, NULL, factor, error);
}

static gboolean check_calls(const Prepared *prepared, GError **error)
{
	for (guint i = 0; i < prepared->nodes->len; i++)
		for (guint t = 0; t < collection_tensors(prepared->collection); t++) {
			const Call *call = &prepared->calls[i];
			if (call->domain_of[t] != NO_DOMAIN &&
				(!check_shape(prepared, call, t, error) ||
					!check_mix(prepared, call, t, error)))
				return FALSE;
		}
	return TRUE;
}

Prepared *prepared_new(const Collection *collection, const Node *edit, GError **error)
{
	guint tensors = collection_tensors(collection);
	g_autoptr(Prepared) prepared = g_new0(Prepared, 1);
	prepared->collection = collection;
	prepared->edit = edit;
	prepared->failure = latch_new();
	prepared->nodes = expression_calls(edit);
	prepared->calls = g_new0(Call, prepared->nodes->len + 1);
	if (!prepared->nodes->len)
		return g_steal_pointer(&prepared);
	g_autofree guint8 *wanted = g_malloc(tensors + 1);
	for (guint i = 0; i < tensors; i++)
		wanted[i] = collection_is_float(collection, i) != FALSE;
	if (!open_calls(prepared, edit, wanted, error) || !check_calls(prepared, error))
		return NULL;
	return g_steal_pointer(&prepared);
}
