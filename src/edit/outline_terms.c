/* outline_terms.c - changes of what rows there are: on and off, drop, move, double, add. */
#include "edit/outline_private.h"

#include "core/error.h"

static Composition *refuse(GError **error, const char *sentence)
{
	fail(error, ERROR_USAGE, "%s", sentence);
	return NULL;
}

static Term *term_at(const Composition *composition, int term)
{
	return &g_array_index(composition->terms, Term, (guint)term);
}

/* The row with other inputs. */
static Composition *put_inputs(
	const Outline *outline, guint row, const GPtrArray *inputs, GError **error)
{
	g_autoptr(GPtrArray) arguments = outline_arguments(outline, row, -1);
	const Method *method = outline_row(outline, row)->method;
	if (inputs->len == 0 && !method)
		return refuse(error, "this is all that the bracket holds: drop the bracket");
	g_autofree char *body = outline_body(method, inputs, arguments);
	return outline_put_body(outline, row, body, error);
}

Composition *outline_toggle(const Outline *outline, guint row, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind != OUTLINE_TERM)
		return refuse(error, "only a term is on or off");
	Composition *next = composition_copy(outline->composition);
	Term *term = term_at(next, of->term);
	term->on = !term->on;
	return next;
}

static Composition *drop_input(const Outline *outline, guint row, GError **error)
{
	guint around = (guint)outline_row(outline, row)->parent;
	const Method *method = outline_row(outline, around)->method;
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, around);
	if (method && inputs->len <= method->least) {
		fail(error, ERROR_USAGE, "%s takes %u input%s at least: T takes it off",
			method->name, method->least, method->least == 1 ? "" : "s");
		return NULL;
	}
	g_ptr_array_remove_index(inputs, outline_place(outline, row));
	return put_inputs(outline, around, inputs, error);
}

Composition *outline_drop(const Outline *outline, guint row, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind == OUTLINE_PARAMETER)
		return outline_type(outline, row, "", error);
	if (of->kind == OUTLINE_INPUT)
		return drop_input(outline, row, error);
	if (of->kind != OUTLINE_TERM)
		return refuse(error, "there is nothing to drop here");
	Composition *next = composition_copy(outline->composition);
	composition_drop(next, (guint)of->term);
	return next;
}

static Composition *double_term(const Outline *outline, const OutlineRow *row)
{
	Composition *next = composition_copy(outline->composition);
	const Term *from = term_at(next, row->term);
	Term copy = {from->coefficient, g_strdup(from->body), g_strdup(from->scope), from->on};
	g_array_insert_val(next->terms, (guint)row->term + 1, copy);
	return next;
}

Composition *outline_duplicate(const Outline *outline, guint row, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind == OUTLINE_TERM)
		return double_term(outline, of);
	if (of->kind != OUTLINE_INPUT)
		return refuse(error, "only a term or an input can be doubled");
	guint around = (guint)of->parent, place = outline_place(outline, row);
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, around);
	g_ptr_array_insert(inputs, (gint)place + 1, g_strdup(inputs->pdata[place]));
	return put_inputs(outline, around, inputs, error);
}

static Composition *move_term(const Outline *outline, const OutlineRow *row, int by, GError **error)
{
	int other = row->term + by;
	if (other < 0 || other >= (int)outline->composition->terms->len)
		return refuse(error, "there is no term to change places with");
	Composition *next = composition_copy(outline->composition);
	Term moved = *term_at(next, row->term);
	*term_at(next, row->term) = *term_at(next, other);
	*term_at(next, other) = moved;
	return next;
}

Composition *outline_move(const Outline *outline, guint row, int by, GError **error)
{
	const OutlineRow *of = outline_row(outline, row);
	if (of->kind == OUTLINE_TERM)
		return move_term(outline, of, by, error);
	if (of->kind != OUTLINE_INPUT)
		return refuse(error, "only a term or an input can be moved");
	guint around = (guint)of->parent;
	int place = (int)outline_place(outline, row), other = place + by;
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, around);
	if (other < 0 || other >= (int)inputs->len)
		return refuse(error, "there is no input to change places with");
	gpointer moved = inputs->pdata[place];
	inputs->pdata[place] = inputs->pdata[other];
	inputs->pdata[other] = moved;
	return put_inputs(outline, around, inputs, error);
}

/* The row with rows of its own that a row is, or lies in; -1. */
static int container_of(const Outline *outline, guint row)
{
	int at = (int)row;
	while (at >= 0 && (outline_row(outline, (guint)at)->kind == OUTLINE_PARAMETER ||
				  !outline_row(outline, (guint)at)->opens))
		at = outline_row(outline, (guint)at)->parent;
	return at;
}

Composition *outline_add_input(const Outline *outline, guint row, const char *text, GError **error)
{
	int around = container_of(outline, row);
	if (around < 0)
		return refuse(error, "there is no method here to add an input to");
	g_autoptr(GPtrArray) inputs = outline_inputs(outline, (guint)around);
	g_ptr_array_add(inputs, g_strdup(text));
	return put_inputs(outline, (guint)around, inputs, error);
}
