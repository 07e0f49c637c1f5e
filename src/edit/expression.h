/* expression.h - the language of edits: parse, check against a collection, print.
 *
 *     sum     := product (('+' | '-') product)*
 *     product := factor (('*' | '/') factor)*
 *     factor  := '-' factor | number | ramp(from, to) | value
 *     value   := (name ['@' step] | '(' sum ')' | function '(' sum (',' sum)* ')') scope*
 *     scope   := '[' pattern ']'
 *
 * Sums are of vectors or of numbers, a product has at most one vector, a divisor is a number.
 * A name is a plain word (letters, digits, `_`, `.`; first a letter or `_`) or is quoted with ".
 * The value of an expression is a task vector; the edited model is θ₀ + λ·edit. */
#ifndef TAUSCOPE_EXPRESSION_H
#define TAUSCOPE_EXPRESSION_H

#include "checkpoint/collection.h"

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

/* Bounds on what is parsed, so that a hostile text costs little. */
#define EXPRESSION_TEXT_MOST 65536u
#define EXPRESSION_COEFFICIENT_MOST 1e100
#define EXPRESSION_DEPTH_MOST 500u    /* of the tree: also a long chain of + */
#define EXPRESSION_NESTING_MOST 1000u /* brackets and signs; a tree prints with twice its depth */

/* A node belongs to the collection that it was parsed against. */
typedef struct Node Node;
struct Node {
	NodeKind kind;
	guint column;       /* where it stands in the text, from 1 */
	guint depth;        /* of the tree below it; 1 for a leaf */
	gboolean is_vector; /* a task vector, else a coefficient */
	guint member;       /* NODE_TASK */
	double number, number_to;
	char *pattern;  /* NODE_SCOPE */
	guint8 *chosen; /* NODE_SCOPE: [base tensors] whether the pattern chooses it */
	double *place;  /* NODE_RAMP: [base tensors] as linear_places gives it */
	const struct EditFunction *function; /* NODE_CALL: a row of the table */
	GPtrArray *children;                 /* of Node; empty for a leaf */
};

/* A function of the language: one row of a table.  Its value is the sum of its arguments, added
 * left to right, over a divisor. */
typedef struct EditFunction {
	const char *name, *help;
	guint least, most; /* how many arguments */
	double (*divisor)(guint arguments);
} EditFunction;
extern const EditFunction edit_functions[]; /* ends with a NULL name */
/* The row of a name, or NULL. */
const EditFunction *edit_function(const char *name);

/* Parses and checks: names exist, types fit, scopes choose something.  An error (ERROR_USAGE) names
 * the column, what was expected and the nearest name.  NULL with *error set. */
Node *expression_parse(const Collection *collection, const char *text, GError **error);
void node_free(Node *node);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)
/* The same tree; where it stood in a text does not matter. */
gboolean node_equal(const Node *a, const Node *b);

/* The canonical text: parses back to the same tree.  Free with g_free. */
char *expression_print(const Collection *collection, const Node *node);
/* The same, in brackets where it is not a value of the grammar, so that a scope may follow it. */
char *expression_print_value(const Collection *collection, const Node *node);
/* A name as the language writes it: quoted where it is not a plain word; of a step NAME@N. */
char *expression_name(const char *name);
/* A number in the fewest digits that read back as the same double. */
char *expression_number(double number);

/* Whether λ·edit stays so small that nothing but the stored type can overflow: no coefficient in it
 * exceeds EXPRESSION_COEFFICIENT_MOST, and λ is a number. */
gboolean expression_is_bounded(const Node *node, double scale);
/* The same of an edit and its overall scale, with ERROR_USAGE where they are not. */
gboolean expression_check_scale(const Node *edit, double scale, GError **error);

/* The members that take part, ascending, each once. */
GArray *expression_members(const Node *node);

#endif
