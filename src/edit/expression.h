/* expression.h - the language of edits: parse, check against a collection, print.
 *
 *     sum       := product (('+' | '-') product)*
 *     product   := factor (('*' | '/') factor)*
 *     factor    := '-' factor | value
 *     value     := (number | name ['@' step] | '(' sum ')' | call) scope*
 *     call      := method '(' argument (',' argument)* ')'
 *     argument  := sum | parameter '=' (sum | word | "text")
 *     scope     := '[' pattern ']'
 *
 * Sums are of vectors or of coefficients, a product has at most one vector, a divisor is a number.
 *
 * A coefficient is a number, ramp(a, b, ...), which goes through its numbers from the first layer
 * to the last, first(k[pattern], l[pattern], m), which is the first whose pattern chooses the
 * tensor (0 where none does), or is made of these; with a scope it is 0 elsewhere.
 *
 * A name is a plain word (letters, digits, `_`, `.`; first a letter or `_`) or is quoted with ";
 * within quotes nothing stands for a ".  `base` is the base itself, a change of nothing.
 *
 * Parameters come after the vectors of a call, or between them; they are printed after them, in the
 * order of the table, where they are not what the method takes anyway.
 *
 * The value of an expression is a task vector; the edited model is θ₀ + λ·edit. */
#ifndef TAUSCOPE_EXPRESSION_H
#define TAUSCOPE_EXPRESSION_H

#include "checkpoint/collection.h"

typedef enum {
	NODE_TASK,   /* a task vector or a step's: `member` */
	NODE_NUMBER, /* a coefficient: `number` */
	NODE_RAMP,   /* a coefficient that goes through the anchors with depth */
	NODE_FIRST,  /* the first of the children (coefficients with scopes) that a tensor is in */
	NODE_NEGATE, /* − child 0 */
	NODE_ADD,    /* child 0 + child 1 */
	NODE_SUBTRACT, /* child 0 − child 1 */
	NODE_SCALE,    /* child 0 (a coefficient) × child 1 (a vector), or of two coefficients */
	NODE_DIVIDE,   /* child 0 / child 1 (a coefficient) */
	NODE_SCOPE,    /* child 0 on the tensors of `pattern`, 0 elsewhere */
	NODE_CALL,     /* `method` of the children, with its arguments */
} NodeKind;

/* Bounds on what is parsed, so that a hostile text costs little. */
#define EXPRESSION_TEXT_MOST 65536u
#define EXPRESSION_COEFFICIENT_MOST 1e100
#define EXPRESSION_DEPTH_MOST 500u    /* of the tree: also a long chain of + */
#define EXPRESSION_NESTING_MOST 1000u /* brackets and signs; a tree prints with twice its depth */
#define EXPRESSION_CALLS_MOST 8u      /* calls inside of one another */

typedef struct Node Node;

/* A parameter of a call, one for each row of its method's table. */
typedef struct {
	gboolean given; /* in the text */
	Node *number;   /* NUMBER and COUNT: a coefficient; NULL: what the method takes anyway */
	guint choice;   /* CHOICE: which word, also where it is not given */
	char *text;     /* TEXT; NULL where it is not given */
} Argument;

/* A node belongs to the collection that it was parsed against. */
struct Node {
	NodeKind kind;
	guint column;       /* where it stands in the text, from 1 */
	guint depth;        /* of the tree below it; 1 for a leaf */
	gboolean is_vector; /* a task vector, else a coefficient */
	guint member;       /* NODE_TASK; 0: the base, whose task vector is 0 */
	double number;      /* NODE_NUMBER */
	guint anchors;      /* NODE_RAMP: two or more */
	double *anchor;     /* NODE_RAMP: [anchors] */
	char *pattern;      /* NODE_SCOPE */
	guint8 *chosen; /* NODE_SCOPE: [base tensors] whether the pattern chooses it; g_rc_box */
	double *place;  /* NODE_RAMP: [base tensors] as linear_places gives it; of calls that are
			   by depth as linear_block_places does; g_rc_box */
	const struct Method *method; /* NODE_CALL: a row of the table */
	Argument *argument;          /* NODE_CALL: [the method's parameters] */
	guint call; /* NODE_CALL: its number among the calls of the whole edit, inner ones first */
	GPtrArray *children; /* of Node; empty for a leaf; of a call its inputs */
};

/* What a call takes where its text does not say: of the recipe, or of --dialect and --seed. */
typedef struct {
	guint dialect; /* DIALECT_PAPER or DIALECT_MERGEKIT (method.h) */
	guint64 seed;
} ExpressionDefaults;

/* Parses and checks: names exist, types fit, scopes choose something.  An error (ERROR_USAGE) names
 * the column, what was expected and the nearest name.  NULL with *error set. */
Node *expression_parse(const Collection *collection, const char *text, GError **error);
/* The same with other defaults than paper and 0 (NULL: these).  The tree says then what it took:
 * printed, it parses to the same edit without them. */
Node *expression_parse_with(const Collection *collection, const char *text,
	const ExpressionDefaults *defaults, GError **error);
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

/* The members that take part, ascending, each once; not the base. */
GArray *expression_members(const Node *node);
/* The calls of an edit by their numbers: GPtrArray of const Node, inner ones first. */
GPtrArray *expression_calls(const Node *edit);
/* Whether a node's value may be other than 0 on a tensor: its scopes choose it, and a member that
 * takes part shares it, or a method makes something of whole weights. */
gboolean expression_acts(const Collection *collection, const Node *node, guint tensor);

#endif
