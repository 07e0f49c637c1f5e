/* expression_complete.c - the names that can stand at a place in the text of an edit.
 *
 * The tokens before the place say what can follow: which call is open, whether an operand or an
 * operator is next.  The text is unfinished, so nothing is asked of it beyond that. */
#include "edit/expression_complete.h"

#include "edit/method.h"
#include "edit/token.h"

#include <string.h>

/* What has been opened and not closed: a call, or plain brackets. */
typedef struct {
	const Method *method;     /* NULL: brackets, or a function of coefficients */
	gboolean of_coefficients; /* ramp, first, the value of a parameter: numbers stand in it */
	guint64 given;            /* a bit for each parameter that has stood there */
	gint parameter;           /* whose value is next, or -1 */
} Frame;

typedef struct {
	const Collection *collection;
	const char *word; /* what is typed of the name, without its opening quote */
	GPtrArray *found; /* of char * */
} Search;

typedef struct {
	GArray *frames; /* of Frame; the first is the whole text */
	char *last;     /* the name before the next token, or NULL */
	gboolean wants_operand;
	gboolean begins_argument;
	gboolean in_scope;
	gsize start; /* where the word begins that is being typed */
} Reading;

static Frame *innermost(const Reading *reading)
{
	return &g_array_index(reading->frames, Frame, reading->frames->len - 1);
}

/* A bracket; with a name before it, a call. */
static void open_frame(Reading *reading)
{
	const Frame *outer = innermost(reading);
	const char *name = reading->last;
	Frame frame = {.method = name ? method_find(name) : NULL, .parameter = -1};
	frame.of_coefficients = outer->of_coefficients || outer->parameter >= 0 ||
				(name && (g_str_equal(name, "ramp") || g_str_equal(name, "first")));
	g_array_append_val(reading->frames, frame);
}

static void close_frame(Reading *reading)
{
	if (reading->frames->len > 1)
		g_array_set_size(reading->frames, reading->frames->len - 1);
}

static void name_parameter(Reading *reading)
{
	Frame *frame = innermost(reading);
	gint parameter = frame->method && reading->last
				 ? method_parameter(frame->method, reading->last)
				 : -1;
	frame->parameter = parameter;
	if (parameter >= 0)
		frame->given |= G_GUINT64_CONSTANT(1) << parameter;
}

static void take_symbol(Reading *reading, char symbol)
{
	if (symbol == '(')
		open_frame(reading);
	else if (symbol == ')')
		close_frame(reading);
	else if (symbol == '=')
		name_parameter(reading);
	else if (symbol == ',')
		innermost(reading)->parameter = -1;
	reading->wants_operand = symbol != ')';
	reading->begins_argument = symbol == '(' || symbol == ',';
	g_clear_pointer(&reading->last, g_free);
}

static void take_operand(Reading *reading, Token *token)
{
	g_free(reading->last);
	gboolean plain = token->kind == TOKEN_NAME && !token->quoted && token->step < 0;
	reading->last = plain ? g_steal_pointer(&token->name) : NULL;
	reading->wants_operand = FALSE;
	reading->begins_argument = FALSE;
}

/* Past a scope; FALSE where it is not closed, and a pattern is being typed. */
static gboolean skip_scope(Reading *reading, const char *text, gsize open, gsize *at)
{
	g_autofree char *pattern = token_pattern(text, open, at, NULL);
	if (pattern)
		return TRUE;
	const char *comma = strrchr(text + open, ',');
	reading->start = comma ? (gsize)(comma - text) + 1 : open + 1;
	reading->in_scope = TRUE;
	return FALSE;
}

/* Takes one token of the text; FALSE where it is the one that is being typed, or cannot be. */
static gboolean read_one(Reading *reading, const char *text, gsize *at)
{
	Token token;
	gboolean whole = token_read(text, *at, &token, NULL);
	gboolean typed =
		!whole || token.kind == TOKEN_END || (token.kind == TOKEN_NAME && !text[token.end]);
	reading->start = token.start;
	if (typed)
		reading->wants_operand &= whole || token.kind == TOKEN_NAME;
	else if (token.kind == TOKEN_SYMBOL && token.symbol == '[')
		typed = !skip_scope(reading, text, token.start, &token.end);
	else if (token.kind == TOKEN_SYMBOL)
		take_symbol(reading, token.symbol);
	else
		take_operand(reading, &token);
	*at = token.end;
	token_clear(&token);
	return !typed;
}

/* Adds a text where the name in it begins as what is typed does; takes the text. */
static void offer(Search *search, const char *name, char *text)
{
	if (g_str_has_prefix(name, search->word))
		g_ptr_array_add(search->found, text);
	else
		g_free(text);
}

static void offer_tasks(Search *search)
{
	guint members = collection_members(search->collection);
	for (guint i = 1; i < members; i++) {
		const char *name = collection_member(search->collection, i)->name;
		offer(search, name, expression_name(name));
	}
	offer(search, "base", g_strdup("base"));
}

static void offer_coefficients(Search *search)
{
	offer(search, "ramp", g_strdup("ramp("));
	offer(search, "first", g_strdup("first("));
}

static void offer_methods(Search *search)
{
	for (const Method *const *method = methods; *method; method++)
		offer(search, (*method)->name, g_strconcat((*method)->name, "(", NULL));
	offer_coefficients(search);
}

/* Those of a call that have not been given. */
static void offer_parameters(Search *search, const Frame *frame)
{
	const Parameter *parameters = frame->method->parameters;
	for (guint i = 0; i < method_parameters(frame->method); i++)
		if (!(frame->given >> i & 1))
			offer(search, parameters[i].name,
				g_strconcat(parameters[i].name, "=", NULL));
}

static void offer_value(Search *search, const Parameter *parameter)
{
	if (parameter->type == PARAMETER_NUMBER)
		offer_coefficients(search);
	if (parameter->type != PARAMETER_CHOICE)
		return;
	g_auto(GStrv) words = g_strsplit(parameter->choices, " ", -1);
	for (guint i = 0; words[i]; i++)
		offer(search, words[i], g_strdup(words[i]));
}

/* Takes the name. */
static void offer_new(Search *search, GHashTable *seen, char *name)
{
	g_autofree char *copy = g_strdup(name);
	if (g_hash_table_add(seen, name) && *copy)
		offer(search, copy, g_strdup(copy));
}

/* Layers, kinds, and the first words of kinds. */
static void offer_tensors(Search *search)
{
	const Collection *collection = search->collection;
	guint tensors = collection_tensors(collection);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < tensors; i++)
		if (collection_is_float(collection, i))
			offer_new(search, seen, g_strdup(collection->layer[i]));
	for (guint i = 0; i < tensors; i++) {
		const char *kind = collection->kind[i];
		if (!collection_is_float(collection, i))
			continue;
		offer_new(search, seen, g_strndup(kind, strcspn(kind, ".")));
		offer_new(search, seen, g_strdup(kind));
	}
}

static void offer_operand(Search *search, const Reading *reading)
{
	const Frame *frame = innermost(reading);
	if (frame->method && frame->parameter >= 0) {
		offer_value(search, &frame->method->parameters[frame->parameter]);
		return;
	}
	if (frame->of_coefficients)
		return;
	if (frame->method && reading->begins_argument)
		offer_parameters(search, frame);
	offer_tasks(search);
	offer_methods(search);
}

static void read_all(Reading *reading, const char *text)
{
	Frame whole = {.parameter = -1};
	gsize at = 0;
	g_array_append_val(reading->frames, whole);
	while (read_one(reading, text, &at))
		continue;
	if (reading->in_scope)
		while (g_ascii_isspace(text[reading->start]))
			reading->start++;
	g_clear_pointer(&reading->last, g_free);
}

char **expression_complete(
	const Collection *collection, const char *text, gsize cursor, gsize *start)
{
	g_autofree char *before = g_strndup(text, cursor);
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(Frame));
	Reading reading = {.frames = frames, .wants_operand = TRUE};
	read_all(&reading, before);
	const char *word = before + reading.start;
	GPtrArray *found = g_ptr_array_new();
	Search search = {collection, word + (*word == '"'), found};
	if (reading.in_scope)
		offer_tensors(&search);
	else if (reading.wants_operand)
		offer_operand(&search, &reading);
	*start = reading.start;
	g_ptr_array_add(found, NULL);
	return (char **)g_ptr_array_free(found, FALSE);
}
