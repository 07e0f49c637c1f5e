/* composition.h - an edit as a person builds it: a list of terms with a slider each.
 *
 * The same edit as an expression, seen another way: the sum of coefficient × body over the terms
 * that are on.  A body is any task vector of the language: a task, a step, a bracket. */
#ifndef TAUSCOPE_COMPOSITION_H
#define TAUSCOPE_COMPOSITION_H

#include "edit/expression.h"

typedef struct {
	double coefficient;
	char *body;  /* canonical text without scope: "mnist", "(a - b)" */
	char *scope; /* pattern, or NULL for everything */
	gboolean on;
} Term;

typedef struct {
	GArray *terms; /* of Term */
	double scale;  /* λ of the whole */
} Composition;

Composition *composition_new(void);
Composition *composition_copy(const Composition *composition);
void composition_free(Composition *composition);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Composition, composition_free)
gboolean composition_equal(const Composition *a, const Composition *b);

/* Takes nothing: copies the strings. */
void composition_add(
	Composition *composition, double coefficient, const char *body, const char *scope);
void composition_drop(Composition *composition, guint term);

/* The text of the terms that are on; "" where there is none.  Free with g_free. */
char *composition_text(const Composition *composition);
/* The terms of a parsed text: its summands with their coefficients and scopes.  Keeps the scale. */
gboolean composition_set_text(
	Composition *composition, const Collection *collection, const char *text, GError **error);

#endif
