/* mergekit.h - the YAML recipes of mergekit, another program that merges models: read as an edit
 * that computes what it computes, and written of an edit that it can compute too. */
#ifndef TAUSCOPE_MERGEKIT_H
#define TAUSCOPE_MERGEKIT_H

#include "edit/expression.h"
#include "recipe/recipe.h"

/* What a reader of the recipe should know: `line` of the YAML, or 0 where it is about all of it. */
typedef struct {
	guint line;
	char *text;
} MergekitNote;

/* For notes (of MergekitNote); free with g_ptr_array_unref. */
GPtrArray *mergekit_notes_new(void);

/* Whether a path is of YAML, by its ending. */
gboolean mergekit_is_config(const char *path);

/* Reads a recipe for the members of a collection.  `models` (may be NULL; ends with NULL) are
 * REF=NAME: which member a model of the recipe is; others are found by path, or by name.  The
 * result says dialect=mergekit, and has no inputs.  Adds to `notes`.  NULL with *error set, which
 * names the line. */
Recipe *mergekit_read(const Collection *collection, const char *path, const char *const *models,
	GPtrArray *notes, GError **error);
/* The same of a text; `file` is its name in errors. */
Recipe *mergekit_parse(const Collection *collection, const char *file, const char *text,
	gsize length, const char *const *models, GPtrArray *notes, GError **error);

/* An edit as a recipe, with what differs there as comments and in `notes`, whose lines are those of
 * the text that is returned (g_free).  NULL with *error set (ERROR_USAGE) where mergekit has no
 * such edit. */
char *mergekit_write(const Collection *collection, const Node *edit, double scale, GPtrArray *notes,
	GError **error);

#endif
