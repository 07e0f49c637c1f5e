/* outline.c - the rows of a composition: what there is to move through. */
#include "edit/outline.h"

#include "edit/linear.h"
#include "edit/node.h"

#include <math.h>
#include <string.h>

static void row_free(gpointer data)
{
	OutlineRow *row = data;
	g_free(row->path);
	g_free(row->name);
	g_free(row->value);
	outline_part_clear(&row->part);
	g_free(row);
}

void outline_free(Outline *outline)
{
	if (!outline)
		return;
	composition_free(outline->composition);
	g_ptr_array_unref(outline->rows);
	g_free(outline);
}

const OutlineRow *outline_row(const Outline *outline, guint row)
{
	return outline->rows->pdata[row];
}

int outline_find(const Outline *outline, const char *path)
{
	for (guint i = 0; i < outline->rows->len; i++)
		if (g_str_equal(outline_row(outline, i)->path, path))
			return (int)i;
	return -1;
}

/* A new row within `parent`, -1 for none; takes the path. */
static OutlineRow *add_row(Outline *outline, OutlineKind kind, int parent, char *path)
{
	OutlineRow *row = g_new0(OutlineRow, 1);
	const OutlineRow *around = parent < 0 ? NULL : outline_row(outline, (guint)parent);
	row->kind = kind;
	row->parent = parent;
	row->path = path;
	row->level = around ? around->level + 1 : 0;
	row->term = around ? around->term : -1;
	row->on = around ? around->on : TRUE;
	row->hidden = around && (around->hidden || around->folded);
	row->low = row->high = NAN;
	g_ptr_array_add(outline->rows, row);
	return row;
}

static void set_coefficient(OutlineRow *row, double coefficient)
{
	row->has_number = TRUE;
	row->number = coefficient;
	row->low = OUTLINE_LOW;
	row->high = OUTLINE_HIGH;
}

/* A quoted name without its quotes. */
static char *shown_name(const char *body)
{
	gsize length = strlen(body);
	if (length > 2 && body[0] == '"' && strchr(body + 1, '"') == body + length - 1)
		return g_strndup(body + 1, length - 2);
	return g_strdup(body);
}

/* What stands beside the number. */
static char *part_name(const OutlinePart *part, const Method *method)
{
	g_autofree char *body = method ? g_strdup(method->name) : shown_name(part->body);
	return g_strconcat(part->factor ? part->factor : "", part->factor ? "*" : "", body,
		part->divisor ? "/" : "", part->divisor, NULL);
}

static void set_argument(OutlineRow *row, const Collection *collection, const Argument *argument)
{
	const Parameter *parameter = row->parameter;
	double otherwise = parameter->otherwise[row->dialect];
	row->given = argument->given;
	if (parameter->type == PARAMETER_CHOICE) {
		row->value = parameter_word(parameter, argument->choice);
		return;
	}
	if (parameter->type == PARAMETER_TEXT) {
		row->value = g_strdup(argument->text ? argument->text : "");
		return;
	}
	row->number = otherwise;
	row->has_number = argument->number ? linear_constant(argument->number, &row->number)
					   : isfinite(otherwise);
	row->value = argument->number  ? expression_print_value(collection, argument->number)
		     : row->has_number ? expression_number(otherwise)
				       : g_strdup("");
	if (parameter->type == PARAMETER_NUMBER && isfinite(parameter->least) &&
		isfinite(parameter->most)) {
		row->low = parameter->least;
		row->high = parameter->most;
	}
}

static void add_parameters(Outline *outline, int parent, const Node *call)
{
	const char *path = outline_row(outline, (guint)parent)->path;
	for (guint i = 0; i < method_parameters(call->method); i++) {
		const Parameter *parameter = &call->method->parameters[i];
		OutlineRow *row = add_row(outline, OUTLINE_PARAMETER, parent,
			g_strdup_printf("%s.%s", path, parameter->name));
		row->name = g_strdup(parameter->name);
		row->method = call->method;
		row->parameter = parameter;
		row->dialect = method_dialect(call);
		set_argument(row, outline->collection, &call->argument[i]);
	}
}

static void add_add_input(Outline *outline, int parent)
{
	const char *path = outline_row(outline, (guint)parent)->path;
	OutlineRow *row = add_row(outline, OUTLINE_ADD_INPUT, parent, g_strdup_printf("%s+", path));
	row->name = g_strdup(
		outline_row(outline, (guint)parent)->method ? "add an input" : "add a summand");
}

typedef struct {
	Outline *outline;
	GHashTable *turned;
} Building;

static void add_inside(const Building *building, OutlineRow *row, const Node *node);

static void add_input(
	const Building *building, int parent, guint place, const Node *node, double sign)
{
	Outline *outline = building->outline;
	const char *path = outline_row(outline, (guint)parent)->path;
	OutlineRow *row =
		add_row(outline, OUTLINE_INPUT, parent, g_strdup_printf("%s/%u", path, place));
	const Node *body = outline_part_take(&row->part, outline->collection, node);
	row->part.coefficient *= sign;
	set_coefficient(row, row->part.coefficient);
	add_inside(building, row, body);
}

/* Chains of sums grow to the left. */
static guint add_summands(
	const Building *building, int parent, guint place, const Node *node, double sign)
{
	if (node->kind != NODE_ADD && node->kind != NODE_SUBTRACT) {
		add_input(building, parent, place, node, sign);
		return place + 1;
	}
	place = add_summands(building, parent, place, node_child(node, 0), sign);
	add_input(
		building, parent, place, node_child(node, 1), node->kind == NODE_SUBTRACT ? -1 : 1);
	return place + 1;
}

static void add_call(const Building *building, int parent, const Node *call)
{
	for (guint i = 0; i < call->children->len; i++)
		add_input(building, parent, i, node_child(call, i), 1);
	if (call->children->len < call->method->most)
		add_add_input(building->outline, parent);
	add_parameters(building->outline, parent, call);
}

char *outline_fold_key(const OutlineRow *row)
{
	return g_strdup_printf("%s %s", row->path, row->method ? row->method->name : "()");
}

/* The rows of what a body is made of; NULL: it has no meaning. */
static void add_inside(const Building *building, OutlineRow *row, const Node *node)
{
	int parent = (int)building->outline->rows->len - 1;
	row->opens = node && node->kind != NODE_TASK;
	row->method = node && node->kind == NODE_CALL ? node->method : NULL;
	row->name = part_name(&row->part, row->method);
	if (!row->opens)
		return;
	row->folded = !row->method;
	g_autofree char *key = outline_fold_key(row);
	if (building->turned && g_hash_table_contains(building->turned, key))
		row->folded = !row->folded;
	if (row->method) {
		add_call(building, parent, node);
		return;
	}
	add_summands(building, parent, 0, node, 1);
	add_add_input(building->outline, parent);
}

static void add_term(const Building *building, guint place)
{
	Outline *outline = building->outline;
	const Term *term = &g_array_index(outline->composition->terms, Term, place);
	g_autoptr(Node) body = expression_parse(outline->collection, term->body, NULL);
	OutlineRow *row = add_row(outline, OUTLINE_TERM, -1, g_strdup_printf("%u", place));
	row->term = (int)place;
	row->on = term->on;
	row->part = (OutlinePart){
		term->coefficient, NULL, g_strdup(term->body), g_strdup(term->scope), NULL};
	set_coefficient(row, term->coefficient);
	add_inside(building, row, body);
}

Outline *outline_new(
	const Collection *collection, const Composition *composition, GHashTable *turned)
{
	Outline *outline = g_new0(Outline, 1);
	Building building = {outline, turned};
	outline->collection = collection;
	outline->composition = composition_copy(composition);
	outline->rows = g_ptr_array_new_with_free_func(row_free);
	OutlineRow *scale = add_row(outline, OUTLINE_SCALE, -1, g_strdup("scale"));
	scale->name = g_strdup("× the whole");
	set_coefficient(scale, composition->scale);
	for (guint i = 0; i < composition->terms->len; i++)
		add_term(&building, i);
	OutlineRow *last = add_row(outline, OUTLINE_ADD_TERM, -1, g_strdup("add"));
	last->name = g_strdup("add a term");
	return outline;
}

int outline_call(const Outline *outline, guint row)
{
	int at = (int)row;
	while (at >= 0) {
		const OutlineRow *of = outline_row(outline, (guint)at);
		if (of->method && of->kind != OUTLINE_PARAMETER)
			return at;
		at = of->parent;
	}
	return -1;
}

/* Whether a call's value is linear in its inputs, and weights are none of its affair. */
static gboolean is_linear(const Method *method)
{
	return method->mix && !method->wants_products && !method->weighted;
}

gboolean outline_is_linear(const Outline *outline, guint row)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind > OUTLINE_INPUT)
		return FALSE;
	while (of->parent >= 0) {
		of = outline_row(outline, (guint)of->parent);
		if (of->method && !is_linear(of->method))
			return FALSE;
	}
	return TRUE;
}

char *outline_title(const Outline *outline, guint row)
{
	const OutlineRow *of = outline_row(outline, row);
	const OutlineRow *around = of->parent < 0 ? NULL : outline_row(outline, (guint)of->parent);
	if (of->kind == OUTLINE_SCALE)
		return g_strdup("λ of the whole");
	if (of->kind == OUTLINE_PARAMETER)
		return g_strdup_printf("%s of %s", of->name, of->method->name);
	return g_strdup_printf(
		"λ %s%s%s", of->name, around ? " in " : "", around ? around->name : "");
}

char *outline_help(const Outline *outline, guint row)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind != OUTLINE_PARAMETER)
		return of->method ? g_strdup_printf("%s: %s", of->method->name, of->method->help)
				  : NULL;
	g_autofree char *range = parameter_range(of->parameter);
	return g_strdup_printf("%s: %s%s%s", of->name, of->parameter->help,
		range && *range ? "; " : "", range ? range : "");
}

char *outline_number(double value)
{
	if (fabs(value * 100 - round(value * 100)) < 1e-9 && fabs(value) < 1e6)
		return g_strdup_printf("%.2f", value + 0.0);
	return expression_number(value);
}

char *outline_value(const Outline *outline, guint row)
{
	const OutlineRow *of = outline_row(outline, row);
	gboolean counts = of->kind == OUTLINE_PARAMETER && of->parameter->type == PARAMETER_COUNT;
	if (of->kind == OUTLINE_PARAMETER && !of->has_number)
		return g_strdup(*of->value ? of->value : "none");
	if (!of->has_number)
		return g_strdup("");
	g_autofree char *digits =
		counts ? expression_number(fabs(of->number)) : outline_number(fabs(of->number));
	return g_strconcat(of->number < 0 ? "−" : "", digits, NULL);
}
