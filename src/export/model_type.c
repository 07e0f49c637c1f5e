/* model_type.c - the types and parts that a model is written in, by the names that programs give
 * them. */
#include "export/model_type.h"

#include "core/error.h"

#define BASE_WORD "base"

static const struct {
	Dtype dtype;
	const char *torch;
} types[] = {
	{DTYPE_F32, "float32"},
	{DTYPE_F16, "float16"},
	{DTYPE_BF16, "bfloat16"},
	{DTYPE_F64, "float64"},
	{DTYPE_F8_E4M3, "float8_e4m3fn"},
	{DTYPE_F8_E5M2, "float8_e5m2"},
	{DTYPE_F8_E4M3FNUZ, "float8_e4m3fnuz"},
	{DTYPE_F8_E5M2FNUZ, "float8_e5m2fnuz"},
};

static const char *const part_names[] = {
	[MODEL_WHOLE] = "model",
	[MODEL_TASK_VECTOR] = "task-vector",
	[MODEL_CHANGED] = "changed",
};

static gboolean fail_type(const char *word, GError **error)
{
	g_autoptr(GString) names = g_string_new(BASE_WORD);
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		g_string_append_printf(names, ", %s", dtype_info(types[i].dtype)->name);
	return fail(
		error, ERROR_USAGE, "weights can be written as %s, not as %s", names->str, word);
}

gboolean model_type_from_word(const char *word, gint *dtype, GError **error)
{
	*dtype = -1;
	if (g_ascii_strcasecmp(word, BASE_WORD) == 0)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(types) && *dtype < 0; i++)
		if (g_ascii_strcasecmp(word, dtype_info(types[i].dtype)->name) == 0 ||
			g_ascii_strcasecmp(word, types[i].torch) == 0)
			*dtype = (gint)types[i].dtype;
	return *dtype >= 0 || fail_type(word, error);
}

const char *model_type_name(gint dtype)
{
	return dtype < 0 ? BASE_WORD : dtype_info((Dtype)dtype)->name;
}

const char *model_type_torch(Dtype dtype)
{
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		if (types[i].dtype == dtype)
			return types[i].torch;
	return NULL;
}

const char *model_part_name(ModelPart part)
{
	return part_names[part];
}

gboolean model_part_from_word(const char *word, ModelPart *part, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(part_names); i++)
		if (g_str_equal(word, part_names[i])) {
			*part = (ModelPart)i;
			return TRUE;
		}
	return fail(error, ERROR_USAGE, "a part is model, task-vector or changed, not %s", word);
}

Apply model_apply(const ModelRequest *request, const Prepared *prepared)
{
	return (Apply){.collection = request->collection,
		.edit = request->edit,
		.prepared = prepared,
		.scale = request->scale,
		.dtype = request->dtype,
		.difference = request->part == MODEL_TASK_VECTOR};
}

Dtype model_dtype(const ModelRequest *request, guint tensor)
{
	Apply apply = model_apply(request, NULL);
	return apply_dtype(&apply, tensor);
}
