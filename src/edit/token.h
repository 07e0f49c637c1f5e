/* token.h - the words of the language of edits, and errors that name their column. */
#ifndef TAUSCOPE_TOKEN_H
#define TAUSCOPE_TOKEN_H

#include <glib.h>

typedef enum { TOKEN_END, TOKEN_NUMBER, TOKEN_NAME, TOKEN_SYMBOL } TokenKind;

typedef struct {
	TokenKind kind;
	gsize start, end; /* bytes of the text */
	char symbol;      /* one of + - * / ( ) [ ] , = */
	double number;
	char *name; /* without its quotes; owned */
	gboolean quoted;
	gint64 step; /* after a name's @, or -1 */
} Token;

/* Reads the token at or after byte `at`; token->start is set on failure too. */
gboolean token_read(const char *text, gsize at, Token *token, GError **error);
void token_clear(Token *token);

/* The pattern of a scope that opens at byte `open`, trimmed; *end is the byte after its ]. */
char *token_pattern(const char *text, gsize open, gsize *end, GError **error);

/* Whether a name can stand without quotes. */
gboolean token_is_word(const char *name);

/* Sets *error to "column N: ..." (ERROR_USAGE), with a remedy or NULL, and returns FALSE. */
gboolean token_fail(const char *text, gsize at, const char *remedy, GError **error,
	const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
