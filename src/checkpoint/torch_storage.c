/* torch_storage.c - the types of storages, and the persistent ids that name storages.
 *
 * In an archive an id is ("storage", type, key, location, elements); in the legacy format a sixth
 * part may say that it is a view of a part of the storage. */
#include "checkpoint/torch_tensor.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

typedef struct {
	const char *name; /* as torch names the class */
	guint size;       /* bytes of an element */
	Dtype dtype;
	gboolean untyped;   /* it is of bytes, which tensors of any type may lie in */
	const char *unread; /* why its elements are not read */
} StorageType;

#define BYTES "ByteStorage"
#define QUANTISED "its elements are quantised integers"

static const StorageType storage_types[] = {
	{.name = "DoubleStorage", .size = 8, .dtype = DTYPE_F64},
	{.name = "FloatStorage", .size = 4, .dtype = DTYPE_F32},
	{.name = "HalfStorage", .size = 2, .dtype = DTYPE_F16},
	{.name = "BFloat16Storage", .size = 2, .dtype = DTYPE_BF16},
	{.name = "LongStorage", .size = 8, .dtype = DTYPE_I64},
	{.name = "IntStorage", .size = 4, .dtype = DTYPE_I32},
	{.name = "ShortStorage", .size = 2, .dtype = DTYPE_I16},
	{.name = "CharStorage", .size = 1, .dtype = DTYPE_I8},
	{.name = BYTES, .size = 1, .dtype = DTYPE_U8},
	{.name = "BoolStorage", .size = 1, .dtype = DTYPE_BOOL},
	{.name = "ComplexFloatStorage", .size = 8, .dtype = DTYPE_C64},
	{.name = "ComplexDoubleStorage",
		.size = 16,
		.unread = "its elements are complex numbers of 128 bits"},
	{.name = "QInt8Storage", .size = 1, .unread = QUANTISED},
	{.name = "QUInt8Storage", .size = 1, .unread = QUANTISED},
	{.name = "QInt32Storage", .size = 4, .unread = QUANTISED},
	{.name = "QUInt4x2Storage", .size = 1, .unread = QUANTISED},
	{.name = "QUInt2x4Storage", .size = 1, .unread = QUANTISED},
	{.name = "UntypedStorage", .size = 1, .dtype = DTYPE_U8, .untyped = TRUE},
	{.name = "_UntypedStorage", .size = 1, .dtype = DTYPE_U8, .untyped = TRUE},
};

static const struct {
	const char *name;
	Dtype dtype;
} dtypes[] = {
	{"float64", DTYPE_F64},
	{"float32", DTYPE_F32},
	{"float16", DTYPE_F16},
	{"bfloat16", DTYPE_BF16},
	{"int64", DTYPE_I64},
	{"int32", DTYPE_I32},
	{"int16", DTYPE_I16},
	{"int8", DTYPE_I8},
	{"uint64", DTYPE_U64},
	{"uint32", DTYPE_U32},
	{"uint16", DTYPE_U16},
	{"uint8", DTYPE_U8},
	{"bool", DTYPE_BOOL},
	{"complex64", DTYPE_C64},
	{"float8_e4m3fn", DTYPE_F8_E4M3},
	{"float8_e5m2", DTYPE_F8_E5M2},
	{"float8_e4m3fnuz", DTYPE_F8_E4M3FNUZ},
	{"float8_e5m2fnuz", DTYPE_F8_E5M2FNUZ},
	{"float8_e8m0fnu", DTYPE_F8_E8M0},
};

gboolean torch_dtype(const PickleValue *value, Dtype *dtype)
{
	for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++)
		if (strcmp(value->name, dtypes[i].name) == 0) {
			*dtype = dtypes[i].dtype;
			return TRUE;
		}
	return FALSE;
}

gboolean torch_count(const PickleValue *value, guint64 *count)
{
	if (value->kind != PICKLE_INTEGER || value->integer < 0)
		return FALSE;
	*count = (guint64)value->integer;
	return TRUE;
}

static const StorageType *find_type(const PickleValue *value)
{
	if (value->kind != PICKLE_GLOBAL ||
		(strcmp(value->module, "torch") != 0 && strcmp(value->module, "torch.cuda") != 0 &&
			strcmp(value->module, "torch.storage") != 0))
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(storage_types); i++)
		if (strcmp(value->name, storage_types[i].name) == 0)
			return &storage_types[i];
	return NULL;
}

/* The parts of the id, or NULL. */
static const PickleValue *id_of(const PickleValue *value, const TorchStorages *storages)
{
	const PickleValue *id = value->kind == PICKLE_PERSISTENT ? value->object->callee : NULL;
	if (id == NULL || id->kind != PICKLE_TUPLE || id->count < 5 ||
		id->count > (storages->has_classes ? 6 : 5) ||
		!pickle_is_text(id->items[0], "storage"))
		return NULL;
	return id;
}

/* A key is looked up, never used as a path; it only must be a text that can be shown. */
static gboolean take_key(const PickleValue *value, TorchStorage *storage)
{
	if (value->kind != PICKLE_TEXT || value->length == 0 ||
		strlen(value->text) != value->length)
		return FALSE;
	storage->key = value->text;
	return TRUE;
}

/* A view: (its own key, the first element, elements), within the storage. */
static gboolean take_view(const PickleValue *view, guint64 size, TorchStorage *storage)
{
	guint64 first, length;

	if (view->kind == PICKLE_NONE)
		return TRUE;
	if (view->kind != PICKLE_TUPLE || view->count != 3 ||
		!torch_count(view->items[1], &first) || !torch_count(view->items[2], &length) ||
		__builtin_mul_overflow(first, size, &storage->first) ||
		__builtin_mul_overflow(length, size, &storage->length))
		return FALSE;
	return span_within(storage->first, storage->length, storage->bytes);
}

gboolean torch_storage_take(const PickleValue *value, const TorchStorages *storages, Place place,
	TorchStorage *storage, GError **error)
{
	const PickleValue *id = id_of(value, storages);
	guint64 elements;

	if (id == NULL)
		return fail_at(error, ERROR_INPUT, place,
			"what should be its storage is not the id of one");
	const StorageType *type = find_type(id->items[1]);
	if (type == NULL)
		return fail_at(error, ERROR_INPUT, place,
			"the type of its storage is not one that torch has");
	if (!take_key(id->items[2], storage))
		return fail_at(error, ERROR_INPUT, place, "the key of its storage is no text");
	if (!torch_count(id->items[4], &elements) ||
		__builtin_mul_overflow(elements, type->size, &storage->bytes))
		return fail_at(error, ERROR_INPUT, place,
			"the number of elements of storage %.80s is not one", storage->key);
	storage->type = type->untyped ? BYTES : type->name;
	storage->typed = !type->untyped;
	storage->dtype = type->dtype;
	storage->unread = type->unread;
	storage->length = storage->bytes;
	if (id->count == 6 && !take_view(id->items[5], type->size, storage))
		return fail_at(error, ERROR_INPUT, place,
			"its view of storage %.80s does not lie in the storage's %" PRIu64
			" elements",
			storage->key, elements);
	return TRUE;
}

/* Torch does not look at the type of a storage without elements. */
static gboolean check_same(
	const TorchStorage *one, const TorchStorage *other, const char *path, GError **error)
{
	Place place = {.file = path, .remedy = "save it again, with such tensors cloned"};

	if (one->bytes != other->bytes)
		return fail_at(error, ERROR_INPUT, place,
			"storage %.80s has two lengths: %" PRIu64 " bytes, and %" PRIu64, one->key,
			one->bytes, other->bytes);
	if (one->bytes == 0 || strcmp(one->type, other->type) == 0)
		return TRUE;
	return fail_at(error, ERROR_INPUT, place,
		"storage %.80s has two types, %s and %s, so it could be read in two ways", one->key,
		one->type, other->type);
}

/* What is no id of a storage is judged where a tensor names it. */
gboolean torch_storages_check(const Pickle *pickle, const TorchStorages *storages, GError **error)
{
	const GPtrArray *ids = pickle_persistents(pickle);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(text_table_hash, g_str_equal, NULL, g_free);

	for (guint i = 0; i < ids->len; i++) {
		TorchStorage storage = {0};
		if (!torch_storage_take(ids->pdata[i], storages, (Place){.file = storages->path},
			    &storage, NULL))
			continue;
		const TorchStorage *first = g_hash_table_lookup(seen, storage.key);
		if (first == NULL)
			g_hash_table_insert(
				seen, (gpointer)storage.key, g_memdup2(&storage, sizeof storage));
		else if (!check_same(first, &storage, storages->path, error))
			return FALSE;
	}
	return TRUE;
}
