/* torch_tensor.c - the functions that torch rebuilds tensors with, as data: what their arguments
 * are, and which of them make tensors that are not read. */
#include "checkpoint/torch_tensor.h"

#include "checkpoint/torch_node.h"
#include "checkpoint/view.h"

#include <inttypes.h>
#include <string.h>

/* Parameters of parameters are taken apart this often. */
#define WRAPS_MOST 8

typedef enum {
	REBUILD_DENSE,   /* (storage, offset, sizes, strides, …) */
	REBUILD_WRAPPED, /* (tensor, …) */
	REBUILD_TYPED,   /* (function, class, its arguments, …) */
	REBUILD_UNREAD,
} RebuildKind;

typedef struct {
	const char *module, *name;
	RebuildKind kind;
	guint least;                 /* arguments */
	guint dtype_at, metadata_at; /* the arguments that are these; 0: none */
	const char *unread;          /* what it makes */
} Rebuild;

#define SHARD "one rank's part of a tensor"

static const Rebuild rebuilds[] = {
	{"torch._utils", "_rebuild_tensor", REBUILD_DENSE, 4, 0, 0, NULL},
	{"torch._utils", "_rebuild_tensor_v2", REBUILD_DENSE, 6, 0, 6, NULL},
	{"torch._utils", "_rebuild_tensor_v3", REBUILD_DENSE, 7, 6, 7, NULL},
	{"torch._utils", "_rebuild_parameter", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch._utils", "_rebuild_parameter_with_state", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch._utils", "_rebuild_device_tensor_from_cpu_tensor", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch.nn.parameter", "Parameter", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch.nn.parameter", "Buffer", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch.autograd.variable", "Variable", REBUILD_WRAPPED, 1, 0, 0, NULL},
	{"torch._tensor", "_rebuild_from_type_v2", REBUILD_TYPED, 3, 0, 0, NULL},
	{"torch._tensor", "_rebuild_from_type", REBUILD_TYPED, 3, 0, 0, NULL},
	{"torch.tensor", "_rebuild_from_type", REBUILD_TYPED, 3, 0, 0, NULL},
	{"torch._utils", "_rebuild_sparse_tensor", REBUILD_UNREAD, 0, 0, 0, "a sparse tensor"},
	{"torch._utils", "_rebuild_sparse_csr_tensor", REBUILD_UNREAD, 0, 0, 0, "a sparse tensor"},
	{"torch._utils", "_rebuild_nested_tensor", REBUILD_UNREAD, 0, 0, 0, "a nested tensor"},
	{"torch._utils", "_rebuild_qtensor", REBUILD_UNREAD, 0, 0, 0, "a quantised tensor"},
	{"torch._utils", "_rebuild_meta_tensor_no_storage", REBUILD_UNREAD, 0, 0, 0,
		"a tensor of the meta device, which has no values"},
	{"torch._utils", "_rebuild_wrapper_subclass", REBUILD_UNREAD, 0, 0, 0,
		"a tensor that wraps others"},
	{"torch._utils", "_rebuild_device_tensor_from_numpy", REBUILD_UNREAD, 0, 0, 0,
		"a NumPy array for another device"},
	{"torch._utils", "_rebuild_xla_tensor", REBUILD_UNREAD, 0, 0, 0,
		"a NumPy array for another device"},
	{"torch.nn.parameter", "UninitializedParameter", REBUILD_UNREAD, 0, 0, 0,
		"a parameter that was never initialised"},
	{"torch.nn.parameter", "UninitializedBuffer", REBUILD_UNREAD, 0, 0, 0,
		"a buffer that was never initialised"},
	{"torch.distributed.tensor", "DTensor", REBUILD_UNREAD, 0, 0, 0, SHARD},
	{"torch.distributed._tensor.api", "DTensor", REBUILD_UNREAD, 0, 0, 0, SHARD},
	{"torch.distributed._shard.sharded_tensor.api", "ShardedTensor", REBUILD_UNREAD, 0, 0, 0,
		SHARD},
};

/* Functions of this kind that torch has had since. */
static const Rebuild unknown_rebuild = {
	.kind = REBUILD_UNREAD, .unread = "a tensor of a kind that is not known"};

static const Rebuild *find_rebuild(const PickleValue *callee)
{
	if (callee->kind != PICKLE_GLOBAL || !g_str_has_prefix(callee->module, "torch"))
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(rebuilds); i++)
		if (pickle_is_global(callee, rebuilds[i].module, rebuilds[i].name))
			return &rebuilds[i];
	if (strcmp(callee->module, "torch._utils") == 0 &&
		g_str_has_prefix(callee->name, "_rebuild_"))
		return &unknown_rebuild;
	return NULL;
}

gboolean torch_is_tensor(const PickleValue *value)
{
	return value->kind == PICKLE_OBJECT && find_rebuild(value->object->callee) != NULL;
}

/* A call that is being taken apart. */
typedef struct {
	const Rebuild *rebuild;
	const PickleValue *callee, *class;
	PickleValue **arguments;
	guint count;
} Call;

static gboolean take_call(Call *call, const PickleValue *callee, const PickleValue *arguments,
	Place place, GError **error)
{
	gboolean tuple = arguments != NULL && arguments->kind == PICKLE_TUPLE;

	call->callee = callee;
	call->rebuild = find_rebuild(callee);
	call->arguments = tuple ? arguments->items : NULL;
	call->count = tuple ? arguments->count : 0;
	if (call->rebuild == NULL)
		return fail_at(error, ERROR_INPUT, place, "what it is made of is no tensor");
	if (call->count < call->rebuild->least)
		return fail_at(error, ERROR_INPUT, place,
			"%s with %u arguments, where it takes at least %u", call->rebuild->name,
			call->count, call->rebuild->least);
	return TRUE;
}

/* One step towards the innermost call. */
static gboolean unwrap(Call *call, Place place, GError **error)
{
	const PickleValue *inner = call->arguments[0];

	if (call->rebuild->kind == REBUILD_TYPED) {
		call->class = call->arguments[1];
		return take_call(call, inner, call->arguments[2], place, error);
	}
	if (inner->kind != PICKLE_OBJECT)
		return fail_at(error, ERROR_INPUT, place, "what it is made of is no tensor");
	return take_call(call, inner->object->callee, inner->object->arguments, place, error);
}

static gboolean find_call(const PickleValue *value, Place place, Call *call, GError **error)
{
	if (!take_call(call, value->object->callee, value->object->arguments, place, error))
		return FALSE;
	for (guint i = 0;
		call->rebuild->kind == REBUILD_WRAPPED || call->rebuild->kind == REBUILD_TYPED;
		i++) {
		if (i == WRAPS_MOST)
			return fail_at(error, ERROR_INPUT, place,
				"it is wrapped in more than %d others", WRAPS_MOST);
		if (!unwrap(call, place, error))
			return FALSE;
	}
	return TRUE;
}

static char *describe_unread(const Call *call)
{
	if (call->class == NULL || call->class->kind != PICKLE_GLOBAL)
		return g_strdup_printf("%s, which is not read", call->rebuild->unread);
	g_autofree char *class = torch_shorten(call->class->name);
	return g_strdup_printf("%s (%s), which is not read", call->rebuild->unread, class);
}

/* A list of integers: a tuple, a list, or a call of torch.Size. */
static const PickleValue *list_of_integers(const PickleValue *value)
{
	if (value->kind == PICKLE_OBJECT &&
		pickle_is_global(value->object->callee, "torch", "Size")) {
		const PickleValue *arguments = value->object->arguments;
		value = arguments != NULL && arguments->count == 1 ? arguments->items[0] : value;
	}
	return value->kind == PICKLE_TUPLE || value->kind == PICKLE_LIST ? value : NULL;
}

static gboolean take_integers(const PickleValue *value, guint64 *integers, guint *count)
{
	const PickleValue *list = list_of_integers(value);

	if (list == NULL || list->count > TENSOR_RANK_MOST)
		return FALSE;
	*count = list->count;
	for (guint i = 0; i < list->count; i++)
		if (!torch_count(list->items[i], &integers[i]))
			return FALSE;
	return TRUE;
}

static gboolean take_layout(const Call *call, Place place, TorchTensor *tensor, GError **error)
{
	guint strides;

	if (!torch_count(call->arguments[1], &tensor->offset))
		return fail_at(error, ERROR_INPUT, place,
			"its place in the storage is not a number from 0 on");
	if (!take_integers(call->arguments[2], tensor->shape, &tensor->rank))
		return fail_at(error, ERROR_INPUT, place,
			"its sizes are not at most %d numbers from 0 on", TENSOR_RANK_MOST);
	if (!take_integers(call->arguments[3], tensor->strides, &strides) ||
		strides != tensor->rank)
		return fail_at(error, ERROR_INPUT, place,
			"its strides are not %u numbers from 0 on", tensor->rank);
	return TRUE;
}

static gboolean take_type(const Call *call, Place place, TorchTensor *tensor, GError **error)
{
	guint at = call->rebuild->dtype_at;

	tensor->dtype = tensor->storage.dtype;
	if (at == 0 && !tensor->storage.typed)
		return fail_at(error, ERROR_INPUT, place, "its storage has no type of elements");
	if (at == 0) {
		if (tensor->storage.unread != NULL)
			tensor->unread =
				g_strdup_printf("%s, which are not read", tensor->storage.unread);
		return TRUE;
	}
	const PickleValue *dtype = call->arguments[at];
	if (dtype->kind != PICKLE_GLOBAL || strcmp(dtype->module, "torch") != 0)
		return fail_at(error, ERROR_INPUT, place, "its type is not one of torch");
	if (!torch_dtype(dtype, &tensor->dtype)) {
		g_autofree char *name = torch_shorten(dtype->name);
		tensor->unread = g_strdup_printf("its elements are %s, which are not read", name);
	}
	return TRUE;
}

static gboolean is_set(const PickleValue *metadata, const char *key)
{
	const PickleValue *value = pickle_get(metadata, key);
	return value != NULL && value->kind == PICKLE_BOOL && value->integer != 0;
}

/* A view may stand for the negative, or the conjugate, of what is stored. */
static void take_metadata(const Call *call, TorchTensor *tensor)
{
	guint at = call->rebuild->metadata_at;
	const PickleValue *metadata =
		at > 0 && at < call->count ? pickle_mapping(call->arguments[at]) : NULL;

	if (tensor->unread == NULL && metadata != NULL &&
		(is_set(metadata, "neg") || is_set(metadata, "conj")))
		tensor->unread = g_strdup("a view that negates or conjugates what is stored, "
					  "which is not read");
}

gboolean torch_tensor_take(const PickleValue *value, const TorchStorages *storages, Place place,
	TorchTensor *tensor, GError **error)
{
	Call call = {0};

	if (!find_call(value, place, &call, error))
		return FALSE;
	if (call.rebuild->kind == REBUILD_UNREAD) {
		tensor->unread = describe_unread(&call);
		return TRUE;
	}
	if (!torch_storage_take(call.arguments[0], storages, place, &tensor->storage, error) ||
		!take_layout(&call, place, tensor, error) ||
		!take_type(&call, place, tensor, error))
		return FALSE;
	take_metadata(&call, tensor);
	return TRUE;
}

char *torch_tensor_identity(const TorchTensor *tensor)
{
	GString *text = g_string_new(NULL);
	g_string_append_printf(text, "%d %" PRIu64 " %" PRIu64, (int)tensor->dtype,
		tensor->storage.first, tensor->offset);
	for (guint i = 0; i < tensor->rank; i++)
		g_string_append_printf(
			text, " %" PRIu64 "*%" PRIu64, tensor->shape[i], tensor->strides[i]);
	g_string_append_printf(text, " %s", tensor->storage.key);
	return g_string_free(text, FALSE);
}

gboolean torch_tensor_add(Checkpoint *checkpoint, TorchStorages *storages,
	const TorchTensor *tensor, const char *name, GError **error)
{
	const TorchStorage *storage = &tensor->storage;
	Bytes *whole = storages->find(storages, storage->key, storage->bytes, error);

	if (whole == NULL)
		return FALSE;
	g_autoptr(Bytes) part = bytes_part(whole, storage->first, storage->length);
	View view = {.name = name,
		.dtype = tensor->dtype,
		.swapped = storages->swapped,
		.bytes = part,
		.file = storages->file,
		.offset = tensor->offset,
		.rank = tensor->rank,
		.shape = tensor->shape,
		.strides = tensor->strides};
	return checkpoint_add_view(checkpoint, &view, error);
}
