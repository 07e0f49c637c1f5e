/* parser.h - what the rules of the grammar share; for expression_parse.c and expression_call.c.
 *
 * Each rule returns NULL where the error is already set.  `token` is always the next one that is
 * not taken yet. */
#ifndef TAUSCOPE_PARSER_H
#define TAUSCOPE_PARSER_H

#include "edit/expression.h"
#include "edit/token.h"

typedef struct {
	const Collection *collection;
	const char *text;
	ExpressionDefaults defaults;
	Token token;
	gsize counted; /* bytes before the token, */
	guint before;  /* which are so many characters */
	guint nesting; /* brackets and signs that are open */
	guint calls;   /* calls that are open */
	/* What nodes of one tree share, as g_rc_box: made once, however often a text asks for it.
	 */
	double *places, *block_places;
	GHashTable *chosen; /* pattern → guint8[base tensors] */
	GError **error;
} Parser;

gboolean parser_at_symbol(const Parser *parser, char symbol);
/* Takes the token and reads the next one. */
gboolean parser_advance(Parser *parser);
/* The column of the next token. */
guint parser_column(const Parser *parser);

/* Fails at the next token: what was expected, and what is there. */
Node *parser_fail_expected(Parser *parser, const char *expected);
/* Fails at a column.  What stands behind a semicolon of the sentence is the remedy. */
Node *parser_fail(Parser *parser, guint column, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* linear_places or linear_block_places, to be released with the node. */
double *parser_places(Parser *parser, gboolean blocks);
/* The node, unless the tree has grown too deep. */
Node *parser_bounded(Parser *parser, Node *node);

Node *parser_sum(Parser *parser);
/* The closing bracket of what was opened at column `open`. */
gboolean parser_close_bracket(Parser *parser, guint open);

/* A call of `name`, which stands at column `at`; the next token is its bracket. */
Node *parser_call(Parser *parser, const char *name, guint at);

/* What must hold of a call once all its arguments are there. */
gboolean call_check(Parser *parser, const Node *call);

#endif
