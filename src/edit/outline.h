/* outline.h - a composition as rows that a person can move through.
 *
 * The scale, each term, and within a term that a method or a bracket makes, a row for each of its
 * inputs and parameters, at any depth.  A row is changed by making a new composition: of every
 * change the text parses, or there is an error that says why not. */
#ifndef TAUSCOPE_OUTLINE_H
#define TAUSCOPE_OUTLINE_H

#include "edit/composition.h"
#include "edit/method.h"
#include "edit/outline_part.h"

typedef enum {
	OUTLINE_SCALE,     /* λ of the whole */
	OUTLINE_TERM,      /* a term of the composition */
	OUTLINE_INPUT,     /* a vector within: an input of a method, a summand of a bracket */
	OUTLINE_PARAMETER, /* of a method */
	OUTLINE_ADD_INPUT,
	OUTLINE_ADD_TERM,
} OutlineKind;

/* The ends of a coefficient's slider; beyond them a number is typed. */
#define OUTLINE_LOW (-1.0)
#define OUTLINE_HIGH 1.5

typedef struct {
	OutlineKind kind;
	int parent;             /* the row that it lies in, or -1 */
	guint level;            /* how deep: 0 of the scale and the terms */
	int term;               /* or -1 */
	char *path;             /* tells rows apart: "2", "2/0", "2/0.density" */
	char *name;             /* "mnist", "ties", "density" */
	gboolean on;            /* its term is */
	gboolean opens, folded; /* has rows within; they are hidden */
	gboolean hidden;        /* some row around it is folded */
	OutlinePart part;       /* of the scale, a term, an input */
	const Method *method;   /* of a call; of a parameter: whose it is */
	const Parameter *parameter;
	guint dialect;       /* of a parameter's call */
	gboolean given;      /* a parameter that the text gives */
	char *value;         /* of a parameter, as the language writes it; "" where there is none */
	gboolean has_number; /* `number` is what a slider would show */
	double number;
	double low, high; /* the ends of its slider; NaN where it has none */
} OutlineRow;

typedef struct {
	const Collection *collection;
	Composition *composition;
	GPtrArray *rows; /* of OutlineRow */
} Outline;

/* Brackets are folded and methods are not, but for those whose key is in `turned` (a set; or NULL).
 */
Outline *outline_new(
	const Collection *collection, const Composition *composition, GHashTable *turned);
void outline_free(Outline *outline);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Outline, outline_free)

/* The key of a row that opens: its path, and what is there.  g_free. */
char *outline_fold_key(const OutlineRow *row);

const OutlineRow *outline_row(const Outline *outline, guint row);
/* The row of a path, or -1. */
int outline_find(const Outline *outline, const char *path);
/* The row of the call that a row is, or lies in; -1. */
int outline_call(const Outline *outline, guint row);
/* Whether the edit is linear in a row's coefficient, whatever else it is: no method stands between
 * that makes more of its inputs than their sum. */
gboolean outline_is_linear(const Outline *outline, guint row);
/* "λ mnist", "λ mnist in ties", "density of ties".  g_free. */
char *outline_title(const Outline *outline, guint row);
/* What a parameter or a method is, in one line; NULL of other rows.  g_free. */
char *outline_help(const Outline *outline, guint row);
/* A row's value as the undo list shows it: "0.40", "mergekit", "default".  g_free. */
char *outline_value(const Outline *outline, guint row);
/* A coefficient in two digits where these say all of it: "0.40", "0.333".  g_free. */
char *outline_number(double value);

/* The number that a step up (1) or down (-1) leads to: of a slider a twentieth of its length, or a
 * quarter (`far`); it ends with the range.  Of a number that was left out, where to begin. */
double outline_step(const OutlineRow *row, int direction, gboolean far);

/* Changes.  NULL with *error set where the row has no such thing or the result has no meaning. */
Composition *outline_set_number(const Outline *outline, guint row, double number, GError **error);
/* What a person typed: a number, a word, a text, a coefficient such as ramp(0, 1). */
Composition *outline_type(const Outline *outline, guint row, const char *text, GError **error);
/* The next word of a choice, or the one before it. */
Composition *outline_choose(const Outline *outline, guint row, int by, GError **error);
Composition *outline_toggle(const Outline *outline, guint row, GError **error);
/* Drops a term or an input; of a parameter, what was given. */
Composition *outline_drop(const Outline *outline, guint row, GError **error);
Composition *outline_duplicate(const Outline *outline, guint row, GError **error);
/* Changes places with the one before (-1) or behind (1). */
Composition *outline_move(const Outline *outline, guint row, int by, GError **error);
Composition *outline_set_scope(
	const Outline *outline, guint row, const char *pattern, GError **error);
/* A further input to the call or bracket that a row is, or lies in. */
Composition *outline_add_input(const Outline *outline, guint row, const char *text, GError **error);

/* Whether a method around a row needs one more input than there is. */
gboolean outline_wrap_needs(const Outline *outline, guint row, const Method *method);
/* Puts a method around a term or an input; around all terms that are on where the row is the scale,
 * or where it is a term and the method takes several.  `further`: one more input, or NULL. */
Composition *outline_wrap(const Outline *outline, guint row, const Method *method,
	const char *further, GError **error);
/* Takes the call that a row is, or lies in, off again: its inputs take its place. */
Composition *outline_unwrap(const Outline *outline, guint row, GError **error);

#endif
