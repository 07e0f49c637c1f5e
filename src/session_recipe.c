/* session_recipe.c - an edit written down with all that takes part in it. */
#include "session_private.h"

#include "method/mask.h"
#include "edit/method.h"
#include "export/model_type.h"

static void add_member(const Session *session, Recipe *recipe, guint member)
{
	const Member *named = collection_member(session_collection(session), member);
	const StoreMember *known = session->store->members->pdata[member];
	recipe_add_input(recipe, named->name, member_role_name(named->role),
		named->checkpoint->path, known->hash);
}

static void add_members(const Session *session, Recipe *recipe, const Node *edit)
{
	g_autoptr(GArray) members = expression_members(edit);
	add_member(session, recipe, 0);
	for (guint i = 0; i < members->len; i++)
		if (g_array_index(members, guint, i) != 0)
			add_member(session, recipe, g_array_index(members, guint, i));
}

/* The file of a call's masks, each file once; its contents are looked at when it is read. */
static void add_mask(Recipe *recipe, const Node *call)
{
	gint mask = method_parameter(call->method, MASK_PARAMETER);
	const char *text = mask < 0 ? NULL : call->argument[mask].text;
	g_autofree char *path = text ? mask_path(text) : NULL;
	if (path && !recipe_find(recipe, RECIPE_MASK, path))
		recipe_add_input(recipe, path, RECIPE_MASK, path, NULL);
}

static void add_masks(Recipe *recipe, const Node *edit)
{
	g_autoptr(GPtrArray) calls = expression_calls(edit);
	for (guint i = 0; i < calls->len; i++)
		add_mask(recipe, calls->pdata[i]);
}

/* The printed edit says what it takes other than the paper's way and a seed of 0, so that these
 * are the defaults that the recipe is to be read with, whatever those were that it came from. */
Recipe *session_recipe(const Session *session, const EditChoice *choice, GError **error)
{
	const Collection *collection = session_collection(session);
	gint dtype = -1;
	if (!session_check_loaded(session, error) ||
		(choice->dtype && !model_type_from_word(choice->dtype, &dtype, error)))
		return NULL;
	g_autoptr(Node) edit =
		expression_parse_with(collection, choice->expression, &choice->defaults, error);
	if (!edit)
		return NULL;
	g_autofree char *canonical = expression_print(collection, edit);
	Recipe *recipe = recipe_new(canonical, choice->scale);
	recipe_set_part(recipe, model_part_name(choice->part));
	recipe_set_dtype(
		recipe, choice->dtype ? model_type_name(dtype) : recipe_dtype_otherwise(recipe));
	recipe->infinite = choice->infinite;
	add_members(session, recipe, edit);
	add_masks(recipe, edit);
	return recipe;
}

gboolean session_check_weights(const Session *session, const Node *edit, GError **error)
{
	g_autoptr(GArray) members = expression_members(edit);
	gboolean ok = store_member_usable(session->store, 0, error);
	for (guint i = 0; ok && i < members->len; i++)
		ok = store_member_usable(session->store, g_array_index(members, guint, i), error);
	return ok;
}
