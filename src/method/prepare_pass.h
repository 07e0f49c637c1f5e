/* prepare_pass.h - one pass over the weights, for the calls that are gathered in it.  For prepare.c
 * alone. */
#ifndef TAUSCOPE_PREPARE_PASS_H
#define TAUSCOPE_PREPARE_PASS_H

#include "method/prepare.h"
#include "method/prepare_place.h"

typedef struct {
	const PrepareRequest *request;
	Prepared *prepared;
	Job *job;
	GArray *places; /* of CallPlace: the calls that are gathered */
	gint only;      /* the one tensor that is looked at; -1: all */

	/* For prepare_pass.c alone. */
	GArray *pieces;                    /* of Piece */
	gsize base, values, scratch, slot; /* bytes */
	guint members;                     /* that take part */
	guint64 announced;                 /* bytes that the job expects of passes to come */
} PreparePass;

/* A pass of no calls yet; `places` is the caller's. */
PreparePass prepare_pass_new(
	Prepared *prepared, const PrepareRequest *request, GArray *places, Job *job);
CallPlace *prepare_pass_place(const PreparePass *pass, guint place);
/* How many cuts there is room for in a pass: what is found of them takes no more than half of the
 * budget, with half of the threads. */
guint prepare_pass_cuts(const PreparePass *pass);
/* Cuts the tensors that its calls want into blocks of a fixed size, and adds to the calls what
 * these yield. */
gboolean prepare_pass_run(PreparePass *pass, GError **error);
/* Takes back what the job was told to expect of passes that did not come. */
void prepare_pass_end(PreparePass *pass);
/* What a pass over all of a tensor reads. */
guint64 prepare_pass_bytes(const PreparePass *pass, guint tensor);

#endif
