/* compose_edit.c - what the keys of the Compose screen do to the composition: each a labelled step
 * of undo, those of a held key one step together. */
#include "compose_view.h"

#include <math.h>
#include <string.h>

int compose_term(const ComposeView *view, const Composition *composition)
{
	int term = view->list.cursor - ROW_FIRST_TERM;

	return term >= 0 && term < (int)composition->terms->len ? term : -1;
}

char *coefficient_text(double value)
{
	if (fabs(value * 100 - round(value * 100)) < 1e-9)
		return g_strdup_printf("%.2f", value + 0.0);
	return expression_number(value);
}

char *term_name(const Term *term)
{
	gsize length = strlen(term->body);

	if (length > 2 && term->body[0] == '"' &&
		strchr(term->body + 1, '"') == term->body + length - 1)
		return g_strndup(term->body + 1, length - 2);
	return g_strdup(term->body);
}

static Term *term_of(const Composition *composition, int term)
{
	return &g_array_index(composition->terms, Term, (guint)term);
}

/* Steps are of hundredths; sums of them are kept free of the last bits. */
static double rounded(double value)
{
	return round(value * 1e4) / 1e4 + 0.0;
}

static char *with_minus(double value)
{
	g_autofree char *digits = coefficient_text(fabs(value));

	return g_strconcat(value < 0 ? "−" : "", digits, NULL);
}

/* Sets the scale or a term's coefficient; steps in a row on one of them merge. */
static React set_value(ComposeView *view, Ui *ui, double value, gboolean merges)
{
	const Composition *now = session_composition(ui_session(ui));
	g_autoptr(Composition) next = composition_copy(now);
	int term = compose_term(view, now);
	double *place = view->list.cursor == ROW_SCALE ? &next->scale : NULL;
	g_autofree char *label = NULL, *merge = NULL, *from = NULL, *to = NULL, *name = NULL;

	if (term >= 0)
		place = &term_of(next, term)->coefficient;
	if (!place)
		return REACT_NONE;
	from = with_minus(*place);
	to = with_minus(value);
	*place = value;
	name = term >= 0 ? term_name(term_of(next, term)) : g_strdup("of the whole");
	label = g_strdup_printf("λ %s %s → %s", name, from, to);
	merge = g_strdup_printf("coefficient %d", term);
	if (composition_equal(now, next)) {
		ui_message(ui, "λ %s stays at %s%s", name, to,
			merges ? ", the end of its slider: = types a number beyond" : "");
		return REACT_DONE;
	}
	session_compose(ui_session(ui), next, label, merges ? merge : NULL);
	ui_message(ui, "%s", label);
	return REACT_DONE;
}

React compose_set(ComposeView *view, Ui *ui, double value)
{
	return set_value(view, ui, value, FALSE);
}

/* A step stops at the slider's end, unless the value was typed beyond it. */
React compose_step(ComposeView *view, Ui *ui, double by)
{
	const Composition *now = session_composition(ui_session(ui));
	int term = compose_term(view, now);
	double value = term >= 0 ? term_of(now, term)->coefficient : now->scale;
	double next = rounded(value + by);

	if (by > 0 && next > SLIDER_HIGH)
		next = fmax(value, SLIDER_HIGH);
	if (by < 0 && next < SLIDER_LOW)
		next = fmin(value, SLIDER_LOW);
	return set_value(view, ui, next, TRUE);
}

React compose_negate(ComposeView *view, Ui *ui)
{
	const Composition *now = session_composition(ui_session(ui));
	int term = compose_term(view, now);

	return set_value(
		view, ui, 0.0 - (term >= 0 ? term_of(now, term)->coefficient : now->scale), FALSE);
}

React compose_toggle(ComposeView *view, Ui *ui)
{
	const Composition *now = session_composition(ui_session(ui));
	g_autoptr(Composition) next = composition_copy(now);
	int place = compose_term(view, now);
	g_autofree char *label = NULL, *name = NULL;
	Term *term;

	if (place < 0)
		return REACT_NONE;
	term = term_of(next, place);
	term->on = !term->on;
	name = term_name(term);
	label = g_strdup_printf("%s %s", name, term->on ? "on" : "off");
	session_compose(ui_session(ui), next, label, NULL);
	ui_message(ui, "%s", label);
	return REACT_DONE;
}

React compose_drop(ComposeView *view, Ui *ui)
{
	const Composition *now = session_composition(ui_session(ui));
	g_autoptr(Composition) next = composition_copy(now);
	int term = compose_term(view, now);
	g_autofree char *label = NULL, *name = NULL;

	if (term < 0)
		return REACT_NONE;
	name = term_name(term_of(now, term));
	label = g_strdup_printf("drop %s", name);
	composition_drop(next, (guint)term);
	session_compose(ui_session(ui), next, label, NULL);
	ui_message(ui, "%s: u brings it back", label);
	return REACT_DONE;
}

React compose_move(ComposeView *view, Ui *ui, int by)
{
	const Composition *now = session_composition(ui_session(ui));
	g_autoptr(Composition) next = composition_copy(now);
	int term = compose_term(view, now), other = term + by;
	g_autofree char *label = NULL, *name = NULL;
	Term moved;

	if (term < 0 || other < 0 || other >= (int)now->terms->len)
		return REACT_NONE;
	name = term_name(term_of(now, term));
	label = g_strdup_printf("move %s", name);
	moved = *term_of(next, term);
	*term_of(next, term) = *term_of(next, other);
	*term_of(next, other) = moved;
	session_compose(ui_session(ui), next, label, NULL);
	view->list.cursor += by;
	return REACT_DONE;
}
