/* session_state.c - what outlives the program: marks, compositions and edits, in the store. */
#include "session_private.h"

#include "core/json.h"

#include <math.h>
#include <string.h>

#define STATE_UNMARKED "unmarked"
#define STATE_COMPOSITION "composition"
#define STATE_REFERENCE "reference"
#define EDIT_CURRENT "current"

static cJSON *term_to_json(const Term *term)
{
	cJSON *object = cJSON_CreateObject();
	json_add_number(object, "coefficient", term->coefficient);
	cJSON_AddStringToObject(object, "body", term->body);
	if (term->scope)
		cJSON_AddStringToObject(object, "scope", term->scope);
	cJSON_AddBoolToObject(object, "on", term->on);
	return object;
}

/* A composition, with the terms that are off, as JSON. */
static char *composition_to_text(const Composition *composition)
{
	g_autoptr(cJSON) object = cJSON_CreateObject();
	json_add_number(object, "scale", composition->scale);
	cJSON *terms = cJSON_AddArrayToObject(object, "terms");
	for (guint i = 0; i < composition->terms->len; i++)
		cJSON_AddItemToArray(
			terms, term_to_json(&g_array_index(composition->terms, Term, i)));
	return json_text(object);
}

static const cJSON *item_of(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

static gboolean add_term(Composition *composition, const cJSON *object)
{
	const cJSON *coefficient = item_of(object, "coefficient"), *body = item_of(object, "body");
	if (!cJSON_IsNumber(coefficient) || !isfinite(coefficient->valuedouble) ||
		!cJSON_IsString(body))
		return FALSE;
	composition_add(composition, coefficient->valuedouble, body->valuestring,
		cJSON_GetStringValue(item_of(object, "scope")));
	g_array_index(composition->terms, Term, composition->terms->len - 1).on =
		!cJSON_IsFalse(item_of(object, "on"));
	return TRUE;
}

/* NULL where the text is none. */
static Composition *composition_from_text(const char *text)
{
	g_autoptr(cJSON) object = text ? json_parse(text, strlen(text), NULL) : NULL;
	const cJSON *scale = item_of(object, "scale"), *term;
	if (!cJSON_IsNumber(scale) || !isfinite(scale->valuedouble))
		return NULL;
	g_autoptr(Composition) composition = composition_new();
	composition->scale = scale->valuedouble;
	cJSON_ArrayForEach (term, item_of(object, "terms"))
		if (!add_term(composition, term))
			return NULL;
	return g_steal_pointer(&composition);
}

/* What says nothing is not kept. */
static void put_composition(Session *session, const char *key, const Composition *composition)
{
	g_autoptr(Composition) nothing = composition_new();
	gboolean empty = !composition || composition_equal(composition, nothing);
	g_autofree char *text = empty ? NULL : composition_to_text(composition);
	session_set(session, key, text);
}

static Composition *take_composition(const Session *session, const char *key)
{
	return composition_from_text(session_get(session, key));
}

/* Of tasks that are still there, in a fixed order. */
static void put_marks(Session *session)
{
	g_autoptr(GString) names = g_string_new(NULL);
	const Collection *collection = session_collection(session);
	for (guint i = 0; collection && i < collection_members(collection); i++) {
		const char *name = collection_member(collection, i)->name;
		if (g_hash_table_contains(session->unmarked, name))
			g_string_append_printf(names, "%s%s", names->len ? "\n" : "", name);
	}
	session_set(session, STATE_UNMARKED, names->len ? names->str : NULL);
}

static void take_marks(Session *session)
{
	const char *text = session_get(session, STATE_UNMARKED);
	g_auto(GStrv) names = text ? g_strsplit(text, "\n", -1) : NULL;
	for (char **name = names; name && *name; name++)
		g_hash_table_add(session->unmarked, g_strdup(*name));
}

/* The composition also as an edit, which anyone can read and repeat. */
static void put_edit(Session *session)
{
	g_autofree char *text = composition_text(session->composition);
	if (*text)
		store_add_edit(session->store, EDIT_CURRENT, text, session->composition->scale);
	else
		store_drop_edit(session->store, EDIT_CURRENT);
}

static void put_state(Session *session)
{
	put_marks(session);
	put_composition(session, STATE_COMPOSITION, session->composition);
	put_composition(session, STATE_REFERENCE, session->reference);
	put_edit(session);
}

void session_state_take(Session *session)
{
	take_marks(session);
	session->composition = take_composition(session, STATE_COMPOSITION);
	if (!session->composition)
		session->composition = composition_new();
	session->reference = take_composition(session, STATE_REFERENCE);
}

char *session_state_summary(const Session *session)
{
	const Store *store = session->store;
	g_autoptr(GList) keys =
		g_list_sort(g_hash_table_get_keys(store->state), (GCompareFunc)strcmp);
	GString *summary = g_string_new(NULL);
	for (const GList *key = keys; key; key = key->next)
		g_string_append_printf(summary, "%s\n%s\n", (const char *)key->data,
			session_get(session, key->data));
	for (guint i = 0; i < store->edits->len; i++) {
		const StoreEdit *edit = store->edits->pdata[i];
		g_string_append_printf(
			summary, "%s\n%s\n%a\n", edit->name, edit->expression, edit->scale);
	}
	return g_string_free(summary, FALSE);
}

/* A session that only looked leaves the store alone; one without a checkpoint makes none. */
gboolean session_save(Session *session, GError **error)
{
	Store *store = session->store;
	gboolean held = store->lock >= 0;
	put_state(session);
	g_autofree char *summary = session_state_summary(session);
	if (!store->collection || g_str_equal(summary, session->saved))
		return TRUE;
	previews_stop(session->previews);
	gboolean ok = store_commit(store, error);
	if (!held)
		store_unlock(store);
	if (ok) {
		g_free(session->saved);
		session->saved = g_steal_pointer(&summary);
	}
	return ok;
}
