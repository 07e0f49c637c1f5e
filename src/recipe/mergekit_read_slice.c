/* mergekit_read_slice.c - what a method makes of the models of a slice, as an expression.
 *
 * Where the base of a recipe is not that of the store, changes are measured from it by subtraction,
 * and it is added at the end: x + ties(a - x, b - x). */
#include "recipe/mergekit_private.h"

#include <math.h>

/* What the parts of a call are made from. */
typedef struct {
	const MergeReader *reader;
	const MergeConfig *config;
	const MergeSlice *slice;
	const MergekitMethod *method;
	guint origin;      /* the member that changes are measured from; 0: the store's base */
	GPtrArray *inputs; /* of MergeSource, borrowed */
	GError **error;
} Call;

static gboolean has_origin(const Call *call)
{
	BaseRole base = call->method->base;
	return base == BASE_ORIGIN || (base == BASE_OPTIONAL && call->slice->base >= 0);
}

static gboolean is_input(const Call *call, const MergeSource *source)
{
	gboolean apart = has_origin(call) || call->method->base == BASE_START;
	return !apart || (gint)source->member != call->slice->base;
}

/* mergekit takes the base out of the models, where it is one of them. */
static gboolean collect_inputs(Call *call)
{
	const MergekitMethod *method = call->method;
	const MergeSlice *slice = call->slice;
	gboolean wants_base = method->base == BASE_ORIGIN || method->base == BASE_START;
	if (wants_base && slice->base < 0)
		return mergekit_fail(call->reader, call->config->method_line,
			"write base_model: PATH", call->error, "%s needs a base_model",
			method->name);
	call->origin = has_origin(call) ? (guint)slice->base : 0;
	for (guint i = 0; i < slice->sources->len; i++)
		if (is_input(call, slice->sources->pdata[i]))
			g_ptr_array_add(call->inputs, slice->sources->pdata[i]);
	if (call->inputs->len >= method->least && call->inputs->len <= method->most)
		return TRUE;
	return mergekit_fail(call->reader, slice->line, NULL, call->error,
		"%s takes %s%u model%s%s, and here are %u", method->name,
		method->most > method->least ? "at least " : "", method->least,
		method->least == 1 ? "" : "s", method->base == BASE_MODEL ? "" : " beside the base",
		call->inputs->len);
}

static char *member_name(const Call *call, guint member)
{
	return expression_name(collection_member(call->reader->collection, member)->name);
}

/* A model's change from the origin; `tight`: in brackets where a product needs them. */
static char *body_text(const Call *call, guint member, gboolean tight)
{
	g_autofree char *name = member_name(call, member);
	if (call->origin == 0)
		return g_steal_pointer(&name);
	g_autofree char *origin = member_name(call, call->origin);
	return g_strdup_printf(tight ? "(%s - %s)" : "%s - %s", name, origin);
}

static GArray *cases_of(
	const Call *call, const MergeSource *source, const MergekitParameter *parameter)
{
	return merge_cases(
		call->config, call->slice, parameter->of_model ? source : NULL, parameter->name);
}

/* Fails where a number lies outside of what our method takes. */
static gboolean check_range(
	const Call *call, const MergekitParameter *parameter, const GArray *cases)
{
	const Parameter *ours = mergekit_our_parameter(call->method, parameter);
	gboolean complement = parameter->role == ROLE_COMPLEMENT;
	for (guint i = 0; ours && i < cases->len; i++) {
		const Case *one = &g_array_index(cases, Case, i);
		for (guint k = 0; k < one->anchors; k++) {
			double value = one->anchor[k];
			if (parameter_holds(ours, complement ? 1 - value : value))
				continue;
			g_autofree char *range = parameter_range(ours);
			return mergekit_fail(call->reader, one->line, NULL, call->error,
				"%s is %g: %s takes %s of %s%s", parameter->name, value,
				call->method->ours, range, ours->name,
				complement ? ", which is 1 minus it" : "");
		}
	}
	return TRUE;
}

/* Fails where a tensor of the slice has no value, as mergekit does. */
static gboolean check_present(const Call *call, const MergeSource *source,
	const MergekitParameter *parameter, const GArray *cases)
{
	const Collection *collection = call->reader->collection;
	for (guint i = 0; isnan(parameter->otherwise) && i < collection_tensors(collection); i++) {
		if (!slice_has(call->reader, call->slice, i) ||
			case_of(call->reader, cases, i) >= 0)
			continue;
		guint line = source ? source->line : call->config->method_line;
		return mergekit_fail(call->reader, line,
			"give it under parameters, of the model or of the whole", call->error,
			"%s needs a %s%s%s, and %s has none", call->method->name, parameter->name,
			source ? " for " : "",
			source ? collection_member(collection, source->member)->name : "",
			collection_tensor(collection, i)->name);
	}
	return TRUE;
}

/* A parameter as a coefficient; `source` NULL: of the whole. */
static char *coefficient(
	const Call *call, const MergeSource *source, const MergekitParameter *parameter)
{
	g_autoptr(GArray) cases = cases_of(call, source, parameter);
	if (!check_present(call, parameter->of_model ? source : NULL, parameter, cases) ||
		!check_range(call, parameter, cases))
		return NULL;
	return merge_coefficient(call->reader, call->slice, cases, parameter->otherwise,
		parameter->role == ROLE_COMPLEMENT);
}

static gboolean read_flag(const Call *call, const char *name, gboolean *flag)
{
	const MergekitParameter *parameter = mergekit_parameter(call->method, name);
	g_autoptr(GArray) cases = cases_of(call, NULL, parameter);
	guint tensors = collection_tensors(call->reader->collection);
	gint known = -1;
	for (guint i = 0; i < tensors; i++) {
		if (!slice_has(call->reader, call->slice, i))
			continue;
		gint yes =
			merge_value(call->reader, call->slice, cases, i, parameter->otherwise) != 0;
		if (known >= 0 && yes != known)
			return mergekit_fail(call->reader, g_array_index(cases, Case, 0).line,
				"make slices of it", call->error,
				"%s is yes on some tensors and no on others, which %s cannot be",
				name, call->method->name);
		known = yes;
	}
	*flag = known < 0 ? parameter->otherwise != 0 : known;
	return TRUE;
}

static gboolean append_flag(const Call *call, const MergekitParameter *parameter, GString *text)
{
	gboolean yes;
	if (!read_flag(call, parameter->name, &yes))
		return FALSE;
	g_string_append_printf(text, ", %s=%s", parameter->ours, yes ? "yes" : "no");
	return TRUE;
}

static gboolean append_along_row(
	const Call *call, const MergekitParameter *parameter, GString *text)
{
	gboolean yes;
	if (!read_flag(call, parameter->name, &yes))
		return FALSE;
	g_string_append_printf(text, ", %s=%s", parameter->ours, yes ? "row" : "tensor");
	return TRUE;
}

/* nuslerp's two flags are one choice: row_wise goes across the rows, and counts only unflattened.
 */
static gboolean append_flatten(const Call *call, const MergekitParameter *parameter, GString *text)
{
	gboolean flatten, across;
	if (!read_flag(call, parameter->name, &flatten) ||
		!read_flag(call, "nuslerp_row_wise", &across))
		return FALSE;
	g_string_append_printf(text, ", %s=%s", parameter->ours,
		flatten  ? "tensor"
		: across ? "column"
			 : "row");
	return TRUE;
}

static gboolean check_never(const Call *call, const MergekitParameter *parameter)
{
	gboolean yes;
	if (!read_flag(call, parameter->name, &yes))
		return FALSE;
	return !yes || mergekit_fail(call->reader, call->config->method_line, "leave it out",
			       call->error, "%s: yes, of %s, has no counterpart here",
			       parameter->name, call->method->name);
}

static gboolean append_number(const Call *call, const MergeSource *source,
	const MergekitParameter *parameter, GString *text)
{
	g_autofree char *value = coefficient(call, source, parameter);
	if (value)
		g_string_append_printf(text, ", %s=%s", parameter->ours, value);
	return value != NULL;
}

static gboolean is_number(const MergekitParameter *parameter)
{
	return parameter->role == ROLE_NUMBER || parameter->role == ROLE_COMPLEMENT;
}

/* Whether the numbers that a model may have of its own are the same for all of them. */
static gboolean numbers_are_common(const Call *call)
{
	for (const MergekitParameter *row = call->method->parameters; row->name; row++)
		for (guint i = 1; row->of_model && is_number(row) && i < call->inputs->len; i++) {
			g_autoptr(GArray) own = cases_of(call, call->inputs->pdata[i], row);
			g_autoptr(GArray) first = cases_of(call, call->inputs->pdata[0], row);
			g_autofree char *a = merge_coefficient(
				call->reader, call->slice, own, row->otherwise, FALSE);
			g_autofree char *b = merge_coefficient(
				call->reader, call->slice, first, row->otherwise, FALSE);
			if (!g_str_equal(a, b))
				return FALSE;
		}
	return TRUE;
}

static gboolean append_parameter(
	const Call *call, const MergekitParameter *row, gboolean common, GString *text)
{
	const MergeSource *first = call->inputs->pdata[0];
	switch (row->role) {
	case ROLE_NUMBER:
	case ROLE_COMPLEMENT:
		return (row->of_model && !common) || append_number(call, first, row, text);
	case ROLE_FLAG:
		return !row->ours || append_flag(call, row, text);
	case ROLE_ALONG_ROW:
		return append_along_row(call, row, text);
	case ROLE_FLATTEN:
		return append_flatten(call, row, text);
	case ROLE_NEVER:
		return check_never(call, row);
	case ROLE_WEIGHT:
	case ROLE_LAMBDA:
	case ROLE_ACROSS:
	case ROLE_NONE:
		break;
	}
	return TRUE;
}

/* What follows the inputs of the call. */
static char *parameters_text(const Call *call, gboolean common)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (const MergekitParameter *row = call->method->parameters; row->name; row++)
		if (!append_parameter(call, row, common, text))
			return NULL;
	if (!common)
		g_string_append_printf(text, ", %s", call->method->neutral);
	if (call->method->base == BASE_OPTIONAL)
		g_string_append(text, has_origin(call) ? ", of=changes" : ", of=weights");
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Whether a model is taken as it is: its density is 1. */
static gboolean is_untouched(const Call *call, const MergeSource *source)
{
	const MergekitParameter *density = mergekit_parameter(call->method, "density");
	g_autoptr(GArray) cases = cases_of(call, source, density);
	g_autofree char *value = merge_coefficient(call->reader, call->slice, cases,
		density->otherwise, density->role == ROLE_COMPLEMENT);
	g_autofree char *text = g_strdup_printf("%s=%s", density->ours, value);
	return g_str_equal(text, call->method->neutral);
}

/* An input by itself, with the numbers of its own. */
static char *single_text(const Call *call, const MergeSource *source)
{
	g_autofree char *body = body_text(call, source->member, FALSE);
	g_autoptr(GString) text = g_string_new(NULL);
	g_string_append_printf(text, "%s(%s", call->method->single, body);
	for (const MergekitParameter *row = call->method->parameters; row->name; row++) {
		gboolean rescale = row->role == ROLE_FLAG && g_str_equal(row->ours, "rescale");
		if ((row->of_model && is_number(row) && !append_number(call, source, row, text)) ||
			(rescale && !append_flag(call, row, text)))
			return NULL;
	}
	g_string_append_c(text, ')');
	return g_string_free(g_steal_pointer(&text), FALSE);
}

/* An input with its weight in front. */
static char *input_text(const Call *call, const MergeSource *source, gboolean common)
{
	const MergekitParameter *weight = mergekit_parameter(call->method, "weight");
	g_autofree char *factor = weight ? coefficient(call, source, weight) : g_strdup("1");
	if (!factor)
		return NULL;
	gboolean plain = g_str_equal(factor, "1");
	gboolean bare = common || is_untouched(call, source);
	g_autofree char *body =
		bare ? body_text(call, source->member, !plain) : single_text(call, source);
	if (!body)
		return NULL;
	return plain ? g_steal_pointer(&body) : g_strdup_printf("%s*%s", factor, body);
}

static GPtrArray *input_texts(const Call *call, gboolean common)
{
	g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < call->inputs->len; i++) {
		char *text = input_text(call, call->inputs->pdata[i], common);
		if (!text)
			return NULL;
		g_ptr_array_add(texts, text);
	}
	return g_steal_pointer(&texts);
}

static char *join_inputs(const GPtrArray *texts)
{
	g_autoptr(GString) joined = g_string_new(NULL);
	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(
			joined, "%s%s", i ? ", " : "", (const char *)texts->pdata[i]);
	return g_string_free(g_steal_pointer(&joined), FALSE);
}

/* a - 0.5*b, of a and -0.5*b. */
static char *join_sum(const GPtrArray *texts)
{
	g_autoptr(GString) sum = g_string_new(NULL);
	for (guint i = 0; i < texts->len; i++) {
		const char *text = texts->pdata[i];
		gboolean minus = i > 0 && *text == '-';
		g_string_append_printf(sum, "%s%s",
			i == 0  ? ""
			: minus ? " - "
				: " + ",
			text + minus);
	}
	return g_string_free(g_steal_pointer(&sum), FALSE);
}

/* The sum of the weights where they are numbers; FALSE where one is not. */
static gboolean weight_sum(const Call *call, double *sum)
{
	const MergekitParameter *weight = mergekit_parameter(call->method, "weight");
	*sum = 0;
	for (guint i = 0; i < call->inputs->len; i++) {
		g_autofree char *text = coefficient(call, call->inputs->pdata[i], weight);
		char *end;
		*sum += text ? g_ascii_strtod(text, &end) : 0;
		if (!text || *end)
			return FALSE;
	}
	return TRUE;
}

/* Task arithmetic.  mergekit leaves a sum of weights of almost 0 undivided. */
static char *sum_text(const Call *call)
{
	gboolean normalize;
	double sum;
	g_autoptr(GPtrArray) texts = input_texts(call, TRUE);
	if (!texts || !read_flag(call, "normalize", &normalize))
		return NULL;
	g_autofree char *text = join_sum(texts);
	if (!normalize)
		return g_steal_pointer(&text);
	if (!weight_sum(call, &sum)) {
		g_autofree char *inputs = join_inputs(texts);
		return g_strdup_printf("average(%s)", inputs);
	}
	if (sum == 1 || fabs(sum) < 1e-8)
		return g_steal_pointer(&text);
	g_autofree char *divisor = expression_number(sum);
	return g_strdup_printf("(%s)/(%s)", text, divisor);
}

/* passthrough with a scale of 1 is the model itself. */
static gboolean is_itself(const Call *call)
{
	const MergekitParameter *scale = mergekit_parameter(call->method, "scale");
	if (!scale)
		return FALSE;
	g_autofree char *text = coefficient(call, call->inputs->pdata[0], scale);
	return text && g_str_equal(text, "1");
}

/* slerp goes from the base; where that is the store's, it need not be said. */
static void add_start(const Call *call, GPtrArray *texts)
{
	if (call->method->base == BASE_START && call->slice->base > 0)
		g_ptr_array_insert(texts, 0, member_name(call, (guint)call->slice->base));
}

static char *call_text(const Call *call)
{
	gboolean common = !call->method->single || numbers_are_common(call);
	g_autoptr(GPtrArray) texts = input_texts(call, common);
	g_autofree char *parameters = texts ? parameters_text(call, common) : NULL;
	if (!parameters)
		return NULL;
	add_start(call, texts);
	g_autofree char *inputs = join_inputs(texts);
	if (is_itself(call))
		return g_steal_pointer(&inputs);
	return g_strdup_printf("%s(%s%s)", call->method->ours, inputs, parameters);
}

/* λ of the slice; "1" where the method has none. */
static char *lambda_text(const Call *call)
{
	const MergekitParameter *lambda = mergekit_parameter(call->method, "lambda");
	return lambda ? coefficient(call, NULL, lambda) : g_strdup("1");
}

/* Puts the origin back where it is not the store's base: then λ does not multiply all. */
static char *from_origin(const Call *call, const char *text, char **lambda)
{
	g_autofree char *origin = member_name(call, call->origin);
	g_autofree char *scale = *lambda;
	*lambda = g_strdup("1");
	return g_str_equal(scale, "1") ? g_strdup_printf("%s + %s", origin, text)
				       : g_strdup_printf("%s + %s*(%s)", origin, scale, text);
}

static gboolean check_origin(const Call *call)
{
	if (call->origin == 0 || !g_str_equal(call->method->name, "arcee_fusion"))
		return TRUE;
	return mergekit_fail(call->reader, call->config->method_line,
		"load the recipe's base as the base of a store", call->error,
		"arcee_fusion looks at the weights of its base, which is not that of the store");
}

char *merge_slice_text(const MergeReader *reader, const MergeConfig *config,
	const MergeSlice *slice, char **lambda, GError **error)
{
	g_autoptr(GPtrArray) inputs = g_ptr_array_new();
	Call call = {reader, config, slice, config->method, 0, inputs, error};
	if (!collect_inputs(&call) || !check_origin(&call))
		return NULL;
	if (inputs->len == 0) {
		*lambda = g_strdup("1");
		return member_name(&call, call.origin);
	}
	g_autofree char *text = call.method->ours ? call_text(&call) : sum_text(&call);
	if (!text || !(*lambda = lambda_text(&call)))
		return NULL;
	return call.origin ? from_origin(&call, text, lambda) : g_steal_pointer(&text);
}
