/* report_checkpoint.c - what is in a checkpoint, as JSON and as a table. */
#include "export/report.h"

#include "export/report_json.h"

#include <string.h>

static const char *file_path(const Checkpoint *checkpoint, const Tensor *tensor)
{
	return ((const CheckpointFile *)checkpoint->files->pdata[tensor->file])->path;
}

static cJSON *shape_json(const Tensor *tensor)
{
	cJSON *shape = cJSON_CreateArray();
	for (guint i = 0; i < tensor->rank; i++)
		cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[i]));
	return shape;
}

static cJSON *tensor_json(const Checkpoint *checkpoint, const Tensor *tensor)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "name", tensor->name);
	cJSON_AddStringToObject(json, "type", dtype_info(tensor->dtype)->name);
	cJSON_AddItemToObject(json, "shape", shape_json(tensor));
	json_add_uint(json, "bytes", tensor->bytes);
	cJSON_AddStringToObject(json, "file", file_path(checkpoint, tensor));
	json_add_uint(json, "offset", tensor->offset);
	return json;
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

static cJSON *metadata_json(GHashTable *metadata)
{
	cJSON *json = cJSON_CreateObject();
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(metadata), compare_keys);
	for (const GList *key = keys; key; key = key->next)
		cJSON_AddStringToObject(json, key->data, g_hash_table_lookup(metadata, key->data));
	return json;
}

static cJSON *skipped_json(const GPtrArray *skipped)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < skipped->len; i++) {
		const Skipped *entry = skipped->pdata[i];
		cJSON *json = cJSON_CreateObject();
		cJSON_AddStringToObject(json, "name", entry->name);
		cJSON_AddStringToObject(json, "reason", entry->reason);
		cJSON_AddItemToArray(array, json);
	}
	return array;
}

cJSON *report_checkpoint_json(const Checkpoint *checkpoint)
{
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "format", checkpoint->format);
	cJSON_AddItemToObject(json, "metadata", metadata_json(checkpoint->metadata));
	cJSON *tensors = cJSON_AddArrayToObject(json, "tensors");
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		cJSON_AddItemToArray(
			tensors, tensor_json(checkpoint, checkpoint_tensor(checkpoint, i)));
	cJSON_AddItemToObject(json, "skipped", skipped_json(checkpoint->skipped));
	return json;
}

Table *report_checkpoint_table(const Checkpoint *checkpoint)
{
	g_autofree char *title = g_strdup_printf("%s: %s, %u tensors, %" G_GUINT64_FORMAT " bytes",
		checkpoint->path, checkpoint->format, checkpoint_count(checkpoint),
		checkpoint_bytes(checkpoint));
	Table *table = table_new(title);
	table_add_text_column(table, "tensor");
	table_add_text_column(table, "type");
	table_add_text_column(table, "shape");
	table_add_number_column(table, "bytes");
	table_add_number_column(table, "offset");
	table_add_text_column(table, "file");
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		g_autofree char *shape = tensor_shape_text(tensor);
		g_autofree char *file = g_path_get_basename(file_path(checkpoint, tensor));
		table_add_text(table, tensor->name);
		table_add_text(table, dtype_info(tensor->dtype)->name);
		table_add_text(table, shape);
		table_add_count(table, tensor->bytes);
		table_add_count(table, tensor->offset);
		table_add_text(table, file);
	}
	return table;
}
