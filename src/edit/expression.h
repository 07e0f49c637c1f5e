/* expression.h - the language of edits: parse, check against a collection, print.
 *
 *     sum     := product (('+' | '-') product)*
 *     product := factor (('*' factor) | ('/' number))*
 *     factor  := '-' factor | number | ramp(from, to) | value
 *     value   := (name ['@' step] | '(' sum ')' | function '(' sum (',' sum)* ')') scope*
 *     scope   := '[' pattern ']'
 *
 * A name is a plain word (letters, digits, `_`, `.`; first a letter or `_`) or is quoted with ".
 * The value of an expression is a task vector; the edited model is θ₀ + λ·edit. */
#ifndef TAUSCOPE_EXPRESSION_H
#define TAUSCOPE_EXPRESSION_H

#include "checkpoint/scope.h"

typedef enum {
	NODE_TASK,     /* a task vector or a step's: `member` */
	NODE_NUMBER,   /* a coefficient: `number` */
	NODE_RAMP,     /* a coefficient that goes from `number` at the first layer to `number_to` */
	NODE_NEGATE,   /* − child 0 */
	NODE_ADD,      /* child 0 + child 1 */
	NODE_SUBTRACT, /* child 0 − child 1 */
	NODE_SCALE,    /* child 0 (a coefficient) × child 1 (a vector), or of two coefficients */
	NODE_DIVIDE,   /* child 0 / child 1 (a coefficient) */
	NODE_SCOPE,    /* child 0 on the tensors of `pattern`, 0 elsewhere */
	NODE_CALL,     /* `function` of the children */
} NodeKind;

typedef struct Node Node;
struct Node {
	NodeKind kind;
	guint column;         /* where it stands in the text, from 1 */
	gboolean is_vector;   /* a task vector, else a coefficient */
	guint member;         /* NODE_TASK */
	double number, number_to;
	char *pattern;        /* NODE_SCOPE */
	const struct EditFunction *function; /* NODE_CALL: a row of the table */
	GPtrArray *children;  /* of Node */
};

/* A function of the language: one row of a table; its value must be linear in its arguments. */
typedef struct EditFunction {
	const char *name, *help;
	guint least, most;    /* how many arguments */
	/* The weight of argument k among n. */
	double (*weight)(guint k, guint n);
} EditFunction;
extern const EditFunction edit_functions[]; /* ends with a NULL name */

/* Parses and checks: names exist, types fit, scopes choose something.  An error (ERROR_USAGE) names
 * the column, what was expected and the nearest name.  NULL with *error set. */
Node *expression_parse(const Collection *collection, const char *text, GError **error);
void node_free(Node *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

/* The canonical text: parses back to the same tree.  Free with g_free. */
char *expression_print(const Collection *collection, const Node *node);
/* A name as the language writes it: quoted where it is not a plain word; of a step NAME@N. */
char *expression_name(const char *name);
/* A number in the fewest digits that read back as the same double. */
char *expression_number(double number);

/* The members that take part, ascending, each once. */
GArray *expression_members(const Node *node);

#endif
