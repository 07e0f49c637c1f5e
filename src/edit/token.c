/* token.c - the words of the language of edits, and errors that name their column.
 *
 * A token is read when it is asked for, so that the pattern of a scope, which follows other rules,
 * can be taken from the text between two tokens. */
#include "edit/token.h"

#include "core/error.h"

#include <math.h>
#include <string.h>

static gboolean starts_word(char c)
{
	return g_ascii_isalpha(c) || c == '_';
}

static gboolean continues_word(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '.';
}

gboolean token_is_word(const char *name)
{
	if (!starts_word(*name))
		return FALSE;
	while (continues_word(*name))
		name++;
	return !*name;
}

/* The column of a byte, from 1, in characters. */
static guint token_column(const char *text, gsize at)
{
	return (guint)g_utf8_strlen(text, (gssize)at) + 1;
}

gboolean token_fail(
	const char *text, gsize at, const char *remedy, GError **error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *sentence = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return fail_at(error, ERROR_USAGE, (Place){.remedy = remedy}, "column %u: %s",
		token_column(text, at), sentence);
}

static gsize skip_digits(const char *text, gsize at)
{
	while (g_ascii_isdigit(text[at]))
		at++;
	return at;
}

/* The end of digits [. digits] [e [sign] digits] from `at`. */
static gsize number_end(const char *text, gsize at)
{
	gsize end = skip_digits(text, at);
	if (text[end] == '.')
		end = skip_digits(text, end + 1);
	if (text[end] != 'e' && text[end] != 'E')
		return end;
	gsize digits = end + 1 + (text[end + 1] == '+' || text[end + 1] == '-');
	return g_ascii_isdigit(text[digits]) ? skip_digits(text, digits) : end;
}

static gboolean read_number(const char *text, Token *token, GError **error)
{
	token->kind = TOKEN_NUMBER;
	token->end = number_end(text, token->start);
	g_autofree char *digits = g_strndup(text + token->start, token->end - token->start);
	token->number = g_ascii_strtod(digits, NULL);
	if (!isfinite(token->number))
		return token_fail(
			text, token->start, NULL, error, "the number %s is too large", digits);
	if (continues_word(text[token->end]))
		return token_fail(text, token->end, NULL, error,
			"expected an operator after the number %s, as in 0.5*task", digits);
	return TRUE;
}

/* A step's number right behind a name. */
static gboolean read_step(const char *text, Token *token, GError **error)
{
	gsize digits = token->end + 1, end = skip_digits(text, digits);
	if (end == digits)
		return token_fail(text, token->end, NULL, error,
			"expected the number of a step after @, as in %s@400", token->name);
	guint64 step = g_ascii_strtoull(text + digits, NULL, 10);
	if (step > G_MAXINT64)
		return token_fail(text, digits, NULL, error, "the number of the step is too large");
	token->step = (gint64)step;
	token->end = end;
	return TRUE;
}

static gboolean read_quoted(const char *text, Token *token, GError **error)
{
	const char *close = strchr(text + token->start + 1, '"');
	if (!close)
		return token_fail(text, token->start, "add a \"", error, "the quote is not closed");
	token->quoted = TRUE;
	token->end = (gsize)(close - text) + 1;
	token->name = g_strndup(text + token->start + 1, token->end - token->start - 2);
	return TRUE;
}

static void read_word(const char *text, Token *token)
{
	token->end = token->start;
	while (continues_word(text[token->end]))
		token->end++;
	token->name = g_strndup(text + token->start, token->end - token->start);
}

static gboolean read_name(const char *text, Token *token, GError **error)
{
	token->kind = TOKEN_NAME;
	if (text[token->start] != '"')
		read_word(text, token);
	else if (!read_quoted(text, token, error))
		return FALSE;
	return text[token->end] == '@' ? read_step(text, token, error) : TRUE;
}

static gboolean read_symbol(const char *text, Token *token, GError **error)
{
	token->kind = TOKEN_SYMBOL;
	token->symbol = text[token->start];
	token->end = token->start + 1;
	if (strchr("+-*/()[],=", token->symbol))
		return TRUE;
	const char *next = g_utf8_next_char(text + token->start);
	return token_fail(text, token->start, "a name that is not a plain word is quoted with \"",
		error, "%.*s is not a sign of this language",
		(int)(next - text - (gssize)token->start), text + token->start);
}

gboolean token_read(const char *text, gsize at, Token *token, GError **error)
{
	while (g_ascii_isspace(text[at]))
		at++;
	*token = (Token){.kind = TOKEN_END, .start = at, .end = at, .step = -1};
	char c = text[at];
	if (!c)
		return TRUE;
	if (g_ascii_isdigit(c) || (c == '.' && g_ascii_isdigit(text[at + 1])))
		return read_number(text, token, error);
	if (starts_word(c) || c == '"')
		return read_name(text, token, error);
	return read_symbol(text, token, error);
}

void token_clear(Token *token)
{
	g_clear_pointer(&token->name, g_free);
}

char *token_pattern(const char *text, gsize open, gsize *end, GError **error)
{
	gsize at = open + 1;
	for (guint depth = 1; depth; at++) {
		if (!text[at]) {
			token_fail(text, open, "add a ]", error, "the scope is not closed");
			return NULL;
		}
		depth += text[at] == '[';
		depth -= text[at] == ']';
	}
	*end = at;
	char *pattern = g_strstrip(g_strndup(text + open + 1, at - open - 2));
	if (*pattern)
		return pattern;
	g_free(pattern);
	token_fail(text, open, "name a layer, a kind or a glob, as in [blocks.0-5] or [*.attn.*]",
		error, "the scope is empty");
	return NULL;
}
