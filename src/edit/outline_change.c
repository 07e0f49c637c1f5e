/* outline_change.c - changes of a row: text is put in its place, from within outwards.
 *
 * A row's text replaces the old one in the call or bracket around it, whose text then replaces its
 * own, up to the term; what comes of it must parse. */
#include "edit/outline_private.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

/* Columns of a text that was put together say nothing to who sees its rows. */
static void drop_column(GError *error)
{
	const char *sentence = strstr(error->message, ": ");
	if (!sentence || !g_str_has_prefix(error->message, "column "))
		return;
	char *message = g_strdup(sentence + 2);
	g_free(error->message);
	error->message = message;
}

char *outline_canonical(const Outline *outline, const char *text, GError **error)
{
	g_autoptr(GError) wrong = NULL;
	g_autoptr(Node) node = expression_parse(outline->collection, text, &wrong);
	if (wrong) {
		drop_column(wrong);
		g_propagate_error(error, g_steal_pointer(&wrong));
	}
	return node ? expression_print_value(outline->collection, node) : NULL;
}

/* A factor or a divisor has no place in a term, so it goes into the body. */
static char *term_body(const Outline *outline, const OutlinePart *part, GError **error)
{
	g_auto(OutlinePart) inner = outline_part_copy(part);
	inner.coefficient = 1;
	g_clear_pointer(&inner.scope, g_free);
	g_autofree char *text = outline_part_text(&inner);
	return outline_canonical(outline, text, error);
}

static gboolean can_scope(const Outline *outline, const OutlinePart *part, GError **error)
{
	g_autofree char *text = outline_part_text(part);
	g_autofree char *canonical = outline_canonical(outline, text, error);
	return canonical != NULL;
}

/* A term that has lost its meaning, for a task is gone, can still be weighted. */
static Composition *put_term(
	const Outline *outline, guint row, const OutlinePart *part, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	gboolean same = g_str_equal(part->body, of->part.body) && !part->factor && !part->divisor &&
			g_strcmp0(part->scope, of->part.scope) == 0;
	g_autofree char *body = same ? g_strdup(part->body) : term_body(outline, part, error);
	if (!body || (!same && !can_scope(outline, part, error)))
		return NULL;
	Composition *next = composition_copy(outline->composition);
	Term *term = &g_array_index(next->terms, Term, (guint)of->term);
	term->coefficient = part->coefficient;
	g_free(term->body);
	term->body = g_steal_pointer(&body);
	g_free(term->scope);
	term->scope = g_strdup(part->scope);
	return next;
}

guint outline_place(const Outline *outline, guint row)
{
	int parent = outline_row(outline, row)->parent;
	guint place = 0;
	for (guint i = 0; i < row; i++) {
		const OutlineRow *other = outline_row(outline, i);
		place += other->parent == parent && other->kind == OUTLINE_INPUT;
	}
	return place;
}

GPtrArray *outline_inputs(const Outline *outline, guint row)
{
	GPtrArray *inputs = g_ptr_array_new_with_free_func(g_free);
	for (guint i = row + 1; i < outline->rows->len; i++) {
		const OutlineRow *inner = outline_row(outline, i);
		if (inner->parent == (int)row && inner->kind == OUTLINE_INPUT)
			g_ptr_array_add(inputs, outline_part_text(&inner->part));
	}
	return inputs;
}

static char *argument_text(const OutlineRow *row)
{
	const char *quote = row->parameter->type == PARAMETER_TEXT ? "\"" : "";
	return g_strconcat(row->name, "=", quote, row->value, quote, NULL);
}

GPtrArray *outline_arguments(const Outline *outline, guint row, int without)
{
	GPtrArray *arguments = g_ptr_array_new_with_free_func(g_free);
	for (guint i = row + 1; i < outline->rows->len; i++) {
		const OutlineRow *inner = outline_row(outline, i);
		if (inner->parent == (int)row && inner->kind == OUTLINE_PARAMETER && inner->given &&
			(int)i != without)
			g_ptr_array_add(arguments, argument_text(inner));
	}
	return arguments;
}

static void append_summand(GString *text, const char *summand)
{
	gboolean negative = *summand == '-';
	if (text->len > 1)
		g_string_append(text, negative ? " - " : " + ");
	else if (negative)
		g_string_append_c(text, '-');
	g_string_append(text, summand + negative);
}

char *outline_body(const Method *method, const GPtrArray *inputs, const GPtrArray *arguments)
{
	GString *text = g_string_new(method ? method->name : NULL);
	g_string_append_c(text, '(');
	for (guint i = 0; i < inputs->len; i++) {
		if (!method)
			append_summand(text, inputs->pdata[i]);
		else
			g_string_append_printf(
				text, "%s%s", i ? ", " : "", (const char *)inputs->pdata[i]);
	}
	for (guint i = 0; arguments && i < arguments->len; i++)
		g_string_append_printf(text, "%s%s", inputs->len + i ? ", " : "",
			(const char *)arguments->pdata[i]);
	g_string_append_c(text, ')');
	return g_string_free(text, FALSE);
}

Composition *outline_put_body(const Outline *outline, guint row, const char *body, GError **error)
{
	g_auto(OutlinePart) part = outline_part_copy(&outline_row(outline, row)->part);
	g_free(part.body);
	part.body = g_strdup(body);
	return outline_put(outline, row, &part, error);
}

static void set_text(GPtrArray *texts, guint place, char *text)
{
	g_free(texts->pdata[place]);
	texts->pdata[place] = text;
}

Composition *outline_put(const Outline *outline, guint row, const OutlinePart *part, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind == OUTLINE_TERM)
		return put_term(outline, row, part, error);
	guint around = (guint)of->parent;
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, around);
	g_autoptr(GPtrArray) arguments = outline_arguments(outline, around, -1);
	set_text(inputs, outline_place(outline, row), outline_part_text(part));
	g_autofree char *body =
		outline_body(outline_row(outline, around)->method, inputs, arguments);
	return outline_put_body(outline, around, body, error);
}

/* Gives a parameter, or with NULL takes back what was given. */
static Composition *put_argument(
	const Outline *outline, guint row, const char *value, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	guint call = (guint)of->parent;
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, call);
	g_autoptr(GPtrArray) arguments = outline_arguments(outline, call, (int)row);
	if (value)
		g_ptr_array_add(arguments, g_strconcat(of->name, "=", value, NULL));
	g_autofree char *body = outline_body(of->method, inputs, arguments);
	return outline_put_body(outline, call, body, error);
}

static Composition *refuse(GError **error, const char *sentence)
{
	fail(error, ERROR_USAGE, "%s", sentence);
	return NULL;
}

static gboolean check_range(const OutlineRow *row, double number, GError **error)
{
	if (!parameter_holds(row->parameter, number)) {
		g_autofree char *range = parameter_range(row->parameter);
		return fail(error, ERROR_USAGE, "%s of %s takes %s", row->name, row->method->name,
			range);
	}
	return TRUE;
}

Composition *outline_set_number(const Outline *outline, guint row, double number, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (!isfinite(number) || fabs(number) > EXPRESSION_COEFFICIENT_MOST)
		return refuse(error, "a coefficient is a number of at most 1e100");
	if (of->kind == OUTLINE_SCALE) {
		Composition *next = composition_copy(outline->composition);
		next->scale = number;
		return next;
	}
	if (of->kind == OUTLINE_TERM || of->kind == OUTLINE_INPUT) {
		g_auto(OutlinePart) part = outline_part_copy(&of->part);
		part.coefficient = number;
		return outline_put(outline, row, &part, error);
	}
	if (of->kind != OUTLINE_PARAMETER || of->parameter->type > PARAMETER_COUNT)
		return refuse(error, "a number needs a row that has one");
	g_autofree char *text = expression_number(number);
	return check_range(of, number, error) ? put_argument(outline, row, text, error) : NULL;
}

/* Whether a text by itself is a number of the language; the columns of errors are its own. */
static gboolean check_coefficient(const Outline *outline, const char *text, GError **error)
{
	g_autofree char *product = g_strdup_printf("(%s)*base", text);
	g_autofree char *shown = g_strdup_printf("%s*base", text);
	g_autoptr(Node) node = expression_parse(outline->collection, product, NULL);
	g_autoptr(Node) again = node ? NULL : expression_parse(outline->collection, shown, error);
	return node || again;
}

static Composition *type_factor(const Outline *outline, guint row, const char *text, GError **error)
{
	g_auto(OutlinePart) part = outline_part_copy(&outline_row(outline, row)->part);
	g_free(part.factor);
	part.coefficient = 1;
	part.factor = g_strdup_printf("(%s)", text);
	return outline_put(outline, row, &part, error);
}

static Composition *type_argument(
	const Outline *outline, guint row, const char *text, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	gboolean number = of->parameter->type <= PARAMETER_COUNT;
	gboolean bare = of->parameter->type == PARAMETER_TEXT && *text && *text != '"';
	g_autofree char *value = bare ? g_strdup_printf("\"%s\"", text) : g_strdup(text);
	if (number && *text && !check_coefficient(outline, text, error))
		return NULL;
	return put_argument(outline, row, *text ? value : NULL, error);
}

static gboolean is_number(const char *text, double *number)
{
	char *end;
	*number = g_ascii_strtod(text, &end);
	return *text && !*end && isfinite(*number);
}

Composition *outline_type(const Outline *outline, guint row, const char *text, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	g_autofree char *typed = g_strstrip(g_strdup(text));
	gboolean words = of->kind == OUTLINE_PARAMETER && of->parameter->type > PARAMETER_COUNT;
	double number;
	if (!words && is_number(typed, &number))
		return outline_set_number(outline, row, number, error);
	if (of->kind == OUTLINE_PARAMETER)
		return type_argument(outline, row, typed, error);
	if (of->kind == OUTLINE_TERM || of->kind == OUTLINE_INPUT)
		return type_factor(outline, row, typed, error);
	return refuse(error, "the scale of the whole is a number");
}

Composition *outline_choose(const Outline *outline, guint row, int by, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind != OUTLINE_PARAMETER || of->parameter->type != PARAMETER_CHOICE)
		return refuse(error, "this row is no choice between words");
	g_auto(GStrv) words = g_strsplit(of->parameter->choices, " ", -1);
	int count = (int)g_strv_length(words);
	int now = parameter_choice(of->parameter, of->value);
	return put_argument(outline, row, words[(now + by % count + count) % count], error);
}

Composition *outline_set_scope(
	const Outline *outline, guint row, const char *pattern, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind != OUTLINE_TERM && of->kind != OUTLINE_INPUT)
		return refuse(error, "only a term or an input has layers");
	g_auto(OutlinePart) part = outline_part_copy(&of->part);
	g_free(part.scope);
	part.scope = g_strdup(pattern);
	return outline_put(outline, row, &part, error);
}
