/* resolve.c - the names in an edit: which member they mean, and what to say where they mean none.
 */
#include "edit/resolve.h"

#include "core/error.h"
#include "core/text.h"
#include "edit/method.h"

#include <string.h>

static char *token_text(const Token *token)
{
	return token->step < 0 ? g_strdup(token->name)
			       : g_strdup_printf("%s@%" G_GINT64_FORMAT, token->name, token->step);
}

/* A run's final checkpoint goes by the run's name, but may be asked for by its step. */
static gint find_final(const Collection *collection, const Token *token)
{
	for (guint i = 1; i < collection_members(collection); i++) {
		const Member *member = collection_member(collection, i);
		if (token->step >= 0 && member->step == token->step &&
			g_strcmp0(member->run, token->name) == 0)
			return (gint)i;
	}
	return -1;
}

/* Whether the name stands in the text so that it covers byte `at`, outside of quotes. */
static gboolean covers(const char *text, gsize at, const char *name)
{
	gsize length = strlen(name);
	for (const char *found = strstr(text, name); found; found = strstr(found + 1, name)) {
		gsize start = (gsize)(found - text);
		if (start <= at && at < start + length)
			return start == 0 || text[start - 1] != '"';
	}
	return FALSE;
}

gboolean resolve_wants_quotes(
	const Collection *collection, const char *text, gsize at, GError **error)
{
	for (guint i = 1; i < collection_members(collection); i++) {
		const char *name = collection_member(collection, i)->name;
		g_autofree char *quoted = expression_name(name);
		if (*quoted != '"' || !covers(text, at, name))
			continue;
		g_autofree char *remedy = g_strdup_printf("quote it as %s", quoted);
		token_fail(text, at, remedy, error, "the name %s is not a plain word", name);
		return TRUE;
	}
	return FALSE;
}

/* The names that may stand in an edit; the strings are the collection's. */
static GPtrArray *known_names(const Collection *collection)
{
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 1; i < collection_members(collection); i++)
		g_ptr_array_add(names, collection_member(collection, i)->name);
	return names;
}

/* The step nearest to the one that is asked for, or -1 where there is no such run. */
static gint64 nearest_step(const Collection *collection, const Token *token)
{
	gint64 nearest = -1;
	for (guint i = 1; i < collection_members(collection); i++) {
		const Member *member = collection_member(collection, i);
		if (member->step < 0 || g_strcmp0(member->run, token->name) != 0)
			continue;
		if (nearest < 0 || ABS(member->step - token->step) < ABS(nearest - token->step))
			nearest = member->step;
	}
	return nearest;
}

static gboolean fail_step(
	const Collection *collection, const char *text, const Token *token, GError **error)
{
	gint64 nearest = nearest_step(collection, token);
	if (nearest < 0)
		return token_fail(text, token->start, NULL, error, "%s has no steps", token->name);
	g_autofree char *remedy =
		g_strdup_printf("the nearest is %s@%" G_GINT64_FORMAT, token->name, nearest);
	return token_fail(text, token->start, remedy, error, "%s has no step %" G_GINT64_FORMAT,
		token->name, token->step);
}

static gboolean fail_unknown(
	const Collection *collection, const char *text, const Token *token, GError **error)
{
	g_autoptr(GPtrArray) names = known_names(collection);
	const char *nearest =
		text_nearest(token->name, (const char *const *)names->pdata, names->len);
	g_autofree char *quoted = nearest ? expression_name(nearest) : NULL;
	g_autofree char *remedy = quoted ? g_strdup_printf("the nearest name is %s", quoted) : NULL;
	return token_fail(text, token->start, remedy, error, "there is no task %s", token->name);
}

static gboolean fail_name(
	const Collection *collection, const char *text, const Token *token, GError **error)
{
	if (!token->quoted && resolve_wants_quotes(collection, text, token->start, error))
		return FALSE;
	if (token->step >= 0 && collection_find(collection, token->name) > 0)
		return fail_step(collection, text, token, error);
	return fail_unknown(collection, text, token, error);
}

gboolean resolve_task(const Collection *collection, const char *text, const Token *token,
	guint *member, GError **error)
{
	g_autofree char *name = token_text(token);
	gint found = collection_find(collection, name);
	if (found < 0)
		found = find_final(collection, token);
	if (found < 0)
		return fail_name(collection, text, token, error);
	*member = (guint)found;
	return TRUE;
}

/* The functions of coefficients, which are not in the table. */
static const char *const of_coefficients[] = {"ramp", "first"};

/* Methods that have another name in mergekit. */
static const struct {
	const char *theirs, *ours;
} of_mergekit[] = {
	{"linear", "average"},
	{"task_arithmetic", "sum"},
	{"dare_linear", "dare"},
	{"model_stock", "stock"},
};

static const char *nearest_method(const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	for (gsize i = 0; i < G_N_ELEMENTS(of_coefficients); i++)
		g_ptr_array_add(names, (gpointer)of_coefficients[i]);
	for (const Method *const *method = methods; *method; method++)
		g_ptr_array_add(names, (gpointer)(*method)->name);
	return text_nearest(name, (const char *const *)names->pdata, names->len);
}

static char *method_remedy(const char *name)
{
	for (gsize i = 0; i < G_N_ELEMENTS(of_mergekit); i++)
		if (g_str_equal(name, of_mergekit[i].theirs))
			return g_strdup_printf(
				"mergekit's %s is %s here", name, of_mergekit[i].ours);
	const char *nearest = nearest_method(name);
	return nearest ? g_strdup_printf("the nearest is %s", nearest)
		       : g_strdup("tauscope --methods lists them");
}

void resolve_fail_method(const char *name, guint column, GError **error)
{
	g_autofree char *remedy = method_remedy(name);
	fail_at(error, ERROR_USAGE, (Place){.remedy = remedy}, "column %u: there is no method %s",
		column, name);
}
