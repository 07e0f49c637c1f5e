/* model_layout.c - which tensor goes where in the files of an edited checkpoint.
 *
 * A file has the base's tensors in the base's order, without gaps, so that a whole safetensors file
 * gets the offsets that it had.  The header keeps the base's metadata and adds the recipe. */
#include "export/model_layout.h"

#include "checkpoint/directory.h"
#include "checkpoint/safetensors.h"
#include "core/error.h"
#include "export/model_type.h"

#include <string.h>

#define HEADER_ALIGNMENT 8
#define SUFFIX ".safetensors"

/* A file on its way. */
typedef struct {
	const ModelRequest *request;
	const Checkpoint *base;
	const gboolean *chosen;
} Plan;

static Plan plan_of(const ModelRequest *request, const gboolean *chosen)
{
	return (Plan){request, collection_member(request->collection, 0)->checkpoint, chosen};
}

static void file_free(LayoutFile *file)
{
	g_free(file->name);
	g_string_free(file->header, TRUE);
	g_array_unref(file->tensors);
	g_free(file);
}

static gint compare_spans(gconstpointer a, gconstpointer b, gpointer data)
{
	const Checkpoint *base = data;
	guint left = ((const LayoutTensor *)a)->tensor, right = ((const LayoutTensor *)b)->tensor;
	const Tensor *x = checkpoint_tensor(base, left), *y = checkpoint_tensor(base, right);
	if (x->shard != y->shard)
		return x->shard < y->shard ? -1 : 1;
	if (x->shard_offset != y->shard_offset)
		return x->shard_offset < y->shard_offset ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return (left > right) - (left < right);
}

/* A text as a JSON string. */
static void append_text(GString *out, const char *text)
{
	g_autoptr(cJSON) item = cJSON_CreateString(text);
	g_autofree char *printed = json_line(item);
	g_string_append(out, printed);
}

static void append_pair(GString *out, const char *key, const char *value)
{
	append_text(out, key);
	g_string_append_c(out, ':');
	append_text(out, value);
}

/* Readers of the transformers library refuse metadata without a format. */
static void append_format(GString *out, const Checkpoint *base)
{
	if (!g_hash_table_contains(base->metadata, "format")) {
		g_string_append_c(out, ',');
		append_pair(out, "format", "pt");
	}
}

static gboolean holds_tensor(const LayoutFile *file, gint tensor)
{
	for (guint i = 0; i < file->tensors->len; i++)
		if ((gint)g_array_index(file->tensors, LayoutTensor, i).tensor == tensor)
			return TRUE;
	return FALSE;
}

/* Tied weights are written once; the names left out are told as safetensors' save_model does, in
 * the file that holds the weights. */
static void append_tied(LayoutFile *file, const Checkpoint *base)
{
	for (guint i = 0; i < base->tied->len; i++) {
		const char *name = base->tied->pdata[i];
		const char *of = g_hash_table_lookup(base->aliases, name);
		if (g_hash_table_contains(base->metadata, name) ||
			!holds_tensor(file, checkpoint_find(base, of)))
			continue;
		g_string_append_c(file->header, ',');
		append_pair(file->header, name, of);
	}
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

/* What the program says of a file itself; the base's word of it is about the base. */
static gboolean is_own_key(const char *key)
{
	return g_str_equal(key, RECIPE_METADATA) || g_str_equal(key, PART_METADATA) ||
	       g_str_equal(key, SAFETENSORS_VALUES);
}

/* A part of a model must not be taken for a model, nor differences for weights. */
static void append_part(GString *out, ModelPart part)
{
	if (part == MODEL_WHOLE)
		return;
	g_string_append_c(out, ',');
	append_pair(out, PART_METADATA, model_part_name(part));
	g_string_append_c(out, ',');
	append_pair(out, SAFETENSORS_VALUES,
		part == MODEL_TASK_VECTOR ? SAFETENSORS_DIFFERENCES : SAFETENSORS_WEIGHTS);
}

static void append_metadata(LayoutFile *file, const Plan *plan)
{
	GString *out = file->header;
	const Checkpoint *base = plan->base;
	g_autoptr(cJSON) json = recipe_to_json(plan->request->recipe);
	g_autofree char *text = json_line(json);
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(base->metadata), compare_keys);
	g_string_append(out, "\"__metadata__\":{");
	append_pair(out, RECIPE_METADATA, text);
	append_part(out, plan->request->part);
	for (const GList *key = keys; key; key = key->next) {
		if (is_own_key(key->data))
			continue;
		g_string_append_c(out, ',');
		append_pair(out, key->data, g_hash_table_lookup(base->metadata, key->data));
	}
	append_tied(file, base);
	append_format(out, base);
	g_string_append_c(out, '}');
}

static void append_tensor(GString *out, const Tensor *tensor, const LayoutTensor *row)
{
	g_string_append_c(out, ',');
	append_text(out, tensor->name);
	g_string_append_printf(out, ":{\"dtype\":\"%s\",\"shape\":[", dtype_info(row->dtype)->name);
	for (guint i = 0; i < tensor->rank; i++)
		g_string_append_printf(out, "%s%" G_GUINT64_FORMAT, i ? "," : "", tensor->shape[i]);
	g_string_append_printf(out,
		"],\"data_offsets\":[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]}", row->offset,
		row->offset + row->bytes);
}

static gboolean finish_header(LayoutFile *file, GError **error)
{
	GString *header = file->header;
	while ((header->len - sizeof(guint64)) % HEADER_ALIGNMENT)
		g_string_append_c(header, ' ');
	gsize length = header->len - sizeof(guint64);
	if (length > SAFETENSORS_HEADER_MOST)
		return fail(error, ERROR_INPUT,
			"the header of %s would have %zu bytes, and at most %u are allowed",
			file->name, length, SAFETENSORS_HEADER_MOST);
	guint64 little = GUINT64_TO_LE((guint64)length);
	memcpy(header->str, &little, sizeof little);
	return TRUE;
}

static gboolean fail_large(const LayoutFile *file, GError **error)
{
	return fail(error, ERROR_INPUT, "%s would be too large for a file", file->name);
}

/* Moves the tensors behind the header; they had offsets from the start of the data. */
static gboolean finish_file(LayoutFile *file, guint64 data_bytes, GError **error)
{
	if (!g_uint64_checked_add(&file->bytes, file->header->len, data_bytes) ||
		file->bytes > G_MAXINT64)
		return fail_large(file, error);
	for (guint i = 0; i < file->tensors->len; i++)
		g_array_index(file->tensors, LayoutTensor, i).offset += file->header->len;
	return TRUE;
}

static gboolean lay_out(LayoutFile *file, const Plan *plan, GError **error)
{
	guint64 data = 0;
	g_array_sort_with_data(file->tensors, compare_spans, (gpointer)plan->base);
	g_string_append_len(file->header, "\0\0\0\0\0\0\0\0{", sizeof(guint64) + 1);
	append_metadata(file, plan);
	for (guint i = 0; i < file->tensors->len; i++) {
		LayoutTensor *row = &g_array_index(file->tensors, LayoutTensor, i);
		row->offset = data;
		if (!g_uint64_checked_add(&data, data, row->bytes))
			return fail_large(file, error);
		append_tensor(file->header, checkpoint_tensor(plan->base, row->tensor), row);
	}
	g_string_append_c(file->header, '}');
	return finish_header(file, error) && finish_file(file, data, error);
}

/* Opaque and integer tensors have the bytes that they had. */
static gboolean add_tensor(LayoutFile *file, const Plan *plan, guint tensor, GError **error)
{
	const Tensor *of = checkpoint_tensor(plan->base, tensor);
	LayoutTensor row = {.tensor = tensor, .dtype = model_dtype(plan->request, tensor)};
	row.bytes = of->bytes;
	if (row.dtype != of->dtype && !dtype_bytes(row.dtype, of->elements, &row.bytes))
		return fail_large(file, error);
	g_array_append_val(file->tensors, row);
	return TRUE;
}

/* Adds a file with the chosen tensors of the shard `from`, or of all where that is negative. */
static gboolean add_file(
	Layout *layout, const Plan *plan, gint from, const char *name, GError **error)
{
	LayoutFile *file = g_new0(LayoutFile, 1);
	g_ptr_array_add(layout->files, file);
	file->name = g_strdup(name);
	file->header = g_string_new(NULL);
	file->tensors = g_array_new(FALSE, TRUE, sizeof(LayoutTensor));
	for (guint i = 0; i < checkpoint_count(plan->base); i++) {
		gboolean here = from < 0 || checkpoint_tensor(plan->base, i)->shard == (guint)from;
		if (here && (!plan->chosen || plan->chosen[i]) && !add_tensor(file, plan, i, error))
			return FALSE;
	}
	return lay_out(file, plan, error);
}

static Layout *layout_new(void)
{
	Layout *layout = g_new0(Layout, 1);
	layout->files = g_ptr_array_new_with_free_func((GDestroyNotify)file_free);
	return layout;
}

void layout_free(Layout *layout)
{
	if (!layout)
		return;
	g_ptr_array_unref(layout->files);
	g_free(layout->index);
	g_free(layout->new_index);
	g_free(layout);
}

Layout *layout_new_single(
	const ModelRequest *request, const gboolean *chosen, const char *name, GError **error)
{
	g_autoptr(Layout) layout = layout_new();
	Plan plan = plan_of(request, chosen);
	return add_file(layout, &plan, -1, name, error) ? g_steal_pointer(&layout) : NULL;
}

/* An index for these files, where the base's own is gone: {"metadata": {"total_size"},
 * "weight_map": {tensor: file}}. */
static char *index_text(const Layout *layout, const Checkpoint *base)
{
	g_autoptr(cJSON) json = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(json, "metadata");
	cJSON *map = cJSON_AddObjectToObject(json, "weight_map");
	json_add_uint(metadata, "total_size", layout_tensor_bytes(layout));
	for (guint i = 0; i < layout->files->len; i++) {
		const LayoutFile *file = layout->files->pdata[i];
		for (guint j = 0; j < file->tensors->len; j++) {
			guint tensor = g_array_index(file->tensors, LayoutTensor, j).tensor;
			cJSON_AddStringToObject(
				map, checkpoint_tensor(base, tensor)->name, file->name);
		}
	}
	return json_text(json);
}

/* A shard's own name where it is safetensors already; of pytorch_model-00001-of-00002.bin
 * model-00001-of-00002.safetensors, as the transformers library names them. */
static char *shard_name(const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	if (g_str_has_suffix(name, SUFFIX))
		return g_steal_pointer(&name);
	char *ending = strrchr(name, '.');
	if (ending)
		*ending = '\0';
	const char *stem = g_str_has_prefix(name, "pytorch_") ? name + strlen("pytorch_") : name;
	return g_strconcat(stem, SUFFIX, NULL);
}

/* Shards that differ in their ending alone would be written over each other. */
static gboolean check_new_name(
	const Layout *layout, const char *shard, const char *name, GError **error)
{
	for (guint i = 0; i < layout->files->len; i++)
		if (g_str_equal(((const LayoutFile *)layout->files->pdata[i])->name, name))
			return fail_at(error, ERROR_INPUT,
				(Place){.file = shard, .remedy = "write one file instead"},
				"this and another shard would both be written as %s", name);
	return TRUE;
}

/* The base's index, where it names the files that are written. */
static char *index_of(const Checkpoint *base)
{
	const char *first = base->shards->pdata[0];
	return g_str_has_suffix(first, SUFFIX) ? directory_index_of(first) : NULL;
}

static Layout *new_sharded(const Plan *plan, GError **error)
{
	g_autoptr(Layout) layout = layout_new();
	for (guint i = 0; i < plan->base->shards->len; i++) {
		const char *shard = plan->base->shards->pdata[i];
		g_autofree char *name = shard_name(shard);
		if (!check_new_name(layout, shard, name, error) ||
			!add_file(layout, plan, (gint)i, name, error))
			return NULL;
	}
	layout->index = index_of(plan->base);
	if (!layout->index)
		layout->new_index = index_text(layout, plan->base);
	return g_steal_pointer(&layout);
}

Layout *layout_new_like_base(const ModelRequest *request, GError **error)
{
	Plan plan = plan_of(request, NULL);
	if (plan.base->shards->len > 1)
		return new_sharded(&plan, error);
	return layout_new_single(request, NULL, "model.safetensors", error);
}

guint64 layout_bytes(const Layout *layout)
{
	guint64 bytes = 0;
	for (guint i = 0; i < layout->files->len; i++)
		bytes += ((const LayoutFile *)layout->files->pdata[i])->bytes;
	return bytes;
}

guint64 layout_tensor_bytes(const Layout *layout)
{
	guint64 bytes = layout_bytes(layout);
	for (guint i = 0; i < layout->files->len; i++)
		bytes -= ((const LayoutFile *)layout->files->pdata[i])->header->len;
	return bytes;
}

guint layout_tensors(const Layout *layout)
{
	guint tensors = 0;
	for (guint i = 0; i < layout->files->len; i++)
		tensors += ((const LayoutFile *)layout->files->pdata[i])->tensors->len;
	return tensors;
}
