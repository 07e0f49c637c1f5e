/* report_checkpoint.c - what is in a checkpoint, as JSON and as a table. */
#include "export/report.h"

#include "core/text.h"
#include "export/report_json.h"

#include <string.h>

static int compare_rows(gconstpointer a, gconstpointer b)
{
	guint left = ((const TensorLine *)a)->tensor, right = ((const TensorLine *)b)->tensor;
	return (left > right) - (left < right);
}

GArray *report_checkpoint_rows(const Checkpoint *checkpoint)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(TensorLine));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		TensorLine row = {checkpoint_tensor(checkpoint, i)->name, i, FALSE};
		g_array_append_val(rows, row);
	}
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		gint place = checkpoint_find(checkpoint, name);
		TensorLine row = {name, (guint)place, TRUE};
		if (place >= 0)
			g_array_append_val(rows, row);
	}
	g_array_sort(rows, compare_rows);
	return rows;
}

static gboolean has_tied_names(const Checkpoint *checkpoint)
{
	return checkpoint->tied->len > 0;
}

void report_add_tied_column(Table *table, const Checkpoint *checkpoint)
{
	if (has_tied_names(checkpoint))
		table_add_text_column(table, "tied to");
}

void report_add_tied(Table *table, const Checkpoint *checkpoint, const TensorLine *row)
{
	if (has_tied_names(checkpoint))
		table_add_text(
			table, row->tied ? checkpoint_tensor(checkpoint, row->tensor)->name : NULL);
}

static const char *file_path(const Checkpoint *checkpoint, const Tensor *tensor)
{
	return ((const CheckpointFile *)checkpoint->files->pdata[tensor->file])->path;
}

/* What it takes in its file, where that is known to be other than what its elements take. */
static guint64 bytes_stored(const Tensor *tensor)
{
	return tensor->stored_type ? tensor->stored_bytes : tensor->bytes;
}

static cJSON *shape_json(const Tensor *tensor)
{
	cJSON *shape = cJSON_CreateArray();
	for (guint i = 0; i < tensor->rank; i++)
		cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->shape[i]));
	return shape;
}

/* Where the bytes lie raw, or what has to be made of them. */
static void add_place(cJSON *json, const Tensor *tensor)
{
	if (tensor->source) {
		cJSON_AddNullToObject(json, "offset");
		cJSON_AddStringToObject(json, "source", source_name(tensor->source));
	} else
		json_add_uint(json, "offset", tensor->offset);
	if (tensor->stored_type)
		cJSON_AddStringToObject(json, "read_as", dtype_info(tensor->dtype)->name);
}

static cJSON *row_json(const Checkpoint *checkpoint, const TensorLine *row)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, row->tensor);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "name", row->name);
	if (row->tied)
		cJSON_AddStringToObject(json, "tied_to", tensor->name);
	cJSON_AddStringToObject(json, "type", tensor_type(tensor));
	cJSON_AddItemToObject(json, "shape", shape_json(tensor));
	json_add_uint(json, "bytes", bytes_stored(tensor));
	cJSON_AddStringToObject(json, "file", file_path(checkpoint, tensor));
	add_place(json, tensor);
	return json;
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

/* A table of texts by key, in the order of the keys. */
static cJSON *texts_json(GHashTable *texts)
{
	cJSON *json = cJSON_CreateObject();
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(texts), compare_keys);
	for (const GList *key = keys; key; key = key->next)
		cJSON_AddStringToObject(json, key->data, g_hash_table_lookup(texts, key->data));
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
	g_autoptr(GArray) rows = report_checkpoint_rows(checkpoint);
	cJSON *json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "format", checkpoint->format);
	cJSON_AddItemToObject(json, "about", texts_json(checkpoint->about));
	cJSON_AddItemToObject(json, "metadata", texts_json(checkpoint->metadata));
	cJSON *tensors = cJSON_AddArrayToObject(json, "tensors");
	for (guint i = 0; i < rows->len; i++)
		cJSON_AddItemToArray(
			tensors, row_json(checkpoint, &g_array_index(rows, TensorLine, i)));
	cJSON_AddItemToObject(json, "skipped", skipped_json(checkpoint->skipped));
	return json;
}

static guint64 total_stored(const Checkpoint *checkpoint)
{
	guint64 bytes = 0;
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		bytes += bytes_stored(checkpoint_tensor(checkpoint, i));
	return bytes;
}

/* A fact's key as people read it: what has a version is the format, not the model. */
static const char *fact_name(const char *key)
{
	return g_str_equal(key, "version") ? "format version" : key;
}

/* "root: model" and such lines above the table; nothing where there is nothing to tell. */
static void add_about(Table *table, const Checkpoint *checkpoint)
{
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(checkpoint->about), compare_keys);
	for (const GList *key = keys; key; key = key->next) {
		const char *text = g_hash_table_lookup(checkpoint->about, key->data);
		g_autofree char *safe = text_safe(text);
		g_autofree char *line = g_strdup_printf("%s: %s", fact_name(key->data), safe);
		if (*text)
			table_add_line(table, line);
	}
}

static Table *table_of(const Checkpoint *checkpoint)
{
	guint count = checkpoint_count(checkpoint);
	g_autofree char *title = g_strdup_printf("%s: %s, %u tensor%s, %" G_GUINT64_FORMAT " bytes",
		checkpoint->path, checkpoint->format, count, count == 1 ? "" : "s",
		total_stored(checkpoint));
	Table *table = table_new(title);
	add_about(table, checkpoint);
	table_add_text_column(table, "tensor");
	table_add_text_column(table, "type");
	table_add_text_column(table, "shape");
	table_add_number_column(table, "bytes");
	table_add_number_column(table, "offset");
	table_add_text_column(table, "file");
	report_add_tied_column(table, checkpoint);
	return table;
}

static void add_row(Table *table, const Checkpoint *checkpoint, const TensorLine *row)
{
	const Tensor *tensor = checkpoint_tensor(checkpoint, row->tensor);
	g_autofree char *shape = tensor_shape_text(tensor);
	g_autofree char *file = g_path_get_basename(file_path(checkpoint, tensor));
	table_add_text(table, row->name);
	table_add_text(table, tensor_type(tensor));
	table_add_text(table, shape);
	table_add_count(table, bytes_stored(tensor));
	if (tensor->source)
		table_add_none(table);
	else
		table_add_count(table, tensor->offset);
	table_add_text(table, file);
	report_add_tied(table, checkpoint, row);
}

void report_add_skipped(Table *table, const Checkpoint *checkpoint)
{
	if (checkpoint->skipped->len)
		table_add_note(table, "passed over:");
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *entry = checkpoint->skipped->pdata[i];
		g_autofree char *line = g_strdup_printf("  %s: %s", entry->name, entry->reason);
		table_add_note(table, line);
	}
}

Table *report_checkpoint_table(const Checkpoint *checkpoint)
{
	g_autoptr(GArray) rows = report_checkpoint_rows(checkpoint);
	Table *table = table_of(checkpoint);
	for (guint i = 0; i < rows->len; i++)
		add_row(table, checkpoint, &g_array_index(rows, TensorLine, i));
	report_add_skipped(table, checkpoint);
	return table;
}
