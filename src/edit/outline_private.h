/* outline_private.h - what the changes of an outline share. */
#ifndef TAUSCOPE_OUTLINE_PRIVATE_H
#define TAUSCOPE_OUTLINE_PRIVATE_H

#include "edit/outline.h"

/* The composition with another part in the place of a row that is a term or an input. */
Composition *outline_put(
	const Outline *outline, guint row, const OutlinePart *part, GError **error);
/* The same with another body alone. */
Composition *outline_put_body(const Outline *outline, guint row, const char *body, GError **error);
/* A row's inputs as text (GPtrArray of char *), and its parameters that are given, but for
 * `without`
 * (-1: none), as "name=value". */
GPtrArray *outline_inputs(const Outline *outline, guint row);
GPtrArray *outline_arguments(const Outline *outline, guint row, int without);
/* A call, or with NULL a bracket, of these; g_free. */
char *outline_body(const Method *method, const GPtrArray *inputs, const GPtrArray *arguments);
/* A body as the language prints it, and as a value; NULL with *error set. */
char *outline_canonical(const Outline *outline, const char *text, GError **error);
/* Where an input stands among those of the row around it. */
guint outline_place(const Outline *outline, guint row);

#endif
