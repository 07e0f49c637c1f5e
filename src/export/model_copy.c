/* model_copy.c - what is copied beside the weights of a folder, and says now what they are.
 *
 * A loader makes the weights what config.json says, and would undo the type that they were written
 * in. */
#include "export/model_copy.h"

#include "core/file.h"
#include "preview/warning.h"
#include "export/json_edit.h"
#include "export/model_side.h"
#include "export/model_type.h"

#include <string.h>

#define CONFIG "config.json"
#define CONFIG_MOST (16u << 20)
#define INDEX_MOST (64u << 20)

/* Of these the config of a model has at most one: the second since 2025.  A model of several parts
 * may say it of each, and of the whole or not. */
static const char *const type_keys[][3] = {
	{"torch_dtype"},
	{"dtype"},
	{"text_config", "torch_dtype"},
	{"text_config", "dtype"},
	{"vision_config", "torch_dtype"},
	{"vision_config", "dtype"},
	{"audio_config", "torch_dtype"},
	{"audio_config", "dtype"},
};

static void copy_free(gpointer data)
{
	ModelCopy *copy = data;
	g_free(copy->path);
	g_free(copy->text);
	g_free(copy);
}

/* One key's word for the type, where it has one.  Takes and returns the text. */
static char *say_type(char *text, const char *const *path, const char *type, GPtrArray *notes)
{
	g_autofree char *value = g_strdup_printf("\"%s\"", type);
	g_autofree char *before = NULL;
	g_autofree char *edited = json_edit_value(text, strlen(text), path, value, &before);
	if (!edited || before[0] != '"' || g_str_equal(before, value))
		return text;
	g_autofree char *key = g_strjoinv(".", (char **)path);
	warning_add(notes, "%s: %s is %s now, and was %s", CONFIG, key, value, before);
	g_free(text);
	return g_steal_pointer(&edited);
}

/* NULL where it cannot be read, or is no JSON: it is then copied as it is. */
static char *new_config(const char *path, Dtype dtype, GPtrArray *notes, GPtrArray *warnings)
{
	gsize length = 0;
	char *text = file_read_text(path, CONFIG_MOST, &length, NULL);
	if (!text || !json_check(text, length, NULL)) {
		warning_add(warnings, "%s is no JSON, so it is not made to say that the type is %s",
			CONFIG, model_type_torch(dtype));
		g_free(text);
		return NULL;
	}
	for (guint i = 0; i < G_N_ELEMENTS(type_keys); i++)
		text = say_type(text, type_keys[i], model_type_torch(dtype), notes);
	return text;
}

/* An index that says no size is as good without. */
static char *new_index(const char *path, guint64 bytes)
{
	static const char *const size[] = {"metadata", "total_size", NULL};
	gsize length;
	g_autofree char *text = file_read_text(path, INDEX_MOST, &length, NULL);
	g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, bytes);
	return text ? json_edit_value(text, length, size, number, NULL) : NULL;
}

/* Takes the text. */
static void add_copy(GPtrArray *copies, const char *path, char *text)
{
	ModelCopy *copy = g_new0(ModelCopy, 1);
	copy->path = g_strdup(path);
	copy->text = text;
	g_ptr_array_add(copies, copy);
}

GPtrArray *model_copies(
	const ModelRequest *request, const Layout *layout, GPtrArray *notes, GPtrArray *warnings)
{
	const Checkpoint *base = collection_member(request->collection, 0)->checkpoint;
	GPtrArray *copies = g_ptr_array_new_with_free_func(copy_free);
	gboolean typed = request->dtype >= 0;
	if (layout->index)
		add_copy(copies, layout->index,
			typed ? new_index(layout->index, layout_tensor_bytes(layout)) : NULL);
	if (!base->directory)
		return copies;
	g_autoptr(GPtrArray) names = side_files(base->directory);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		g_autofree char *path = g_build_filename(base->directory, name, NULL);
		gboolean says = typed && g_str_equal(name, CONFIG);
		add_copy(copies, path,
			says ? new_config(path, (Dtype)request->dtype, notes, warnings) : NULL);
	}
	return copies;
}
