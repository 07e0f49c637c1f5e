/* mergekit_write_lines.c - the lines of a recipe that is written: models, values, types, comments.
 */
#include "recipe/mergekit_write.h"

#include "core/error.h"
#include "core/text.h"

#include <string.h>

static guint next_line(const MergeWriter *writer)
{
	guint lines = 1;
	for (gsize i = 0; i < writer->text->len; i++)
		lines += writer->text->str[i] == '\n';
	return lines;
}

void put_remark(MergeWriter *writer, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *safe = text_safe(text);
	mergekit_note(writer->notes, next_line(writer), "%s", safe);
	g_string_append_printf(writer->text, "# %s\n", safe);
}

double *values_of(const MergeWriter *writer, ValueOf value, gconstpointer data)
{
	guint tensors = collection_tensors(writer->collection);
	double *values = g_new0(double, tensors + 1);
	for (guint i = 0; i < tensors; i++)
		values[i] = writer->floats[i] ? value(data, i) : 0;
	return values;
}

void put_values(MergeWriter *writer, guint indent, const char *name, const double *values,
	const guint8 *counts, double otherwise)
{
	gboolean other = FALSE;
	for (guint i = 0; i < collection_tensors(writer->collection) && !other; i++)
		other = counts[i] && values[i] != otherwise;
	if (!other)
		return;
	g_autofree char *text = write_value(&writer->filters, values, counts, indent + 2);
	g_string_append_printf(writer->text, "%*s%s:%s\n", (int)indent, "", name, text);
}

static gboolean is_plain_scalar(const char *text)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "null", "y", "n", NULL};
	g_autofree char *lower = g_ascii_strdown(text, -1);
	gboolean begins = g_ascii_isalpha(*text) || *text == '/' || *text == '_';
	return begins && !g_strv_contains(words, lower) &&
	       strspn(text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@") ==
		       strlen(text);
}

char *write_scalar(const char *text)
{
	if (is_plain_scalar(text))
		return g_strdup(text);
	g_autoptr(GString) quoted = g_string_new("\"");
	for (; *text; text++)
		if ((guchar)*text < ' ' || *text == 0x7f)
			g_string_append_printf(quoted, "\\x%02x", (guchar)*text);
		else
			g_string_append_printf(
				quoted, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	g_string_append_c(quoted, '"');
	return g_string_free(g_steal_pointer(&quoted), FALSE);
}

/* What mergekit opens: the folder, of a file that is named as the only one of a folder. */
static char *model_path(const Member *member)
{
	const char *path = member->checkpoint->path;
	g_autofree char *name = g_path_get_basename(path);
	gboolean only = g_str_equal(name, "model.safetensors") ||
			g_str_equal(name, "model.safetensors.index.json");
	g_autofree char *whole = only ? g_path_get_dirname(path) : g_strdup(path);
	return g_utf8_make_valid(whole, -1);
}

static gboolean is_adapter(const Member *member)
{
	return g_str_has_prefix(member->checkpoint->format, "peft");
}

/* A model as a YAML value.  `@` and `+` in a path would be read as a revision and an adapter. */
static char *model_text(const MergeWriter *writer, guint member)
{
	const Member *of = collection_member(writer->collection, member);
	g_autofree char *path = model_path(of);
	g_autofree char *scalar = write_scalar(path);
	gboolean special = strpbrk(path, "@+") != NULL;
	g_autofree char *part =
		special ? g_strdup_printf("{path: %s}", scalar) : g_steal_pointer(&scalar);
	if (member > 0 && is_adapter(of)) {
		g_autofree char *base = model_path(collection_member(writer->collection, 0));
		g_autofree char *under = write_scalar(base);
		return g_strdup_printf("{model: {path: %s}, lora: %s}", under, part);
	}
	return special ? g_strdup_printf("{model: %s}", part) : g_steal_pointer(&part);
}

/* Whether mergekit can open it. */
static gboolean check_member(MergeWriter *writer, guint member)
{
	const Member *of = collection_member(writer->collection, member);
	if (of->role == MEMBER_STEP)
		put_remark(writer, "%s is a step of a run: mergekit reads it as any other model",
			of->name);
	if (member > 0 && collection_has_differences(writer->collection, member) && !is_adapter(of))
		return fail_at(writer->error, ERROR_USAGE,
			(Place){.file = of->checkpoint->path,
				.remedy = "export it as a model first"},
			"%s is a saved task vector, and mergekit merges models", of->name);
	if (!writer->said_files && !g_file_test(of->checkpoint->path, G_FILE_TEST_IS_DIR) &&
		!g_str_has_suffix(of->checkpoint->path, "model.safetensors")) {
		put_remark(writer,
			"mergekit reads folders with config.json and model.safetensors, and %s is "
			"a "
			"file",
			of->checkpoint->path);
		writer->said_files = TRUE;
	}
	return TRUE;
}

gboolean put_base(MergeWriter *writer, guint member)
{
	if (!check_member(writer, member))
		return FALSE;
	g_autofree char *text = model_text(writer, member);
	g_string_append_printf(writer->text, "base_model: %s\n", text);
	return TRUE;
}

gboolean put_model(MergeWriter *writer, guint member)
{
	if (!check_member(writer, member))
		return FALSE;
	g_autofree char *text = model_text(writer, member);
	g_string_append_printf(writer->text, "  - model: %s\n", text);
	return TRUE;
}

void put_heading(MergeWriter *writer, gsize from, guint indent)
{
	if (writer->text->len == from)
		return;
	g_autofree char *heading = g_strdup_printf("%*sparameters:\n", (int)indent, "");
	g_string_insert(writer->text, (gssize)from, heading);
}

/* The only float type of the base, as mergekit calls it; NULL where it has several or another. */
static const char *base_type(const MergeWriter *writer)
{
	static const struct {
		Dtype dtype;
		const char *name;
	} types[] = {{DTYPE_BF16, "bfloat16"}, {DTYPE_F16, "float16"}, {DTYPE_F32, "float32"}};
	gint found = -1;
	for (guint i = 0; i < collection_tensors(writer->collection); i++) {
		gint dtype = (gint)collection_tensor(writer->collection, i)->dtype;
		if (writer->floats[i] && found >= 0 && found != dtype)
			return NULL;
		found = writer->floats[i] ? dtype : found;
	}
	for (guint i = 0; i < G_N_ELEMENTS(types); i++)
		if ((gint)types[i].dtype == found)
			return types[i].name;
	return NULL;
}

/* float32 is the nearest to double that it computes in. */
void put_types(MergeWriter *writer)
{
	const char *type = base_type(writer);
	if (!type)
		put_remark(writer,
			"the base has float types that mergekit does not write: it writes "
			"float32");
	g_string_append(writer->text, "dtype: float32\n");
	if (type && !g_str_equal(type, "float32"))
		g_string_append_printf(writer->text, "out_dtype: %s\n", type);
}
