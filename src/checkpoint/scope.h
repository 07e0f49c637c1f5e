/* scope.h - the tensors that a number is about: everything, a layer, a kind, a glob, one tensor. */
#ifndef TAUSCOPE_SCOPE_H
#define TAUSCOPE_SCOPE_H

#include "checkpoint/collection.h"

typedef enum { GROUP_ALL, GROUP_LAYER, GROUP_KIND, GROUP_TENSOR } GroupBy;

typedef struct {
	char *label;     /* "everything", "blocks.3", "attn.q" */
	GArray *tensors; /* of guint: base tensors, ascending */
	guint64 elements;
	guint left_out; /* float tensors that are chosen too, but not shared by all */
} Scope;

/* Whether a base tensor is chosen by a pattern: comma-separated alternatives, each a layer
 * ("blocks.3"), a range of layers ("blocks.0-5"), a kind or its first word ("attn.q", "attn"), a
 * leading part of a name ("blocks.0.attn"), or a glob over the name ("*.attn.*"). */
gboolean scope_matches(const Collection *collection, guint tensor, const char *pattern);

/* The pattern as scope_matches takes it: a layer, or range of layers, that chooses nothing gets the
 * leading words that it leaves out, where these are the same for all that it may mean
 * ("layers.0-5" becomes "model.layers.0-5").  Free with g_free. */
char *scope_whole_pattern(const Collection *collection, const char *pattern);

/* The float tensors chosen by `pattern` (NULL: everything; made whole first) that the base shares
 * with each of the n `members`.  ERROR_USAGE where nothing is chosen, with the nearest layer or
 * kind, or with a member that does not share it. */
Scope *scope_new(const Collection *collection, const char *pattern, const guint *members, guint n,
	GError **error);
void scope_free(Scope *scope);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scope, scope_free)

/* A scope cut into its layers, kinds or tensors: GPtrArray of Scope in natural order of depth. */
GPtrArray *scope_groups(const Collection *collection, const Scope *scope, GroupBy by);

/* "layer", "kind", "tensor", "all". */
gboolean group_by_from_name(const char *name, GroupBy *by);
const char *group_by_name(GroupBy by);

#endif
