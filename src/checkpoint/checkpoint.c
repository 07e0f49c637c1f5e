/* checkpoint.c - the tensors of an open checkpoint, and the table of formats that fill it. */
#include "checkpoint/checkpoint.h"

#include "checkpoint/adapter.h"
#include "checkpoint/archive.h"
#include "checkpoint/directory.h"
#include "checkpoint/gguf.h"
#include "checkpoint/hdf5_weights.h"
#include "checkpoint/numpy.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/signature.h"
#include "checkpoint/torch.h"
#include "core/error.h"
#include "core/text.h"

#define HEAD_MOST 4096
/* What the sources of one checkpoint keep of what they made. */
#define CACHE_ROOM (4u << 20)

static const CheckpointFormat *const formats[] = {
	&safetensors_format,
	&archive_format,
	&torch_legacy_format,
	&gguf_format,
	&npy_format,
	&hdf5_format,
	&torch_tar_format,
};

static void file_free(gpointer data)
{
	CheckpointFile *file = data;
	g_clear_pointer(&file->file, file_close);
	g_free(file->path);
	g_free(file);
}

static void skipped_free(gpointer data)
{
	Skipped *skipped = data;
	g_free(skipped->name);
	g_free(skipped->reason);
	g_free(skipped);
}

Checkpoint *checkpoint_new(const char *path, const char *format)
{
	Checkpoint *checkpoint = g_new0(Checkpoint, 1);
	checkpoint->references = 1;
	checkpoint->path = g_strdup(path);
	checkpoint->format = format;
	checkpoint->files = g_ptr_array_new_with_free_func(file_free);
	checkpoint->shards = g_ptr_array_new_with_free_func(g_free);
	checkpoint->tensors = g_array_new(FALSE, TRUE, sizeof(Tensor));
	g_array_set_clear_func(checkpoint->tensors, (GDestroyNotify)tensor_clear);
	checkpoint->index = g_hash_table_new(text_table_hash, g_str_equal);
	checkpoint->metadata = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, g_free);
	checkpoint->about = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, g_free);
	checkpoint->aliases = g_hash_table_new_full(text_table_hash, g_str_equal, g_free, g_free);
	checkpoint->tied = g_ptr_array_new();
	checkpoint->cache = cache_new(CACHE_ROOM);
	checkpoint->skipped = g_ptr_array_new_with_free_func(skipped_free);
	return checkpoint;
}

Checkpoint *checkpoint_ref(Checkpoint *checkpoint)
{
	g_atomic_int_inc(&checkpoint->references);
	return checkpoint;
}

void checkpoint_free(Checkpoint *checkpoint)
{
	if (checkpoint == NULL || !g_atomic_int_dec_and_test(&checkpoint->references))
		return;
	g_ptr_array_unref(checkpoint->skipped);
	g_hash_table_unref(checkpoint->metadata);
	g_hash_table_unref(checkpoint->about);
	g_hash_table_unref(checkpoint->index);
	g_ptr_array_unref(checkpoint->tied);
	g_hash_table_unref(checkpoint->aliases);
	g_array_unref(checkpoint->tensors);
	cache_unref(checkpoint->cache);
	g_ptr_array_unref(checkpoint->shards);
	g_ptr_array_unref(checkpoint->files);
	g_free(checkpoint->directory);
	g_free(checkpoint->path);
	g_free(checkpoint);
}

guint checkpoint_add_file(Checkpoint *checkpoint, const char *path, File *file)
{
	CheckpointFile *entry = g_new0(CheckpointFile, 1);
	entry->path = g_strdup(path);
	entry->file = file;
	g_ptr_array_add(checkpoint->files, entry);
	return checkpoint->files->len - 1;
}

void checkpoint_add_tensor(Checkpoint *checkpoint, Tensor tensor)
{
	g_array_append_val(checkpoint->tensors, tensor);
}

void checkpoint_skip(Checkpoint *checkpoint, const char *name, const char *reason)
{
	Skipped *skipped = g_new0(Skipped, 1);
	skipped->name = g_strdup(name);
	skipped->reason = g_strdup(reason);
	g_ptr_array_add(checkpoint->skipped, skipped);
}

void checkpoint_tell(Checkpoint *checkpoint, const char *key, const char *text)
{
	g_hash_table_replace(checkpoint->about, g_strdup(key), g_strdup(text));
}

void checkpoint_add_alias(Checkpoint *checkpoint, const char *name, const char *of)
{
	char *key = g_strdup(name);
	if (g_hash_table_insert(checkpoint->aliases, key, g_strdup(of)))
		g_ptr_array_add(checkpoint->tied, key);
}

static int tensor_compare(gconstpointer a, gconstpointer b)
{
	return text_natural_compare(((const Tensor *)a)->name, ((const Tensor *)b)->name);
}

void checkpoint_add_shard(Checkpoint *checkpoint, const char *path)
{
	g_ptr_array_add(checkpoint->shards, g_strdup(path));
}

/* What is read from its files lies in them as it was opened. */
static void shards_from_files(Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint->files->len; i++)
		checkpoint_add_shard(
			checkpoint, ((const CheckpointFile *)checkpoint->files->pdata[i])->path);
	for (guint i = 0; i < checkpoint->tensors->len; i++) {
		Tensor *tensor = &g_array_index(checkpoint->tensors, Tensor, i);
		tensor->shard = tensor->file;
		tensor->shard_offset = tensor->offset;
	}
}

static gboolean index_name(Checkpoint *checkpoint, const char *name, gint place, GError **error)
{
	if (g_hash_table_insert(
		    checkpoint->index, (gpointer)name, GUINT_TO_POINTER((guint)place + 1)))
		return TRUE;
	return fail_at(error, ERROR_INPUT, (Place){.file = checkpoint->path, .tensor = name},
		"there are two tensors of this name");
}

/* Tied names stand for the tensor that they are tied to; one that is tied to nothing here is left
 * out, since a shard may hold only the other. */
static gboolean index_aliases(Checkpoint *checkpoint, GError **error)
{
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		const char *of = g_hash_table_lookup(checkpoint->aliases, name);
		gint place = checkpoint_find(checkpoint, of);
		if (place >= 0 && !index_name(checkpoint, name, place, error))
			return FALSE;
	}
	return TRUE;
}

/* Whether a key of the metadata may be a tensor's name: others say something of the file. */
static gboolean may_be_name(const char *key)
{
	gsize length = strlen(key);
	return length > 0 && length <= TENSOR_NAME_MOST && strcmp(key, "format") != 0 &&
	       strcmp(key, "total_size") != 0 && !g_str_has_prefix(key, "tauscope.");
}

/* What safetensors' save_model leaves out of tied weights stands in the metadata: the name that was
 * dropped, and the one that was kept. */
static void aliases_from_metadata(Checkpoint *checkpoint)
{
	g_autoptr(GList) names = g_list_sort(
		g_hash_table_get_keys(checkpoint->metadata), (GCompareFunc)text_natural_compare);
	for (const GList *name = names; name != NULL; name = name->next) {
		const char *of = g_hash_table_lookup(checkpoint->metadata, name->data);
		if (may_be_name(name->data) && checkpoint_find(checkpoint, of) >= 0 &&
			checkpoint_find(checkpoint, name->data) < 0)
			checkpoint_add_alias(checkpoint, name->data, of);
	}
}

gboolean checkpoint_seal(Checkpoint *checkpoint, GError **error)
{
	guint count = checkpoint_count(checkpoint);

	if (count > TENSORS_MOST)
		return fail_at(error, ERROR_INPUT, (Place){.file = checkpoint->path},
			"%u tensors; at most %d are read", count, TENSORS_MOST);
	if (checkpoint->shards->len == 0)
		shards_from_files(checkpoint);
	g_array_sort(checkpoint->tensors, tensor_compare);
	for (guint i = 0; i < count; i++)
		if (!index_name(checkpoint, checkpoint_tensor(checkpoint, i)->name, (gint)i, error))
			return FALSE;
	aliases_from_metadata(checkpoint);
	return index_aliases(checkpoint, error);
}

/* A file that is too short for its format to be seen is still judged by the reader that its name
 * asks for, unless it is plainly something else: that reader can say what is wrong with it. */
static const CheckpointFormat *find_format(
	const File *file, const guint8 *head, gsize length, const Signature *signature)
{
	for (guint i = 0; i < G_N_ELEMENTS(formats); i++)
		if (formats[i]->detect(head, length, file->size))
			return formats[i];
	if (signature == NULL && g_str_has_suffix(file->path, ".safetensors"))
		return &safetensors_format;
	return NULL;
}

static gboolean refuse_format(const char *path, const Signature *signature, GError **error)
{
	if (signature == NULL)
		return fail_at(error, ERROR_INPUT,
			(Place){.file = path, .remedy = "give it as safetensors"},
			"this is not a checkpoint of a known format");
	return fail_at(error, ERROR_INPUT, (Place){.file = path, .remedy = signature->remedy},
		"this is %s", signature->what);
}

gboolean checkpoint_read_file(Checkpoint *checkpoint, const char *path, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	guint8 head[HEAD_MOST];

	if (file == NULL)
		return FALSE;
	gsize length = (gsize)MIN(file->size, sizeof head);
	if (!file_read(file, 0, length, head, error))
		return FALSE;
	const Signature *signature = signature_find(head, length);
	const CheckpointFormat *format = find_format(file, head, length, signature);
	if (format == NULL)
		return refuse_format(path, signature, error);
	checkpoint->format = format->name;
	return format->read(checkpoint, g_steal_pointer(&file), error);
}

static Checkpoint *open_file(const char *path, GError **error)
{
	g_autoptr(Checkpoint) checkpoint = checkpoint_new(path, NULL);
	if (!checkpoint_read_file(checkpoint, path, error) || !checkpoint_seal(checkpoint, error))
		return NULL;
	return g_steal_pointer(&checkpoint);
}

static Checkpoint *open_any(const char *path, GError **error)
{
	if (g_file_test(path, G_FILE_TEST_IS_DIR))
		return directory_open(path, error);
	g_autofree char *adapter = adapter_folder_of(path);
	if (adapter != NULL)
		return adapter_open(adapter, error);
	if (g_str_has_suffix(path, ".json"))
		return directory_open_index(path, error);
	g_autofree char *index = directory_index_of(path);
	if (index != NULL)
		return directory_open_index(index, error);
	return open_file(path, error);
}

Checkpoint *checkpoint_open(const char *path, GError **error)
{
	Checkpoint *checkpoint = open_any(path, error);

	if (checkpoint != NULL) {
		g_free(checkpoint->path);
		checkpoint->path = g_strdup(path);
	}
	return checkpoint;
}

gboolean checkpoint_has_sources(const Checkpoint *checkpoint)
{
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		if (checkpoint_tensor(checkpoint, i)->source != NULL)
			return TRUE;
	return FALSE;
}

guint checkpoint_count(const Checkpoint *checkpoint)
{
	return checkpoint->tensors->len;
}

const Tensor *checkpoint_tensor(const Checkpoint *checkpoint, guint tensor)
{
	return &g_array_index(checkpoint->tensors, Tensor, tensor);
}

gint checkpoint_find(const Checkpoint *checkpoint, const char *name)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(checkpoint->index, name)) - 1;
}

guint64 checkpoint_bytes(const Checkpoint *checkpoint)
{
	guint64 bytes = 0;
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		bytes += checkpoint_tensor(checkpoint, i)->bytes;
	return bytes;
}

static guint64 bytes_of_files(const Checkpoint *checkpoint)
{
	guint64 bytes = 0;
	for (guint i = 0; i < checkpoint->files->len; i++) {
		const CheckpointFile *file = checkpoint->files->pdata[i];
		bytes += file->file != NULL ? file->file->size : 0;
	}
	return bytes;
}

guint64 checkpoint_stored_bytes(const Checkpoint *checkpoint)
{
	guint64 bytes = 0;
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		if (tensor->difference && tensor->source != NULL)
			return bytes_of_files(checkpoint);
		bytes += tensor->stored_type != NULL ? tensor->stored_bytes : tensor->bytes;
	}
	return bytes;
}

guint64 checkpoint_elements(const Checkpoint *checkpoint)
{
	guint64 elements = 0;
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		const Tensor *tensor = checkpoint_tensor(checkpoint, i);
		if (dtype_info(tensor->dtype)->class == CLASS_FLOAT)
			elements += tensor->elements;
	}
	return elements;
}
