/* hdf5.c - see hdf5.h. */
#include "store/hdf5.h"

#include <string.h>

#define STRING_MOST (64u << 20)

void hdf5_quiet(void)
{
	H5dont_atexit();
	H5open();
	H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
	H5PLset_loading_state(0);
}

/* The library's texts hold pointers, times and names after the first words; of those only the
 * system's own message helps. */
static char *plain_reason(const char *text)
{
	static const char key[] = "error message = '";
	gsize head = strcspn(text, ":,\n");
	const char *message = strstr(text, key);
	if (!message)
		return g_strndup(text, head);
	message += strlen(key);
	return g_strdup_printf("%.*s: %.*s", (int)head, text, (int)strcspn(message, "'"), message);
}

static herr_t keep_innermost(unsigned depth, const H5E_error2_t *entry, void *data)
{
	char **reason = data;
	if (depth == 0 && entry->desc)
		*reason = plain_reason(entry->desc);
	return 0;
}

gboolean hdf5_fail(GError **error, ErrorCode code, const char *what, const char *name)
{
	g_autofree char *reason = NULL;
	H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
	H5Eclear2(H5E_DEFAULT);
	return fail(error, code, "%s %s: %s", what, name, reason ? reason : "no reason is given");
}

char *hdf5_escape(const char *name)
{
	if (!*name)
		return g_strdup("%");
	gboolean dots = g_str_equal(name, ".") || g_str_equal(name, "..");
	GString *escaped = g_string_new(NULL);
	for (const char *c = name; *c; c++) {
		if (*c == '/' || *c == '%' || (dots && c == name))
			g_string_append_printf(escaped, "%%%02X", (guint)*c);
		else
			g_string_append_c(escaped, *c);
	}
	return g_string_free(escaped, FALSE);
}

static Hid string_type(const char *text)
{
	Hid type = H5Tcopy(H5T_C_S1);
	if (H5Tset_size(type, strlen(text) + 1) >= 0)
		H5Tset_cset(type, H5T_CSET_UTF8);
	return type;
}

static gboolean put_attribute(
	Hid object, const char *name, Hid type, const void *value, GError **error)
{
	g_auto(Hid) space = H5Screate(H5S_SCALAR);
	g_auto(Hid) attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
	if (attribute < 0 || H5Awrite(attribute, type, value) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot write attribute", name);
	return TRUE;
}

gboolean hdf5_put_text(Hid object, const char *name, const char *text, GError **error)
{
	if (!text)
		return TRUE;
	g_auto(Hid) type = string_type(text);
	return put_attribute(object, name, type, text, error);
}

gboolean hdf5_put_integer(Hid object, const char *name, gint64 number, GError **error)
{
	gint64 little = GINT64_TO_LE(number);
	return put_attribute(object, name, H5T_STD_I64LE, &little, error);
}

gboolean hdf5_put_double(Hid object, const char *name, double number, GError **error)
{
	return put_attribute(object, name, H5T_IEEE_F64LE, &number, error);
}

/* A scalar string of fixed length, or of `what` else it may be, of an attribute or a dataset. */
static gboolean is_one(Hid type, Hid space, H5T_class_t class)
{
	return type >= 0 && space >= 0 && H5Tget_class(type) == class &&
	       H5Sget_simple_extent_type(space) == H5S_SCALAR &&
	       (class != H5T_STRING || H5Tis_variable_str(type) == 0);
}

gboolean hdf5_get_text(Hid object, const char *name, char **text, GError **error)
{
	*text = NULL;
	if (H5Aexists(object, name) == 0)
		return TRUE;
	g_auto(Hid) attribute = H5Aopen(object, name, H5P_DEFAULT);
	if (attribute < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot open attribute", name);
	g_auto(Hid) type = H5Aget_type(attribute);
	g_auto(Hid) space = H5Aget_space(attribute);
	if (!is_one(type, space, H5T_STRING) || H5Tget_size(type) > STRING_MOST)
		return fail(error, ERROR_INPUT, "attribute %s is not a text", name);
	g_autofree char *value = g_malloc0(H5Tget_size(type) + 1);
	if (H5Aread(attribute, type, value) < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot read attribute", name);
	*text = g_steal_pointer(&value);
	return TRUE;
}

static gboolean get_number(Hid object, const char *name, H5T_class_t class, Hid memory_type,
	void *number, GError **error)
{
	g_auto(Hid) attribute = H5Aopen(object, name, H5P_DEFAULT);
	if (attribute < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot open attribute", name);
	g_auto(Hid) type = H5Aget_type(attribute);
	g_auto(Hid) space = H5Aget_space(attribute);
	if (!is_one(type, space, class))
		return fail(error, ERROR_INPUT, "attribute %s is not a number of its kind", name);
	if (H5Aread(attribute, memory_type, number) < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot read attribute", name);
	return TRUE;
}

gboolean hdf5_get_integer(Hid object, const char *name, gint64 *number, GError **error)
{
	return get_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, number, error);
}

gboolean hdf5_get_double(Hid object, const char *name, double *number, GError **error)
{
	return get_number(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, number, error);
}

Hid hdf5_create_group(Hid parent, const char *name, GError **error)
{
	g_autofree char *link = hdf5_escape(name);
	Hid group = H5Gcreate2(parent, link, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	if (group < 0)
		hdf5_fail(error, ERROR_IO, "cannot make group", name);
	return group;
}

static gboolean is_hard_link(Hid group, const char *name)
{
	H5L_info_t info;
	return H5Lexists(group, name, H5P_DEFAULT) > 0 &&
	       H5Lget_info(group, name, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD;
}

Hid hdf5_open_group(Hid parent, const char *name, GError **error)
{
	if (!is_hard_link(parent, name)) {
		fail(error, ERROR_INPUT, "group %s is missing", name);
		return H5I_INVALID_HID;
	}
	Hid group = H5Gopen2(parent, name, H5P_DEFAULT);
	if (group < 0)
		hdf5_fail(error, ERROR_INPUT, "cannot open group", name);
	return group;
}

static herr_t keep_name(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
	(void)group;
	if (info->type == H5L_TYPE_HARD)
		g_ptr_array_add(data, g_strdup(name));
	return 0;
}

GPtrArray *hdf5_names(Hid group, GError **error)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	hsize_t position = 0;
	if (H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &position, keep_name, names) < 0) {
		hdf5_fail(error, ERROR_INPUT, "cannot list", "a group");
		return NULL;
	}
	return g_steal_pointer(&names);
}

gboolean hdf5_link(Hid group, const char *name, const char *file, GError **error)
{
	g_autofree char *link = hdf5_escape(name);
	if (H5Lcreate_external(file, "/", group, link, H5P_DEFAULT, H5P_DEFAULT) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot make link", name);
	return TRUE;
}

static gboolean lies_within(Hid dataset)
{
	g_auto(Hid) plan = H5Dget_create_plist(dataset);
	if (plan < 0)
		return FALSE;
	H5D_layout_t layout = H5Pget_layout(plan);
	return (layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED) &&
	       H5Pget_external_count(plan) == 0;
}

Hid hdf5_open_dataset(Hid group, const char *name, GError **error)
{
	if (!is_hard_link(group, name)) {
		fail(error, ERROR_INPUT, "dataset %s is missing", name);
		return H5I_INVALID_HID;
	}
	g_auto(Hid) dataset = H5Dopen2(group, name, H5P_DEFAULT);
	if (dataset < 0) {
		hdf5_fail(error, ERROR_INPUT, "cannot open dataset", name);
		return H5I_INVALID_HID;
	}
	if (!lies_within(dataset)) {
		fail(error, ERROR_INPUT, "dataset %s keeps its values elsewhere", name);
		return H5I_INVALID_HID;
	}
	return hid_steal(&dataset);
}

gboolean hdf5_write_string(Hid group, const char *name, const char *text, GError **error)
{
	g_autofree char *link = hdf5_escape(name);
	g_auto(Hid) type = string_type(text);
	g_auto(Hid) space = H5Screate(H5S_SCALAR);
	g_auto(Hid) dataset =
		H5Dcreate2(group, link, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot write text", name);
	return g_str_equal(link, name) || hdf5_put_text(dataset, "name", name, error);
}

gboolean hdf5_read_string(Hid group, const char *link, char **name, char **text, GError **error)
{
	g_auto(Hid) dataset = hdf5_open_dataset(group, link, error);
	if (dataset < 0)
		return FALSE;
	g_auto(Hid) type = H5Dget_type(dataset);
	g_auto(Hid) space = H5Dget_space(dataset);
	if (!is_one(type, space, H5T_STRING) || H5Tget_size(type) > STRING_MOST)
		return fail(error, ERROR_INPUT, "dataset %s is not a text", link);
	g_autofree char *value = g_malloc0(H5Tget_size(type) + 1);
	if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot read text", link);
	if (!hdf5_get_text(dataset, "name", name, error))
		return FALSE;
	if (!*name)
		*name = g_strdup(link);
	*text = g_steal_pointer(&value);
	return TRUE;
}

gboolean texts_write(GHashTable *texts, Hid parent, const char *name, GError **error)
{
	g_auto(Hid) group = hdf5_create_group(parent, name, error);
	g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(texts), (GCompareFunc)strcmp);
	gboolean ok = group >= 0;
	for (const GList *key = keys; ok && key; key = key->next)
		ok = hdf5_write_string(
			group, key->data, g_hash_table_lookup(texts, key->data), error);
	return ok;
}

gboolean texts_read(GHashTable *texts, Hid parent, const char *name, GError **error)
{
	g_auto(Hid) group = hdf5_open_group(parent, name, error);
	g_autoptr(GPtrArray) links = group < 0 ? NULL : hdf5_names(group, error);
	for (guint i = 0; links && i < links->len; i++) {
		char *key = NULL, *text = NULL;
		if (!hdf5_read_string(group, links->pdata[i], &key, &text, error))
			return FALSE;
		g_hash_table_insert(texts, key, text);
	}
	return links != NULL;
}

gboolean hdf5_write_array(Hid group, const char *name, Hid type, guint rank, const guint64 *shape,
	const void *values, GError **error)
{
	hsize_t extent[H5S_MAX_RANK];
	for (guint i = 0; i < rank; i++)
		extent[i] = shape[i];
	g_auto(Hid) space = H5Screate_simple((int)rank, extent, NULL);
	g_auto(Hid) dataset =
		H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
	if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot write dataset", name);
	return TRUE;
}

static gboolean has_shape(Hid space, guint rank, const guint64 *shape)
{
	hsize_t extent[H5S_MAX_RANK];
	if (space < 0 || H5Sget_simple_extent_type(space) != H5S_SIMPLE ||
		H5Sget_simple_extent_ndims(space) != (int)rank ||
		H5Sget_simple_extent_dims(space, extent, NULL) != (int)rank)
		return FALSE;
	for (guint i = 0; i < rank; i++)
		if (extent[i] != shape[i])
			return FALSE;
	return TRUE;
}

gboolean hdf5_read_array(Hid group, const char *name, Hid type, guint rank, const guint64 *shape,
	void *values, GError **error)
{
	g_auto(Hid) dataset = hdf5_open_dataset(group, name, error);
	if (dataset < 0)
		return FALSE;
	g_auto(Hid) stored = H5Dget_type(dataset);
	g_auto(Hid) space = H5Dget_space(dataset);
	if (stored < 0 || H5Tget_class(stored) != H5Tget_class(type))
		return fail(error, ERROR_INPUT, "dataset %s is of another type", name);
	if (!has_shape(space, rank, shape))
		return fail(error, ERROR_INPUT, "dataset %s is of another shape", name);
	if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
		return hdf5_fail(error, ERROR_INPUT, "cannot read dataset", name);
	return TRUE;
}
