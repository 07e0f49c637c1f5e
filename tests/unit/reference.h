/* reference.h - what the papers' methods compute, straight from their formulas.
 *
 * Whole models in memory, everything in double, full sorts; nothing is shared with the program but
 * the checkpoints.  Each function returns the value of an edit, all tensors one after the other;
 * free with g_free. */
#ifndef TAUSCOPE_TEST_REFERENCE_H
#define TAUSCOPE_TEST_REFERENCE_H

#include <glib.h>

#define REFERENCE_INPUTS 3

typedef struct {
	guint64 n, columns, rows; /* columns: of the last axis; rows: of the first */
	gsize at;                 /* where it begins */
	double depth;             /* 0 to 1 among the layers, 0 outside */
} ReferenceTensor;

typedef struct {
	guint tensors;
	ReferenceTensor *tensor;
	gsize n;                        /* of all */
	double *base;                   /* [n] θ₀ */
	double *x[REFERENCE_INPUTS];    /* [n] task vectors */
	double *mask[REFERENCE_INPUTS]; /* [n] 1: survives */
} Reference;

/* Of a few inputs, as lists of numbers, with weights where they are taken. */
typedef struct {
	guint inputs;
	double w[REFERENCE_INPUTS];
	double density, gamma, p, epsilon;
	gboolean by_tensor, elect, normalize;
} ReferenceSparse;

double *reference_trim(const Reference *model, ReferenceSparse what);
double *reference_drop(const Reference *model, ReferenceSparse what);
double *reference_crumbs(const Reference *model, ReferenceSparse what);
double *reference_della(const Reference *model, ReferenceSparse what);

typedef enum { ALONG_TENSOR, ALONG_FILTER, ALONG_ROW, ALONG_COLUMN } ReferenceAlong;
double *reference_stock(const Reference *model, ReferenceAlong along);
double *reference_slerp(const Reference *model, double t, gboolean weights, ReferenceAlong along);
double *reference_multislerp(const Reference *model, const double *w, gboolean weights);
double *reference_karcher(const Reference *model, gboolean weights);

double *reference_magmax(const Reference *model);
double *reference_consensus(const Reference *model, double lambda, guint k);
/* task: 0 the unified vector, else the input that it is made for. */
double *reference_emr(const Reference *model, guint task);
double *reference_pcb(const Reference *model, double ratio);
double *reference_sce(const Reference *model, double topk);
double *reference_ram(const Reference *model, double epsilon, double r, double alpha);
double *reference_nearswap(const Reference *model, double t);
double *reference_arcee(const Reference *model);

/* Of input 0 against the others; `along` them or what is left. */
double *reference_subspace(const Reference *model, gboolean by_tensor, gboolean along);
double *reference_clip(const Reference *model, double relative, gboolean by_tensor);
double *reference_average(const Reference *model, const double *w, gboolean normalize);
double *reference_lines(const Reference *model, double alpha, double beta);

#endif
