/* layout.c - where the tensors of a generated checkpoint lie: in one safetensors file, or shards.
 */
#include "layout.h"

#include "core/json.h"

static const LlamaTensor *tensor_at(const Layout *layout, guint tensor)
{
	return &g_array_index(layout->tensors, LlamaTensor, tensor);
}

guint64 layout_bytes(const Layout *layout, guint tensor)
{
	return llama_elements(tensor_at(layout, tensor)) * dtype_info(layout->dtype)->bits / 8;
}

static guint64 total_bytes(const Layout *layout)
{
	return llama_total(layout->tensors) * dtype_info(layout->dtype)->bits / 8;
}

/* In order, each shard about as large as the others. */
static void share_out(Layout *layout)
{
	guint64 before = 0, total = MAX(total_bytes(layout), 1);
	for (guint t = 0; t < layout->tensors->len; t++) {
		layout->shard[t] = (guint)(before * layout->shards / total);
		before += layout_bytes(layout, t);
	}
}

static cJSON *entry(const Layout *layout, guint tensor, guint64 begin)
{
	const LlamaTensor *shape = tensor_at(layout, tensor);
	guint64 end = begin + layout_bytes(layout, tensor);
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "dtype", dtype_info(layout->dtype)->name);
	cJSON *sizes = cJSON_AddArrayToObject(object, "shape");
	cJSON_AddItemToArray(sizes, cJSON_CreateNumber((double)shape->rows));
	if (shape->columns > 0)
		cJSON_AddItemToArray(sizes, cJSON_CreateNumber((double)shape->columns));
	cJSON *offsets = cJSON_AddArrayToObject(object, "data_offsets");
	cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)begin));
	cJSON_AddItemToArray(offsets, cJSON_CreateNumber((double)end));
	return object;
}

/* The header of a shard; the tensors' offsets are then final. */
static GString *header_new(Layout *layout, guint shard)
{
	g_autoptr(cJSON) object = cJSON_CreateObject();
	guint64 at = 0;
	for (guint t = 0; t < layout->tensors->len; t++) {
		if (layout->shard[t] != shard)
			continue;
		cJSON_AddItemToObject(object, tensor_at(layout, t)->name, entry(layout, t, at));
		layout->offset[t] = at;
		at += layout_bytes(layout, t);
	}
	g_autofree char *text = json_line(object);
	GString *header = g_string_new(text);
	while (header->len % 8 != 0)
		g_string_append_c(header, ' ');
	guint64 length = GUINT64_TO_LE(header->len);
	g_string_prepend_len(header, (const char *)&length, sizeof length);
	for (guint t = 0; t < layout->tensors->len; t++)
		layout->offset[t] += layout->shard[t] == shard ? header->len : 0;
	return header;
}

static void header_free(gpointer header)
{
	g_string_free(header, TRUE);
}

Layout *layout_new(const GArray *tensors, Dtype dtype, guint shards)
{
	Layout *layout = g_new0(Layout, 1);
	layout->tensors = tensors;
	layout->dtype = dtype;
	layout->shards = shards;
	layout->shard = g_new0(guint, tensors->len);
	layout->offset = g_new0(guint64, tensors->len);
	layout->headers = g_ptr_array_new_with_free_func(header_free);
	share_out(layout);
	for (guint shard = 0; shard < shards; shard++)
		g_ptr_array_add(layout->headers, header_new(layout, shard));
	return layout;
}

void layout_free(Layout *layout)
{
	g_free(layout->shard);
	g_free(layout->offset);
	g_ptr_array_unref(layout->headers);
	g_free(layout);
}

char *layout_name(const Layout *layout, guint shard)
{
	return layout->shards == 1 ? g_strdup("model.safetensors")
				   : g_strdup_printf("model-%05u-of-%05u.safetensors", shard + 1,
					     layout->shards);
}

char *layout_index(const Layout *layout)
{
	g_autoptr(cJSON) index = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(index, "metadata");
	json_add_uint(metadata, "total_size", total_bytes(layout));
	cJSON *map = cJSON_AddObjectToObject(index, "weight_map");
	for (guint t = 0; t < layout->tensors->len; t++) {
		g_autofree char *name = layout_name(layout, layout->shard[t]);
		cJSON_AddStringToObject(map, tensor_at(layout, t)->name, name);
	}
	return json_text(index);
}
