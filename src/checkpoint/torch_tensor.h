/* torch_tensor.h - a tensor as a pickle has it: the call that would rebuild it from a storage.
 *
 * The rebuild functions and the types of storages are rows of tables (formats.md 2.3). */
#ifndef TAUSCOPE_TORCH_TENSOR_H
#define TAUSCOPE_TORCH_TENSOR_H

#include "checkpoint/torch.h"
#include "core/error.h"

/* A storage, as its persistent id has it. */
typedef struct {
	const char *key;  /* borrowed */
	const char *type; /* as torch names the class of its elements */
	gboolean typed;
	Dtype dtype;        /* of its elements; bytes where it is not typed */
	const char *unread; /* why elements of its type are not read; NULL: they are */
	guint64 bytes;
	guint64 first, length; /* the bytes of it that a view of the legacy format has */
} TorchStorage;

typedef struct {
	TorchStorage storage;
	Dtype dtype;
	guint64 offset; /* in elements, from the storage's first */
	guint rank;
	guint64 shape[TENSOR_RANK_MOST], strides[TENSOR_RANK_MOST];
	char *unread; /* why it is not read, g_free; NULL: it is, and all of the above is set */
} TorchTensor;

/* Whether it is a call of a rebuild function, of one that is not read too. */
gboolean torch_is_tensor(const PickleValue *value);

/* Takes the call apart.  `storages` says which ids its format has; errors name `place`. */
gboolean torch_tensor_take(const PickleValue *value, const TorchStorages *storages, Place place,
	TorchTensor *tensor, GError **error);
/* A text that is the same for all tensors that are the same elements of one storage; g_free. */
char *torch_tensor_identity(const TorchTensor *tensor);
/* Finds the storage, and adds the tensor, whose `unread` is NULL. */
gboolean torch_tensor_add(Checkpoint *checkpoint, TorchStorages *storages,
	const TorchTensor *tensor, const char *name, GError **error);

/* Takes a persistent id apart (torch_storage.c). */
gboolean torch_storage_take(const PickleValue *value, const TorchStorages *storages, Place place,
	TorchStorage *storage, GError **error);
/* Whether all ids of a pickle that name one storage agree on its elements: ERROR_INPUT where it is
 * under two types, or of two lengths, which torch refuses to write. */
gboolean torch_storages_check(const Pickle *pickle, const TorchStorages *storages, GError **error);
/* A torch.dtype by its name ("float8_e4m3fn"); FALSE where its elements are not read. */
gboolean torch_dtype(const PickleValue *value, Dtype *dtype);
/* An integer that is not negative. */
gboolean torch_count(const PickleValue *value, guint64 *count);

#endif
