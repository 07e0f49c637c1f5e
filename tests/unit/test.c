/* test.c - see test.h. */
#include "test.h"

#include <gio/gio.h>
#include <string.h>

char *test_source(const char *relative)
{
	const char *top = g_getenv("TAUSCOPE_SOURCE");
	return g_build_filename(top ? top : ".", relative, NULL);
}

char *test_folder(void)
{
	g_autoptr(GError) error = NULL;
	char *folder = g_dir_make_tmp("tauscope-test-XXXXXX", &error);
	g_assert_no_error(error);
	return folder;
}

static void remove_tree(GFile *file)
{
	g_autoptr(GFileEnumerator) entries = g_file_enumerate_children(
		file, "standard::name", G_FILE_QUERY_INFO_NOFOLLOW_SYMLINKS, NULL, NULL);
	GFileInfo *info;
	GFile *child;
	while (entries && g_file_enumerator_iterate(entries, &info, &child, NULL, NULL) && info)
		remove_tree(child);
	g_file_delete(file, NULL, NULL);
}

void test_folder_remove(char *folder)
{
	g_autoptr(GFile) file = g_file_new_for_path(folder);
	remove_tree(file);
	g_free(folder);
}

void test_write(const char *path, const void *bytes, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_file_set_contents(path, bytes, (gssize)length, &error);
	g_assert_no_error(error);
}

static guint64 tensor_elements(const TestTensor *tensor)
{
	guint64 elements = 1;
	for (guint i = 0; i < tensor->rank; i++)
		elements *= tensor->shape[i];
	return elements;
}

/* Whole numbers from 0 to 255. */
static void encode_bytes(const TestTensor *tensor, guint64 elements, guint8 *raw)
{
	gsize size = dtype_info(tensor->dtype)->bits / 8;
	for (guint64 i = 0; i < elements; i++)
		raw[i * size] = (guint8)tensor->values[i];
}

static void append_values(GByteArray *data, const TestTensor *tensor)
{
	guint64 elements = tensor_elements(tensor), bytes = 0;
	g_assert_true(dtype_bytes(tensor->dtype, elements, &bytes));
	guint start = data->len;
	g_byte_array_set_size(data, start + (guint)bytes);
	if (bytes == 0)
		return;
	memset(data->data + start, 0, bytes);
	if (tensor->values && dtype_info(tensor->dtype)->class == CLASS_FLOAT)
		dtype_encode(tensor->dtype, tensor->values, elements, data->data + start);
	else if (tensor->values)
		encode_bytes(tensor, elements, data->data + start);
}

static void append_entry(GString *header, const TestTensor *tensor, guint begin, guint end)
{
	g_string_append_printf(header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
		header->len > 1 ? "," : "", tensor->name, dtype_info(tensor->dtype)->name);
	for (guint i = 0; i < tensor->rank; i++)
		g_string_append_printf(
			header, "%s%" G_GUINT64_FORMAT, i ? "," : "", tensor->shape[i]);
	g_string_append_printf(header, "],\"data_offsets\":[%u,%u]}", begin, end);
}

void test_write_safetensors(const char *path, const TestTensor *tensors, guint n)
{
	g_autoptr(GString) header = g_string_new("{");
	g_autoptr(GByteArray) data = g_byte_array_new();
	for (guint i = 0; i < n; i++) {
		guint begin = data->len;
		append_values(data, &tensors[i]);
		append_entry(header, &tensors[i], begin, data->len);
	}
	g_string_append_c(header, '}');
	while (header->len % 8)
		g_string_append_c(header, ' ');
	g_autoptr(GByteArray) file = g_byte_array_new();
	guint64 length = GUINT64_TO_LE(header->len);
	g_byte_array_append(file, (const guint8 *)&length, 8);
	g_byte_array_append(file, (const guint8 *)header->str, (guint)header->len);
	g_byte_array_append(file, data->data, data->len);
	test_write(path, file->data, file->len);
}

void test_error(const GError *error, int code, const char *text)
{
	g_assert_nonnull(error);
	g_assert_true(error->domain == TAUSCOPE_ERROR);
	g_assert_cmpint(error->code, ==, code);
	if (!strstr(error->message, text))
		g_error("the message \"%s\" does not say \"%s\"", error->message, text);
}
