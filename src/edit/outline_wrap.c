/* outline_wrap.c - a method around what is there, and off again. */
#include "edit/outline_private.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* What the example of a method says of a parameter, or NULL. */
static char *example_of(const Method *method, const char *name)
{
	g_autofree char *first = g_strdup_printf("(%s=", name);
	g_autofree char *other = g_strdup_printf(" %s=", name);
	const char *at = method->example ? strstr(method->example, other) : NULL;
	if (!at && method->example)
		at = strstr(method->example, first);
	if (!at)
		return NULL;
	at += strlen(other);
	return g_strndup(at, strcspn(at, ",)"));
}

/* A value to begin with: the example's, else the middle of the range, else its end. */
static char *first_value(const Method *method, const Parameter *parameter)
{
	g_autofree char *example = example_of(method, parameter->name);
	if (example)
		return g_steal_pointer(&example);
	double middle = (parameter->least + parameter->most) / 2;
	if (isfinite(middle))
		return expression_number(
			parameter->type == PARAMETER_COUNT ? round(middle) : middle);
	return expression_number(isfinite(parameter->least) ? parameter->least + 1 : 1);
}

/* The parameters that must be given; of others those that the example gives, where `more`. */
static GPtrArray *first_arguments(const Method *method, gboolean more)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < method_parameters(method); i++) {
		const Parameter *parameter = &method->parameters[i];
		gboolean number = parameter->type <= PARAMETER_COUNT;
		gboolean required = number && !parameter->optional &&
				    isnan(parameter->otherwise[DIALECT_PAPER]);
		g_autofree char *example = example_of(method, parameter->name);
		if (!required && !(more && example && parameter->type != PARAMETER_TEXT))
			continue;
		g_autofree char *value = first_value(method, parameter);
		g_ptr_array_add(arguments, g_strdup_printf("%s=%s", parameter->name, value));
	}
	return arguments;
}

/* A call of these inputs that has a meaning; some methods want one of several parameters. */
static char *first_call(
	const Outline *outline, const Method *method, const GPtrArray *inputs, GError **error)
{
	g_autoptr(GPtrArray) required = first_arguments(method, FALSE);
	g_autoptr(GPtrArray) more = first_arguments(method, TRUE);
	g_autofree char *body = outline_body(method, inputs, required);
	g_autofree char *fuller = outline_body(method, inputs, more);
	char *canonical = outline_canonical(outline, body, NULL);
	return canonical ? canonical : outline_canonical(outline, fuller, error);
}

static const Term *term_at(const Composition *composition, guint term)
{
	return &g_array_index(composition->terms, Term, term);
}

static char *term_text(const Term *term)
{
	OutlinePart part = {term->coefficient, NULL, term->body, term->scope, NULL};
	return outline_part_text(&part);
}

/* The terms that become inputs (of guint): that of the row first, then those that are on, as many
 * as the method takes. */
static GArray *terms_of(const Outline *outline, const OutlineRow *row, const Method *method)
{
	GArray *terms = g_array_new(FALSE, FALSE, sizeof(guint));
	if (row->kind == OUTLINE_TERM) {
		guint own = (guint)row->term;
		g_array_append_val(terms, own);
	}
	for (guint i = 0; i < outline->composition->terms->len; i++)
		if (terms->len < method->most && term_at(outline->composition, i)->on &&
			row->term != (int)i)
			g_array_append_val(terms, i);
	return terms;
}

static gboolean wraps_terms(const OutlineRow *row, const Method *method)
{
	return row->kind == OUTLINE_SCALE || (row->kind == OUTLINE_TERM && method->least > 1);
}

/* What the method goes around: terms (their numbers in `terms`) or the body of the row. */
static GPtrArray *first_inputs(
	const Outline *outline, const OutlineRow *row, const Method *method, const GArray *terms)
{
	GPtrArray *inputs = g_ptr_array_new_with_free_func(g_free);
	if (!wraps_terms(row, method)) {
		g_ptr_array_add(inputs, g_strdup(row->part.body));
		return inputs;
	}
	for (guint i = 0; i < terms->len; i++)
		g_ptr_array_add(inputs,
			term_text(term_at(outline->composition, g_array_index(terms, guint, i))));
	return inputs;
}

gboolean outline_wrap_needs(const Outline *outline, guint row, const Method *method)
{
	const OutlineRow *of = outline_row(outline, row);
	g_autoptr(GArray) terms = terms_of(outline, of, method);
	g_autoptr(GPtrArray) inputs = first_inputs(outline, of, method, terms);
	g_autofree char *alone = first_call(outline, method, inputs, NULL);
	if (inputs->len == 0 || alone)
		return FALSE;
	g_ptr_array_add(inputs, g_strdup(inputs->pdata[0]));
	g_autofree char *with_more = first_call(outline, method, inputs, NULL);
	return with_more != NULL;
}

static gint compare_places(gconstpointer a, gconstpointer b)
{
	guint left = *(const guint *)a, right = *(const guint *)b;
	return left < right ? -1 : left > right;
}

/* One term in the place of several. */
static Composition *replace_terms(const Outline *outline, GArray *terms, const char *body)
{
	Composition *next = composition_copy(outline->composition);
	Term whole = {1, g_strdup(body), NULL, TRUE};
	g_array_sort(terms, compare_places);
	for (guint i = terms->len; i-- > 0;)
		composition_drop(next, g_array_index(terms, guint, i));
	g_array_insert_val(next->terms, g_array_index(terms, guint, 0), whole);
	return next;
}

Composition *outline_wrap(const Outline *outline, guint row, const Method *method,
	const char *further, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	gboolean whole = wraps_terms(of, method);
	if (!whole && of->kind != OUTLINE_TERM && of->kind != OUTLINE_INPUT) {
		fail(error, ERROR_USAGE, "a method goes around a term, an input or the whole");
		return NULL;
	}
	g_autoptr(GArray) terms = terms_of(outline, of, method);
	g_autoptr(GPtrArray) inputs = first_inputs(outline, of, method, terms);
	if (inputs->len == 0) {
		fail(error, ERROR_USAGE, "no term is on");
		return NULL;
	}
	if (further)
		g_ptr_array_add(inputs, g_strdup(further));
	g_autofree char *body = first_call(outline, method, inputs, error);
	if (!body)
		return NULL;
	return whole ? replace_terms(outline, terms, body)
		     : outline_put_body(outline, row, body, error);
}

/* The inputs of a call, each with the coefficient and scope that were the call's. */
static GArray *inputs_within(const Outline *outline, guint call)
{
	GArray *parts = g_array_new(FALSE, FALSE, sizeof(OutlinePart));
	g_array_set_clear_func(parts, (GDestroyNotify)outline_part_clear);
	for (guint i = call + 1; i < outline->rows->len; i++) {
		const OutlineRow *inner = outline_row(outline, i);
		if (inner->parent != (int)call || inner->kind != OUTLINE_INPUT)
			continue;
		OutlinePart part =
			outline_part_within(&outline_row(outline, call)->part, &inner->part);
		g_array_append_val(parts, part);
	}
	return parts;
}

/* A part as a term: what has no place there goes into the body. */
static gboolean add_term(const Outline *outline, Composition *composition, guint place,
	const OutlinePart *part, GError **error)
{
	g_auto(OutlinePart) inner = outline_part_copy(part);
	gboolean plain = !part->factor && !part->divisor;
	inner.coefficient = 1;
	if (plain)
		g_clear_pointer(&inner.scope, g_free);
	g_autofree char *text = outline_part_text(&inner);
	Term term = {part->coefficient, outline_canonical(outline, text, error),
		plain ? g_strdup(part->scope) : NULL, TRUE};
	g_array_insert_val(composition->terms, place, term);
	return term.body != NULL;
}

static Composition *unwrap_term(
	const Outline *outline, const OutlineRow *row, const GArray *parts, GError **error)
{
	g_autoptr(Composition) next = composition_copy(outline->composition);
	guint place = (guint)row->term;
	composition_drop(next, place);
	for (guint i = 0; i < parts->len; i++) {
		if (!add_term(
			    outline, next, place + i, &g_array_index(parts, OutlinePart, i), error))
			return NULL;
		g_array_index(next->terms, Term, place + i).on = row->on;
	}
	return g_steal_pointer(&next);
}

static Composition *unwrap_input(
	const Outline *outline, guint call, const GArray *parts, GError **error)
{
	guint around = (guint)outline_row(outline, call)->parent;
	guint place = outline_place(outline, call);
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, around);
	g_autoptr(GPtrArray) arguments = outline_arguments(outline, around, -1);
	g_ptr_array_remove_index(inputs, place);
	for (guint i = 0; i < parts->len; i++)
		g_ptr_array_insert(inputs, (gint)(place + i),
			outline_part_text(&g_array_index(parts, OutlinePart, i)));
	g_autofree char *body =
		outline_body(outline_row(outline, around)->method, inputs, arguments);
	return outline_put_body(outline, around, body, error);
}

Composition *outline_unwrap(const Outline *outline, guint row, GError **error)
{
	int call = outline_call(outline, row);
	if (call < 0) {
		fail(error, ERROR_USAGE, "there is no method here to take off");
		return NULL;
	}
	g_autoptr(GArray) parts = inputs_within(outline, (guint)call);
	const OutlineRow *of = outline_row(outline, (guint)call);
	return of->kind == OUTLINE_TERM ? unwrap_term(outline, of, parts, error)
					: unwrap_input(outline, (guint)call, parts, error);
}
