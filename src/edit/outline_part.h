/* outline_part.h - a vector of an edit, taken apart into what a person moves. */
#ifndef TAUSCOPE_OUTLINE_PART_H
#define TAUSCOPE_OUTLINE_PART_H

#include "edit/expression.h"

/* coefficient × factor × body[scope] / divisor. */
typedef struct {
	double coefficient;
	char *factor;  /* a coefficient that is no number: "ramp(0, 1)"; or NULL */
	char *body;    /* a value of the grammar: "mnist", "ties(a, b)", "(a - b)" */
	char *scope;   /* or NULL */
	char *divisor; /* that is no power of two, so that no coefficient stands for it; or NULL */
} OutlinePart;

void outline_part_clear(OutlinePart *part);
OutlinePart outline_part_copy(const OutlinePart *part);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutlinePart, outline_part_clear)

/* Takes a vector apart and returns the node of its body, which is the node's. */
const Node *outline_part_take(OutlinePart *part, const Collection *collection, const Node *node);
/* As the language writes it; a negative one begins with its sign. */
char *outline_part_text(const OutlinePart *part);
/* What `inner` becomes where the value that it made up, `outer`, is put aside. */
OutlinePart outline_part_within(const OutlinePart *outer, const OutlinePart *inner);

#endif
