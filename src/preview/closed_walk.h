/* closed_walk.h - the walk down the tree of an edit that finds its coefficients; for closed*.c and
 * bound.c. */
#ifndef TAUSCOPE_CLOSED_WALK_H
#define TAUSCOPE_CLOSED_WALK_H

#include "preview/closed.h"
#include "edit/method.h"

typedef enum {
	WALK_VALUE,  /* what the edit is */
	WALK_INPUTS, /* the same, were every method the sum of its inputs */
	WALK_SIZES,  /* that, with every coefficient's size in place of it */
} WalkPurpose;

typedef struct {
	const Collection *collection;
	const Gram *gram;
	WalkPurpose purpose;
	guint tensors, vectors;
	GPtrArray *noise; /* of ClosedNoise */
} Walk;

/* Adds factor[tensors] times a node's value to the coefficients c[tensors][vectors]. */
gboolean walk_node(Walk *walk, const Node *node, const double *factor, double *c, GError **error);
/* A table [tensors][vectors] of zeros, and its row of a tensor. */
double *walk_table(const Walk *walk);
double *walk_row(const Walk *walk, double *table, guint tensor);
/* [tensors] of one value. */
double *walk_factors(const Walk *walk, double value);

/* A call on one tensor, or on a domain that begins with it, as its method is asked about it; the
 * arrays are the site's own. */
MethodSite walk_site(const Walk *walk, const Node *call, guint tensor, guint64 elements);
void walk_site_clear(MethodSite *site);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MethodSite, walk_site_clear)
/* The float tensors on which a call acts. */
GArray *walk_acting(const Collection *collection, const Node *call);

/* The coefficients of each input's body: GPtrArray of tables; NULL with *error set. */
GPtrArray *walk_bodies(Walk *walk, const Node *call, GError **error);
/* Adds the inner products of θ₀ and the bodies on a tensor, packed; those of the bodies must be
 * known. */
gboolean walk_products(const Walk *walk, const Node *call, const GPtrArray *bodies, guint tensor,
	double *products, GError **error);

/* Add a call: a mix that wants inner products, and one that draws. */
gboolean walk_mix(Walk *walk, const Node *call, const double *factor, double *c, GError **error);
gboolean walk_random(Walk *walk, const Node *call, const double *factor, double *c, GError **error);
/* Whether a call draws, with a mean and a spread in closed form. */
gboolean walk_is_random(const Collection *collection, const Node *call);

#endif
