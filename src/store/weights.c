/* weights.c - see weights.h. */
#include "store/weights.h"

#include "core/text.h"
#include "store/hdf5.h"
#include "store/weights_stream.h"
#include "store/weights_type.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#define DATA_ALIGNMENT 64

struct WeightsCopy {
	const Checkpoint *from;
	Output *output;
	char *folder;
	guint64 *offset; /* [tensors] */
	char *hash;
};

char *weights_hash(const Checkpoint *copy, guint threads, Job *job, GError **error)
{
	WeightsStream stream = {.from = copy};
	return weights_stream(&stream, 1, threads, job, error) ? stream.hash : NULL;
}

static Hid create_file(const char *path, const Checkpoint *from, GError **error)
{
	hdf5_quiet();
	g_auto(Hid) access = H5Pcreate(H5P_FILE_ACCESS);
	H5Pset_alignment(access, DATA_ALIGNMENT, DATA_ALIGNMENT);
	H5Pset_file_locking(access, FALSE, TRUE);
	g_auto(Hid) file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
	if (file < 0) {
		hdf5_fail(error, ERROR_IO, "cannot create", path);
		return H5I_INVALID_HID;
	}
	if (!hdf5_put_text(file, "format", "tauscope weights", error) ||
		!hdf5_put_integer(file, "layout", 1, error) ||
		!hdf5_put_text(file, "program", TAUSCOPE_VERSION, error) ||
		!hdf5_put_text(file, "path", from->path, error))
		return H5I_INVALID_HID;
	return hid_steal(&file);
}

/* An empty tensor has no place in the file. */
static gboolean take_offset(Hid dataset, const Tensor *tensor, guint64 *offset, GError **error)
{
	haddr_t address = tensor->bytes ? H5Dget_offset(dataset) : 0;
	if (address == HADDR_UNDEF)
		return hdf5_fail(error, ERROR_IO, "cannot allocate", tensor->name);
	*offset = address;
	return TRUE;
}

static gboolean create_dataset(Hid file, const Tensor *tensor, guint64 *offset, GError **error)
{
	g_autofree char *link = hdf5_escape(tensor->name);
	g_autofree char *shape = tensor_shape_text(tensor);
	g_auto(Hid) type = weights_type(tensor->dtype);
	g_auto(Hid) space = weights_space(tensor);
	g_auto(Hid) creation = H5Pcreate(H5P_DATASET_CREATE);
	H5Pset_layout(creation, H5D_CONTIGUOUS);
	H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
	H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
	H5Pset_obj_track_times(creation, FALSE);
	g_auto(Hid) dataset =
		H5Dcreate2(file, link, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
	if (dataset < 0)
		return hdf5_fail(error, ERROR_IO, "cannot make dataset", tensor->name);
	return hdf5_put_text(dataset, "name", tensor->name, error) &&
	       hdf5_put_text(dataset, "type", dtype_info(tensor->dtype)->name, error) &&
	       hdf5_put_text(dataset, "shape", shape, error) &&
	       take_offset(dataset, tensor, offset, error);
}

static gboolean create_datasets(WeightsCopy *copy, GError **error)
{
	const char *path = output_temporary(copy->output);
	g_auto(Hid) file = create_file(path, copy->from, error);
	if (file < 0)
		return FALSE;
	for (guint i = 0; i < checkpoint_count(copy->from); i++)
		if (!create_dataset(
			    file, checkpoint_tensor(copy->from, i), &copy->offset[i], error))
			return FALSE;
	if (H5Fclose(hid_steal(&file)) < 0)
		return hdf5_fail(error, ERROR_IO, "cannot finish", path);
	return TRUE;
}

/* All at once: blocks that are there already are written with less ado than those that each write
 * has to ask for. */
static gboolean take_room(const WeightsCopy *copy, GError **error)
{
	struct stat status;
	const char *path = output_temporary(copy->output);
	int reason = fstat(output_fd(copy->output), &status) ? errno : 0;
	reason = reason ? reason : output_reserve(copy->output, (guint64)status.st_size);
	return reason == 0 || fail_system(error, path, "cannot make room for it", reason);
}

WeightsCopy *weights_begin(const char *folder, const Checkpoint *checkpoint, GError **error)
{
	g_autoptr(WeightsCopy) copy = g_new0(WeightsCopy, 1);
	XXH128_hash_t sum = XXH3_128bits(checkpoint->path, strlen(checkpoint->path));
	g_autofree char *hash = text_hash(sum.high64, sum.low64);
	g_autofree char *path = g_strdup_printf("%s/weights-%s.h5", folder, hash);
	copy->from = checkpoint;
	copy->folder = g_strdup(folder);
	copy->offset = g_new0(guint64, MAX(checkpoint_count(checkpoint), 1));
	copy->output = output_create(path, TRUE, error);
	if (!copy->output || !create_datasets(copy, error) || !take_room(copy, error))
		return NULL;
	return g_steal_pointer(&copy);
}

gboolean weights_copy(
	WeightsCopy *const *copies, guint count, guint threads, Job *job, GError **error)
{
	g_autofree WeightsStream *streams = g_new0(WeightsStream, MAX(count, 1));
	for (guint i = 0; i < count; i++) {
		const WeightsCopy *copy = copies[i];
		streams[i] = (WeightsStream){copy->from, copy->output, copy->offset, NULL};
	}
	if (!weights_stream(streams, count, threads, job, error))
		return FALSE;
	for (guint i = 0; i < count; i++) {
		g_free(copies[i]->hash);
		copies[i]->hash = streams[i].hash;
	}
	return TRUE;
}

gboolean weights_sync(WeightsCopy *copy, GError **error)
{
	return output_sync(copy->output, error);
}

char *weights_path(const WeightsCopy *copy)
{
	return g_strdup_printf("%s/weights-%s.h5", copy->folder, copy->hash);
}

Checkpoint *checkpoint_without_files(const Checkpoint *checkpoint)
{
	Checkpoint *copy = checkpoint_new(checkpoint->path, checkpoint->format);
	GHashTableIter iter;
	gpointer key, value;
	copy->directory = g_strdup(checkpoint->directory);
	g_hash_table_iter_init(&iter, checkpoint->metadata);
	while (g_hash_table_iter_next(&iter, &key, &value))
		g_hash_table_insert(copy->metadata, g_strdup(key), g_strdup(value));
	g_hash_table_iter_init(&iter, checkpoint->about);
	while (g_hash_table_iter_next(&iter, &key, &value))
		checkpoint_tell(copy, key, value);
	for (guint i = 0; i < checkpoint->skipped->len; i++) {
		const Skipped *skipped = checkpoint->skipped->pdata[i];
		checkpoint_skip(copy, skipped->name, skipped->reason);
	}
	for (guint i = 0; i < checkpoint->shards->len; i++)
		checkpoint_add_shard(copy, checkpoint->shards->pdata[i]);
	for (guint i = 0; i < checkpoint_count(checkpoint); i++)
		checkpoint_add_tensor(copy, tensor_copy(checkpoint_tensor(checkpoint, i)));
	cache_unref(copy->cache);
	copy->cache = cache_ref(checkpoint->cache);
	for (guint i = 0; i < checkpoint->tied->len; i++) {
		const char *name = checkpoint->tied->pdata[i];
		checkpoint_add_alias(copy, name, g_hash_table_lookup(checkpoint->aliases, name));
	}
	return copy;
}

/* The copy has what the blocks were decoded to, which is no less rounded. */
static void forget_blocks(Checkpoint *checkpoint, Tensor *tensor)
{
	if (tensor->stored_type && !g_hash_table_contains(checkpoint->about, WEIGHTS_QUANTISED))
		checkpoint_tell(checkpoint, WEIGHTS_QUANTISED, tensor->stored_type);
	tensor->stored_type = NULL;
	tensor->stored_bytes = 0;
}

static Checkpoint *checkpoint_in_copy(const WeightsCopy *copy, const char *path, GError **error)
{
	g_autoptr(File) file = file_open(path, error);
	if (!file)
		return NULL;
	g_autoptr(Checkpoint) checkpoint = checkpoint_without_files(copy->from);
	checkpoint_add_file(checkpoint, path, g_steal_pointer(&file));
	for (guint i = 0; i < checkpoint_count(checkpoint); i++) {
		Tensor *tensor = &g_array_index(checkpoint->tensors, Tensor, i);
		tensor->file = 0;
		tensor->offset = copy->offset[i];
		g_clear_pointer(&tensor->source, source_unref);
		forget_blocks(checkpoint, tensor);
	}
	return checkpoint_seal(checkpoint, error) ? g_steal_pointer(&checkpoint) : NULL;
}

Checkpoint *weights_finish(WeightsCopy *copy, char **hash, GError **error)
{
	g_autofree char *path = weights_path(copy);
	output_set_path(copy->output, path);
	if (!output_rename(copy->output, error))
		return NULL;
	Checkpoint *checkpoint = checkpoint_in_copy(copy, path, error);
	if (checkpoint)
		*hash = g_strdup(copy->hash);
	return checkpoint;
}

void weights_free(WeightsCopy *copy)
{
	if (!copy)
		return;
	output_free(copy->output);
	g_free(copy->folder);
	g_free(copy->offset);
	g_free(copy->hash);
	g_free(copy);
}
