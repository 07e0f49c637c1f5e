/* contents.c - what is in a store, as JSON and as a table. */
#include "cli/contents.h"

static const char *const role_names[] = {"base", "task", "step"};

static guint members_of(const Store *store)
{
	return store->collection ? collection_members(store->collection) : 0;
}

static const StoreMember *stored(const Store *store, guint member)
{
	return store->members->pdata[member];
}

static const char *weights_of(const Store *store, guint member)
{
	return stored(store, member)->copied ? "copied" : "linked";
}

const char *contents_weights(const Store *store)
{
	guint copied = 0, members = members_of(store);
	for (guint i = 0; i < members; i++)
		copied += stored(store, i)->copied ? 1 : 0;
	return copied == 0 ? "linked" : copied == members ? "copied" : "mixed";
}

cJSON *contents_member_json(const Store *store, guint member)
{
	const Member *row = collection_member(store->collection, member);
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "name", row->name);
	cJSON_AddStringToObject(object, "role", role_names[row->role]);
	if (row->run)
		cJSON_AddStringToObject(object, "run", row->run);
	if (row->step >= 0)
		json_add_uint(object, "step", (guint64)row->step);
	cJSON_AddStringToObject(object, "path", row->checkpoint->path);
	cJSON_AddStringToObject(
		object, "state", source_state_name(store_member_state(store, member)));
	cJSON_AddStringToObject(object, "weights", weights_of(store, member));
	cJSON_AddBoolToObject(object, "known", stored(store, member)->known);
	json_add_uint(object, "bytes", checkpoint_stored_bytes(row->checkpoint));
	return object;
}

static cJSON *edits_json(const Store *store)
{
	cJSON *list = cJSON_CreateArray();
	for (guint i = 0; i < store->edits->len; i++) {
		const StoreEdit *edit = store->edits->pdata[i];
		cJSON *object = cJSON_CreateObject();
		cJSON_AddStringToObject(object, "name", edit->name);
		cJSON_AddStringToObject(object, "expression", edit->expression);
		json_add_number(object, "scale", edit->scale);
		cJSON_AddItemToArray(list, object);
	}
	return list;
}

cJSON *contents_json(const Store *store)
{
	cJSON *result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "store", store->path);
	cJSON *list = cJSON_AddArrayToObject(result, "checkpoints");
	for (guint i = 0; i < members_of(store); i++)
		cJSON_AddItemToArray(list, contents_member_json(store, i));
	if (store->collection) {
		const Checkpoint *base = collection_member(store->collection, 0)->checkpoint;
		json_add_uint(result, "tensors", collection_tensors(store->collection));
		json_add_uint(result, "elements", checkpoint_elements(base));
	}
	cJSON_AddBoolToObject(result, "gram_complete", store_is_complete(store));
	cJSON_AddStringToObject(result, "weights", contents_weights(store));
	cJSON_AddItemToObject(result, "edits", edits_json(store));
	return result;
}

static Table *columns_new(const char *title)
{
	Table *table = table_new(title);
	table_add_text_column(table, "name");
	table_add_text_column(table, "role");
	table_add_number_column(table, "bytes");
	table_add_text_column(table, "weights");
	table_add_text_column(table, "state");
	table_add_text_column(table, "path");
	return table;
}

static void add_row(Table *table, const Store *store, guint member)
{
	const Member *row = collection_member(store->collection, member);
	table_add_text(table, row->name);
	table_add_text(table, role_names[row->role]);
	table_add_count(table, checkpoint_stored_bytes(row->checkpoint));
	table_add_text(table, weights_of(store, member));
	table_add_text(table, source_state_name(store_member_state(store, member)));
	table_add_text(table, row->checkpoint->path);
}

Table *contents_table(const Store *store)
{
	g_autofree char *title =
		g_strdup_printf("%s: %u checkpoints, inner products %s", store->path,
			members_of(store), store_is_complete(store) ? "complete" : "not complete");
	Table *table = columns_new(title);
	for (guint i = 0; i < members_of(store); i++)
		add_row(table, store, i);
	return table;
}
